"""Routes of what is the person's own: the access log, and everything at once."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import log_sql, wire
from consent.delegation.acting import Acting
from consent.http.callers import Callers, json_answer, own_pod
from consent.http.decisions import FOR
from consent.http.log import number
from consent.model import LogLine
from consent.registry_sql import Purposes
from pods.archive.sending import ZIP, Sender
from pods.http.openapi import BYTES, LIST, NUMBER, TEXT, described
from pods.model import Clock
from pods.storage.base import Commits, Store, Transaction

MOST_LINES = 500  # of one page of the log
USUAL_LINES = 50
_NEWEST = -1  # no number of a line


class OwnRoutes:
    """For the owner of a pod, through any client that they logged in with."""

    def __init__(
        self,
        callers: Callers,
        acting: Acting,
        sender: Sender,
        *,
        origin: str,
        store: Store,
        commits: Commits,
        clock: Clock,
    ) -> None:
        self._callers = callers
        self._acting = acting
        self._sender = sender
        self._purposes = Purposes(origin)
        self._store = store
        self._commits = commits
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(prefix="/.consent", tags=["own"])
        router.add_api_route(
            "/log",
            self.log,
            methods=["GET"],
            **described(LIST, query={"limit": NUMBER, "after": NUMBER, FOR: TEXT}, token=True),
        )
        router.add_api_route(
            "/export", self.export, methods=["GET"], **described(BYTES, media_types=(ZIP,), token=True)
        )
        return list(router.routes)

    async def log(self, request: Request) -> Response:
        """Who did what with the caller's data, or that of whom they act for: newest first.

        `after` is the last `seq` that was seen. Where a delegate looks, the log says so too.
        """
        agent, webid = await self._callers.known(request)
        limit = min(number(request, "limit", USUAL_LINES) or USUAL_LINES, MOST_LINES)
        after = number(request, "after", _NEWEST)
        before = None if after == _NEWEST else after
        whose, path = request.query_params.get(FOR), request.url.path

        def theirs(tx: Transaction) -> list[LogLine]:
            pod = self._acting.seen(tx, agent, whose, path, self._clock())
            return log_sql.newest(tx, self._purposes, pod.key, before=before, limit=limit)

        if whose is not None:
            self._callers.require_consent_client(agent)
            lines = await self._commits.submit(theirs)
        else:
            lines = await self._store.read(
                lambda tx: log_sql.newest(
                    tx, self._purposes, own_pod(tx, webid).key, before=before, limit=limit
                )
            )
        return json_answer([wire.log_line_json(line) for line in lines])

    async def export(self, request: Request) -> Response:
        """The whole pod as one zip: documents, access rules, consents, access log."""
        _, webid = await self._callers.known(request)
        return await self._sender.answer(lambda tx: own_pod(tx, webid))
