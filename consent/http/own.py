"""Routes of what is the person's own: the access log, and everything at once."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import log_sql, wire
from consent.http.callers import Callers, json_answer, own_pod
from consent.http.log import number
from consent.registry_sql import Purposes
from pods.archive.sending import ZIP, Sender
from pods.http.openapi import BYTES, LIST, NUMBER, described
from pods.storage.base import Store

MOST_LINES = 500  # of one page of the log
USUAL_LINES = 50
_NEWEST = -1  # no number of a line


class OwnRoutes:
    """For the owner of a pod, through any client that they logged in with."""

    def __init__(self, callers: Callers, sender: Sender, *, origin: str, store: Store) -> None:
        self._callers = callers
        self._sender = sender
        self._purposes = Purposes(origin)
        self._store = store

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(prefix="/.consent", tags=["own"])
        router.add_api_route(
            "/log",
            self.log,
            methods=["GET"],
            **described(LIST, query={"limit": NUMBER, "after": NUMBER}, token=True),
        )
        router.add_api_route(
            "/export", self.export, methods=["GET"], **described(BYTES, media_types=(ZIP,), token=True)
        )
        return list(router.routes)

    async def log(self, request: Request) -> Response:
        """Who did what with the caller's data: newest first; `after` is the last `seq` that was seen."""
        _, webid = await self._callers.known(request)
        limit = number(request, "limit", USUAL_LINES)
        after = number(request, "after", _NEWEST)
        lines = await self._store.read(
            lambda tx: log_sql.newest(
                tx,
                self._purposes,
                own_pod(tx, webid).key,
                before=None if after == _NEWEST else after,
                limit=min(limit or USUAL_LINES, MOST_LINES),
            )
        )
        return json_answer([wire.log_line_json(line) for line in lines])

    async def export(self, request: Request) -> Response:
        """The whole pod as one zip: documents, access rules, consents, access log."""
        _, webid = await self._callers.known(request)
        return await self._sender.answer(lambda tx: own_pod(tx, webid))
