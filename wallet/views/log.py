"""Who read what: the access log in words, refused attempts too, each line with its consent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.model import GrantState, LogLine
from wallet import words
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
        live: set[str] = set()
        if visit.place.consent:
            after = int(before) if before.isdecimal() else None
            lines = await visit.owner.log(after=after, limit=PAGE)
            live = {grant.id for grant in await visit.owner.grants() if grant.state is GrantState.GIVEN}
        shown = [
            {
                "line": line,
                "who": words.agent_words(line, visit.place.webid, _),
                "did": words.log_sentence(line, visit.place.path, _, formats),
                "why": words.in_language(line.purpose_title, _),
                "grant": (line.grant or "").rstrip("/").rpartition("/")[2].partition("#")[0],
                "live": (line.grant or "").rstrip("/").rpartition("/")[2].partition("#")[0] in live,
            }
            for line in lines
        ]
        return self._desk.pages.render(
            request,
            "wallet/log.html",
            active="log",
            consent=visit.place.consent,
            lines=shown,
            activity=visit.place.storage + "activity/",
            older=lines[-1].seq if len(lines) == PAGE else None,
        )
