"""Switching to act for somebody and back, and what a page says that is not open meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vocab.pages import Notice, msg
from wallet.acting import KEPT, ActingOver, OnlyForOneself, of_delegation, own
from wallet.visit import Desk, Visit

Handler = Callable[[Request, Exception], Awaitable[Response]]

DONE: Mapping[str, Notice] = {
    "back": Notice("success", msg("You act for yourself again.")),
    "over": Notice(
        "warning",
        msg(
            "The time in which you acted for somebody is over, or one of you two ended it. You act for yourself "
            "again; what you sent last was not carried out."
        ),
    ),
}


class ActingPages:
    """`/people/{id}/act` and `/acting/end`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/people/{id}/act", self._begin, methods=["POST"]),
            Route("/acting/end", self._end, methods=["POST"]),
        ]

    def handlers(self) -> Mapping[Any, Handler]:
        """Return what turns the two refusals of a visit into answers."""
        return {ActingOver: self._over, OnlyForOneself: self._only_for_oneself}

    async def _begin(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        return await self.switch(request, await self._desk.visit(request), request.path_params["id"])

    async def switch(self, request: Request, visit: Visit, delegation: str) -> Response:
        """Let the session act under a delegation, if powers flow from it."""
        known_people = [one for _host, one in await visit.mandates()]
        found = next((one for one in known_people if one.id == delegation and one.flows), None)
        if found is None:
            return RedirectResponse("/people?done=not-now", 303)
        known = own(visit.person.known) or visit.place.plain()
        answer = RedirectResponse("/", 303)
        self._desk.login.renew(request, answer, {**known, KEPT: of_delegation(found).plain()})
        return answer

    async def _end(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        return self._back(request, "back")

    async def _over(self, request: Request, _error: Exception) -> Response:
        return self._back(request, "over")

    def _back(self, request: Request, done: str) -> Response:
        answer = RedirectResponse(f"/people?done={done}", 303)
        self._desk.login.renew(request, answer, own(self._desk.login.required(request).known))
        return answer

    async def _only_for_oneself(self, request: Request, _error: Exception) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            403,
            _("This page is not open while you act for somebody else"),
            _(
                "It belongs to you alone, or needs a power that you were not given. To open your own page, first "
                "return to acting for yourself, with the button at the top."
            ),
        )
