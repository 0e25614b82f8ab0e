"""What every class of routes in consent stands on, and how its routes are told: a table, row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.routing import BaseRoute

from consent.http.callers import Callers
from pods.model import Clock
from pods.storage.base import Commits, Store

Row = tuple[str, str, Callable[..., Any], Mapping[str, Any]]
"""Method, path below the prefix, endpoint, and its description."""


@dataclass(frozen=True, slots=True)
class Ground:
    """The host that all routes are of, and who calls it."""

    callers: Callers
    origin: str
    store: Store
    commits: Commits
    clock: Clock


class Routes(ABC):
    """What classes of routes share; each adds what it is about."""

    def __init__(self, ground: Ground) -> None:
        self._callers = ground.callers
        self._origin = ground.origin
        self._store = ground.store
        self._commits = ground.commits
        self._clock = ground.clock

    @abstractmethod
    def routes(self) -> list[BaseRoute]:
        """Return the routes."""


def routes_of(prefix: str, tag: str, *rows: Row) -> list[BaseRoute]:
    """Return the routes of a table; `tag` is where the description of the API lists them."""
    router = APIRouter(prefix=prefix, tags=[tag])
    for method, path, endpoint, said in rows:
        router.add_api_route(path, endpoint, methods=[method], **said)
    return list(router.routes)
