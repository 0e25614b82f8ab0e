"""Who read what: the access log in words, refused attempts too, each line with its consent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.model import LogLine, OwnGrant
from wallet.log_entries import log_entry
from wallet.visit import Desk

PAGE = 30


class Log:
    """`/log`, older lines by `?before=`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [Route("/log", self._log)]

    async def _log(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        before = request.query_params.get("before", "")
        lines: list[LogLine] = []
        grants: dict[str, OwnGrant] = {}
        if visit.place.consent:
            after = int(before) if before.isdecimal() else None
            lines = await visit.owner.log(after=after, limit=PAGE)
            grants = {grant.id: grant for grant in await visit.owner.grants()}
        return self._desk.pages.render(
            request,
            "wallet/log.html",
            active="log",
            consent=visit.place.consent,
            lines=[log_entry(line, visit.place, grants, _, formats) for line in lines],
            older=lines[-1].seq if len(lines) == PAGE else None,
        )
