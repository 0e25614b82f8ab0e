"""Who read what: the access log in words, refused attempts too, each line with its consent."""

from __future__ import annotations

import hashlib
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.model import LogLine, OwnGrant
from pods.relying_party.places import session_cookie
from wallet.delegation_lines import Names, names_of
from wallet.log_entries import log_entry
from wallet.visit import Desk

PAGE = 30
SEEN_SECONDS = 400 * 86_400  # as long as browsers keep a cookie


class Log:
    """`/log`, older lines by `?before=`; `/log/verify` checks that none was changed or dropped."""

    def __init__(self, desk: Desk, *, origin: str) -> None:
        self._desk = desk
        self._origin = origin

    def routes(self) -> list[BaseRoute]:
        return [Route("/log", self._log), Route("/log/verify", self._verify)]

    async def _verify(self, request: Request) -> Response:
        """Check the whole log here, not on the pod's host, and against what this browser saw of it before."""
        visit = await self._desk.visit(request)
        if not visit.place.consent:
            return RedirectResponse("/log", 303)
        cookie = self._cookie(visit.place.webid)
        before = unquote(request.cookies.get(cookie, ""))
        found = await visit.owner.verify_log(before)
        answer = self._desk.pages.render(
            request, "wallet/log_check.html", active="log", found=found, before=bool(before)
        )
        if found.seen:
            # In the browser, not in the pod: the host that is checked must not be the one that remembers.
            answer.set_cookie(
                *(cookie, quote(found.seen)),
                max_age=SEEN_SECONDS,
                path="/",
                secure=self._origin.startswith("https:"),
                httponly=True,
                samesite="lax",
            )
        return answer

    def _cookie(self, webid: str) -> str:
        """Return the name of the cookie that holds the last check of a person's log."""
        return session_cookie("log_" + hashlib.sha256(webid.encode()).hexdigest()[:16], self._origin)

    async def _log(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        before = request.query_params.get("before", "")
        lines: list[LogLine] = []
        grants: dict[str, OwnGrant] = {}
        names: Names | None = None
        if visit.place.consent:
            after = int(before) if before.isdecimal() else None
            lines = await visit.owner.log(after=after, limit=PAGE)
            grants = {grant.id: grant for grant in await visit.owner.grants()}
            names = await names_of(visit)
        return self._desk.pages.render(
            request,
            "wallet/log.html",
            active="log",
            consent=visit.place.consent,
            lines=[log_entry(line, visit.place, grants, _, formats, names) for line in lines],
            older=lines[-1].seq if len(lines) == PAGE else None,
        )
