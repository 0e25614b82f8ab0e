"""The start page: what needs attention, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.model import GrantState, LogLine, OwnGrant
from wallet import words
from wallet.acting import Acting
from wallet.ballots import Ballots
from wallet.delegation_lines import Names
from wallet.delegation_words import KINDS, shown
from wallet.log_entries import joined, log_entry
from wallet.renewal import ends_soon, renewed_until
from wallet.visit import Desk, Visit

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
                request, "wallet/home.html", active="home", place=visit.place, consent=False
            )
        listed, prepared = await visit.people.listed(), await visit.people.drafts()
        names = Names(visit.place.webid, listed.names())
        waiting, grants = await visit.owner.requests(), await visit.owner.grants()
        lines = await visit.owner.log(limit=50)
        ballots = await self._ballots.open(visit)
        known: dict[str, OwnGrant] = {grant.id: grant for grant in grants}
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        people = [shown(one, one.person, one.person_name, _, formats) for one in listed.people]
        return self._desk.pages.render(
            request,
            "wallet/home.html",
            active="home",
            place=visit.place,
            consent=True,
            waiting=[(item, words.in_language(item.purpose.title, _)) for item in waiting],
            ending=[
                (grant, words.in_language(grant.purpose.title, _), renewed_until(grant, visit.now))
                for grant in _ending(grants, visit)
            ],
            prepared=len(prepared),
            offered=[one for one in people if one.proposed],
            people=[one for one in people if one.flows],
            review=len(listed.review),
            in_force=sum(1 for grant in grants if grant.state is GrantState.GIVEN),
            ballots=ballots,
            recent=joined(
                log_entry(line, visit.place, known, _, formats, names) for line in _by_others(lines, visit)
            )[:RECENT],
        )

    def _for_somebody(self, request: Request, acting: Acting) -> Response:
        """The start page while one acts for another: what may be done, and nothing of one's own."""
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request, "wallet/acting.html", active="home", about=_(KINDS[acting.kind][1]), person=acting.person
        )


def _ending(grants: Sequence[OwnGrant], visit: Visit) -> list[OwnGrant]:
    return [grant for grant in grants if ends_soon(grant, visit.now)]


def _by_others(lines: Sequence[LogLine], visit: Visit) -> list[LogLine]:
    """Return what others did with the data; who may act for whom is told on the page of that."""
    return [
        line
        for line in lines
        if line.agent != visit.place.webid and not line.action.startswith("delegation ")
    ]
