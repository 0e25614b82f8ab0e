"""Preferences: the language, this session, and where the account itself is looked after."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vocab.pages.catalogues import LANGUAGES
from wallet.visit import Desk

NAMES = {"it": "Italiano", "en": "English"}


class Preferences:
    """`/preferences`."""

    def __init__(self, desk: Desk, *, idle_minutes: int, longest_hours: int) -> None:
        self._desk = desk
        self._idle_minutes = idle_minutes
        self._longest_hours = longest_hours

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/preferences", self._show, methods=["GET"]),
            Route("/preferences", self._save, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        return self._desk.pages.render(
            request,
            "wallet/preferences.html",
            active="preferences",
            place=visit.place,
            issuer=visit.person.session.issuer,
            since=visit.person.session.started_at,
            idle_minutes=self._idle_minutes,
            longest_hours=self._longest_hours,
            choices=[(code, NAMES[code]) for code in LANGUAGES],
        )

    async def _save(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        await self._desk.visit(request)
        chosen = str(form.get("language", ""))
        # The page itself sets the cookie for `?lang=`, and ignores a language that there is not.
        return RedirectResponse(f"/preferences?lang={chosen}" if chosen in LANGUAGES else "/preferences", 303)
