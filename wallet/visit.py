"""One visit: the person who asks for a page, their pod, and what the wallet may do for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from rdflib import URIRef
from starlette.requests import Request

from consent.client import OwnerClient
from pods.client import SolidClient, SolidError
from pods.model import Clock
from pods.relying_party import LoggedIn, Login, Session, SessionTokens
from vocab.pages import Pages
from vocab.terms import LDP
from wallet.discovery import Place, discover

AT_ONCE = 8  # requests to one pod host at a time for one page; browsers allow themselves six

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Visit:
    """The person behind a request, with clients that act for them."""

    person: LoggedIn
    place: Place
    solid: SolidClient
    owner: OwnerClient
    now: float

    def inside(self, address: str) -> bool:
        """Say whether an address lies in the person's storage: nothing else is fetched with their token."""
        return address.startswith(self.place.storage) and "/../" not in address

    async def members(self, container: str) -> list[str]:
        """Return the addresses in a container in order; none where there is no container."""
        try:
            graph = await self.solid.get_graph(container)
        except SolidError as error:
            if error.status == httpx.codes.NOT_FOUND:
                return []
            raise
        return sorted(str(member) for member in graph.objects(URIRef(container), LDP.contains))

    async def each(self, things: Iterable[T], work: Callable[[T], Awaitable[R]]) -> list[tuple[T, R]]:
        """Do the same for each thing, several at once; the first error ends it."""
        gate, failed = asyncio.Semaphore(AT_ONCE), asyncio.Event()

        async def one(thing: T) -> tuple[T, R]:
            async with gate:
                if failed.is_set():
                    raise asyncio.CancelledError  # the page is lost already: spare the pod host the rest
                try:
                    return thing, await work(thing)
                except BaseException:
                    failed.set()
                    raise

        # All of them end before this does: a request left behind would outlive the visit, and its client.
        results = await asyncio.gather(*(one(thing) for thing in things), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
                raise result
        return [result for result in results if not isinstance(result, BaseException)]


class Desk:
    """What every page of the wallet works with."""

    def __init__(self, pages: Pages, login: Login, http: httpx.AsyncClient, *, clock: Clock) -> None:
        self.pages = pages
        self.login = login
        self.http = http
        self.clock = clock

    async def visit(self, request: Request) -> Visit:
        """Return the visit; raise LoginNeeded, or what discovery raises where the pod could not be read yet."""
        person = self.login.required(request)
        solid = SolidClient(self.http, person.tokens, clock=self.clock)
        if person.known:
            place = Place(**person.known)
        else:
            place = await discover(solid, person.session.webid)
            self.login.remember(request, place.plain())
        return Visit(person, place, solid, OwnerClient(solid, place.host), self.clock())

    async def enrich(self, session: Session, tokens: SessionTokens) -> dict[str, Any]:
        """Return what to remember of a person who just logged in; nothing if the pod does not answer now."""
        solid = SolidClient(self.http, tokens, clock=self.clock)
        try:
            return (await discover(solid, session.webid)).plain()
        except (SolidError, httpx.HTTPError):
            return {}
