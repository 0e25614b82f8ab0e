"""The start page: what needs attention, and what happened last."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.model import GrantState, LogLine, OwnGrant
from wallet import words
from wallet.ballots import Ballots
from wallet.log_entries import log_entry
from wallet.visit import Desk, Visit

DAY = 86_400.0
SOON = 30 * DAY
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
        if not visit.place.consent:
            return self._desk.pages.render(
                request, "wallet/home.html", active="home", place=visit.place, consent=False
            )
        waiting, grants = await visit.owner.requests(), await visit.owner.grants()
        lines = await visit.owner.log(limit=50)
        ballots = await self._ballots.open(visit)
        known: dict[str, OwnGrant] = {grant.id: grant for grant in grants}
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        return self._desk.pages.render(
            request,
            "wallet/home.html",
            active="home",
            place=visit.place,
            consent=True,
            waiting=[(item, words.in_language(item.purpose.title, _)) for item in waiting],
            ending=[(grant, words.in_language(grant.purpose.title, _)) for grant in _ending(grants, visit)],
            in_force=sum(1 for grant in grants if grant.state is GrantState.GIVEN),
            ballots=ballots,
            recent=[
                log_entry(line, visit.place, known, _, formats) for line in _by_others(lines, visit)[:RECENT]
            ],
        )


def _ending(grants: Sequence[OwnGrant], visit: Visit) -> list[OwnGrant]:
    return [g for g in grants if g.state is GrantState.GIVEN and g.expires_at < visit.now + SOON]


def _by_others(lines: Sequence[LogLine], visit: Visit) -> list[LogLine]:
    return [line for line in lines if line.agent != visit.place.webid]
