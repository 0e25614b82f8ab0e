"""The start page: what needs attention, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.client import GrantFilter
from consent.client.people import Delegated
from consent.model import GrantState, LogLine
from wallet import words
from wallet.acting import Acting
from wallet.ballots import Ballots
from wallet.delegation_lines import Names
from wallet.delegation_words import KINDS, Shown, shown
from wallet.log_entries import grant_number, joined, log_entry
from wallet.renewal import renewed_until
from wallet.visit import Desk, Visit

ENDING = 10  # reminders; who has more finds them among the consents
RECENT = 5  # lines: what fits on one screen under the rest


class Home:
    """`/`"""

    def __init__(self, desk: Desk, ballots: Ballots) -> None:
        self._desk = desk
        self._ballots = ballots

    def routes(self) -> list[BaseRoute]:
        return [Route("/", self._home)]

    async def _home(self, request: Request) -> Response:
        if self._desk.login.current(request) is None:
            return self._desk.pages.render(request, "wallet/welcome.html", active="home")
        visit = await self._desk.visit(request)
        if visit.acting is not None:
            return self._for_somebody(request, visit.acting)
        if not visit.place.consent:
            return self._desk.pages.render(
                request,
                "wallet/home.html",
                active="home",
                place=visit.place,
                consent=False,
                people=[
                    one
                    for one in self._shown(request, [one for _host, one in await visit.mandates()])
                    if one.flows or one.proposed
                ],
            )
        listed, prepared = await visit.people.listed(), await visit.people.drafts()
        names = Names(visit.place.webid, listed.names())
        waiting, totals = await visit.owner.requests(), await visit.owner.totals()
        ending = await visit.owner.grants_page(GrantFilter(ending=True), limit=ENDING)
        lines = _by_others(await visit.owner.log(limit=50), visit)
        ballots = await self._ballots.open(visit)
        known = await visit.owner.grants_by_number(map(grant_number, lines))
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        there = [one for _host, one in await visit.mandates()] if visit.desk is not None else listed.people
        people = self._shown(request, there)
        return self._desk.pages.render(
            request,
            "wallet/home.html",
            active="home",
            place=visit.place,
            consent=True,
            waiting=[(item, words.in_language(item.purpose.title, _)) for item in waiting],
            ending=[
                (grant, words.in_language(grant.purpose.title, _), renewed_until(grant, visit.now))
                for grant in sorted(ending.grants, key=lambda grant: grant.expires_at)
            ],
            more_ending=ending.further is not None,
            prepared=len(prepared),
            offered=[one for one in people if one.proposed],
            people=[one for one in people if one.flows],
            review=len(listed.review),
            in_force=totals.states.get(GrantState.GIVEN, 0),
            ballots=ballots,
            recent=joined(log_entry(line, visit.place, known, _, formats, names) for line in lines)[:RECENT],
        )

    def _shown(self, request: Request, people: Sequence[Delegated]) -> list[Shown]:
        """Return those for whom the person may act, in words."""
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        return [shown(one, one.person, one.person_name, _, formats) for one in people]

    def _for_somebody(self, request: Request, acting: Acting) -> Response:
        """The start page while one acts for another: what may be done, and nothing of one's own."""
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request, "wallet/acting.html", active="home", about=_(KINDS[acting.kind][1]), person=acting.person
        )


def _by_others(lines: Sequence[LogLine], visit: Visit) -> list[LogLine]:
    """Return what others did with the data; who may act for whom is told on the page of that."""
    return [
        line
        for line in lines
        if line.agent != visit.place.webid and not line.action.startswith("delegation ")
    ]
