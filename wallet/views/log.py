"""Who read what: the access log in words, by organisation, purpose, outcome and days, to read and to take away."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from consent.client import LogFilter, LogPage, OwnerClient, Totals
from consent.model import LogLine, OwnGrant
from pods.relying_party.places import session_cookie
from wallet.delegation_lines import names_of
from wallet.grant_choice import organisations
from wallet.log_choice import log_choice, purposes
from wallet.log_entries import LogEntry, grant_number, joined, log_entry
from wallet.log_export import WordsOf, lines, table
from wallet.visit import Desk, Visit

PAGE = 30
LATEST = 50  # decisions whose purposes the form offers: a list of thousands is no choice
EXPORTED = 500  # lines of one request while a file is written: as many as the host gives
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
SEEN_SECONDS = 400 * 86_400  # as long as browsers keep a cookie


class Log:
    """`/log`, narrowed and older lines by its query; as a file; `/log/verify` checks that none is missing or changed."""

    def __init__(self, desk: Desk, *, origin: str) -> None:
        self._desk = desk
        self._origin = origin

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/log", self._log),
            Route("/log/export.{kind:str}", self._export),
            Route("/log/verify", self._verify),
        ]

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
        _ = self._desk.pages.translator(request)
        choice = log_choice(request.query_params)
        before = request.query_params.get("before", "")
        after = int(before) if before.isascii() and before.isdecimal() and len(before) <= 18 else None
        page = LogPage([], None)
        entries: list[LogEntry] = []
        totals, latest = Totals({}, []), list[OwnGrant]()
        if visit.place.consent:
            page = await visit.owner.log_page(choice.filter(), after=after, limit=PAGE)
            words_of = await self._words_of(request, visit)
            entries = joined(await words_of(page.lines))
            totals = await visit.owner.totals()
            latest = (await visit.owner.grants_page(limit=LATEST)).grants
        who = next(
            (one.name for one in entries if one.line.agent == choice.who), _("the chosen organisation")
        )
        why = next((one.why for one in entries if one.why), _("the chosen purpose"))
        return self._desk.pages.render(
            request,
            "wallet/log.html",
            active="log",
            consent=visit.place.consent,
            lines=entries,
            me=visit.person.session.webid,
            choice=choice,
            organisations=organisations(totals, choice.who, who),
            purposes=purposes(latest, choice, why, _),
            first_page=after is None,
            older=choice.query(before=str(page.after)) if page.after is not None else "",
        )

    async def _export(self, request: Request) -> Response:
        """The lines that the page would show, all of them, as CSV or JSON."""
        visit = await self._desk.visit(request)
        kind = request.path_params["kind"]
        if not visit.place.consent or kind not in TYPES:
            return RedirectResponse("/log", 303)
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        wanted = log_choice(request.query_params).filter()
        # What can go wrong is asked for before the answer begins: a file that breaks off says nothing.
        first = await visit.owner.log_page(wanted, limit=EXPORTED)
        pages = _pages(visit.owner, wanted, first)
        words_of = await self._words_of(request, visit)
        content = table(pages, words_of, formats.moment, _) if kind == "csv" else lines(pages)
        headers = {
            "Content-Disposition": f'attachment; filename="log.{kind}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return StreamingResponse(content, media_type=TYPES[kind], headers=headers)

    async def _words_of(self, request: Request, visit: Visit) -> WordsOf:
        """Return what puts the lines of a page into the reader's words."""
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        names = await names_of(visit)

        async def words_of(lines: Sequence[LogLine]) -> list[LogEntry]:
            known = await visit.owner.grants_by_number(map(grant_number, lines))
            return [log_entry(line, visit.place, known, _, formats, names) for line in lines]

        return words_of


async def _pages(owner: OwnerClient, wanted: LogFilter, first: LogPage) -> AsyncIterator[LogPage]:
    page = first
    yield page
    while page.after is not None:
        page = await owner.log_page(wanted, after=page.after, limit=EXPORTED)
        yield page
