"""Routes of what is the person's own: the access log, how much they decided, and everything at once."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import decided_sql, log_sql, wire
from consent.delegation.acting import Acting
from consent.grant_filter import Totals, totals_json
from consent.http.callers import json_answer, own_pod
from consent.http.decisions import FOR
from consent.http.ground import Ground, Routes, routes_of
from consent.http.log import number
from consent.log_filter import LogFilter, log_filter
from consent.log_sql import Found
from consent.registry_sql import Purposes
from pods.archive.sending import ZIP, Sender
from pods.errors import BadRequest
from pods.http.openapi import BYTES, LIST, NUMBER, OBJECT, TEXT, described
from pods.storage.base import Transaction

MOST_LINES = 500  # of one page of the log
USUAL_LINES = 50
_NEWEST = -1  # no number of a line
_FILTER = dict.fromkeys(("agent", "purpose", "decision", "from", "until"), TEXT)


class OwnRoutes(Routes):
    """For the owner of a pod, through any client that they logged in with."""

    def __init__(self, ground: Ground, acting: Acting, sender: Sender) -> None:
        super().__init__(ground)
        self._acting = acting
        self._sender = sender
        self._purposes = Purposes(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        return routes_of(
            "/.consent",
            "own",
            (
                "GET",
                "/log",
                self.log,
                described(LIST, query={"limit": NUMBER, "after": NUMBER, FOR: TEXT, **_FILTER}, token=True),
            ),
            ("GET", "/totals", self.totals, described(OBJECT, query={FOR: TEXT}, token=True)),
            ("GET", "/export", self.export, described(BYTES, media_types=(ZIP,), token=True)),
        )

    async def log(self, request: Request) -> Response:
        """Who did what with the caller's data, or that of whom they act for: newest first.

        `after` is the last `seq` that was seen; `agent`, `purpose` (with a final `/` all its versions), `decision`
        and the times `from` and `until` narrow the list. A `Link` with `rel="next"` says that there may be more.
        Where a delegate looks, the log says so too.
        """
        agent, webid = await self._callers.known(request)
        limit = min(number(request, "limit", USUAL_LINES) or USUAL_LINES, MOST_LINES)
        after = number(request, "after", _NEWEST)
        before = None if after == _NEWEST else after
        whose, path = request.query_params.get(FOR), request.url.path
        wanted = _wanted(request)

        def listed(tx: Transaction, pod: int) -> Found:
            return log_sql.newest(tx, self._purposes, pod, before=before, limit=limit, wanted=wanted)

        def theirs(tx: Transaction) -> Found:
            return listed(tx, self._acting.seen(tx, agent, whose, path, self._clock()).key)

        if whose is not None:
            self._callers.require_consent_client(agent)
            found = await self._commits.submit(theirs)
        else:
            found = await self._store.read(lambda tx: listed(tx, own_pod(tx, webid).key))
        return json_answer([wire.log_line_json(line) for line in found.lines], headers=_next(request, found))

    async def totals(self, request: Request) -> Response:
        """How many decisions the caller has taken, or who they act for, by state and by organisation."""
        agent, webid = await self._callers.known(request)
        whose, path = request.query_params.get(FOR), request.url.path

        def theirs(tx: Transaction) -> Totals:
            at = self._clock()
            return decided_sql.totals(tx, self._acting.seen(tx, agent, whose, path, at).key, at)

        if whose is not None:  # what a delegate sees is noted in the log, and so it is a write
            found = await self._commits.submit(theirs)
        else:
            found = await self._store.read(
                lambda tx: decided_sql.totals(tx, own_pod(tx, webid).key, self._clock())
            )
        return json_answer(totals_json(found))

    async def export(self, request: Request) -> Response:
        """The whole pod as one zip: documents, access rules, consents, access log."""
        _, webid = await self._callers.known(request)
        return await self._sender.answer(lambda tx: own_pod(tx, webid))


def _wanted(request: Request) -> LogFilter:
    try:
        return log_filter(request.query_params)
    except ValueError as error:
        raise BadRequest(f"{error}.") from error


def _next(request: Request, found: Found) -> dict[str, str]:
    """Return the header that leads to the next lines (RFC 8288), if there may be any."""
    if found.after is None:
        return {}
    query = urlencode({**request.query_params, "after": str(found.after)})
    return {"link": f'<?{query}>; rel="next"'}
