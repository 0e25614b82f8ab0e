"""The ballot: the projects, one choice, one vote."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from wallet import words
from wallet.ballots import Ballot, Ballots, VoteRefused
from wallet.visit import Desk, Visit


class BallotPages:
    """`/ballots/{key}`."""

    def __init__(self, desk: Desk, ballots: Ballots) -> None:
        self._desk = desk
        self._ballots = ballots

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/ballots/{key}", self._show, methods=["GET"]),
            Route("/ballots/{key}", self._vote, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        if "done" in request.query_params:
            return self._desk.pages.render(request, "wallet/voted.html", active="data")
        ballot = await self._find(request, visit)
        return self._gone(request) if ballot is None else self._page(request, ballot)

    async def _vote(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        ballot = await self._find(request, visit)
        if ballot is None:
            return self._gone(request)
        _ = self._desk.pages.translator(request)
        choice = str(form.get("project", ""))
        if choice not in {one.id for one in ballot.choices}:
            return self._page(request, ballot, _("Choose one project, then send your vote."), 422)
        try:
            await self._ballots.cast(visit, ballot, choice)
        except VoteRefused as error:
            text = (
                _("This ballot has voted already, or the vote has closed. It is not offered to you again.")
                if error.spent
                else _("The cooperative did not take the vote just now. Try again in a moment.")
            )
            return self._page(request, ballot, text, 409 if error.spent else 502)
        return RedirectResponse(f"/ballots/{ballot.key}?done=1", 303)

    async def _find(self, request: Request, visit: Visit) -> Ballot | None:
        key = request.path_params["key"]
        return next((ballot for ballot in await self._ballots.open(visit) if ballot.key == key), None)

    def _page(self, request: Request, ballot: Ballot, error: str = "", status: int = 200) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request,
            "wallet/ballot.html",
            status=status,
            active="data",
            ballot=ballot,
            title=words.in_language(ballot.title, _),
            choices=[
                (one.id, words.in_language(one.title, _), words.in_language(one.text, _))
                for one in ballot.choices
            ],
            error=error,
        )

    def _gone(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This ballot is not open"),
            _("You have voted already, or the vote is over."),
            action=(_("My value shares"), "/data/value"),
        )
