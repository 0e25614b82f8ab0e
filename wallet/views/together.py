"""Several requests of one organisation on one page: a switch for each, none of them on before the person moves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.model import ConsentRequest, Controller, handling
from vocab.pages import Translator
from wallet import words
from wallet.visit import Desk, Visit

DAY = 86_400.0
PERIOD_DAYS = 180  # the same as a single request offers first


class Together:
    """`/requests/together?controller=IRI`, shown and answered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/requests/together", self._show, methods=["GET"]),
            Route("/requests/together", self._answer, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        asked = await _of(visit, request.query_params.get("controller", ""))
        if not asked:
            return RedirectResponse("/requests", 303)
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request,
            "wallet/together.html",
            active="requests",
            controller=asked[0].controller,
            asked=[_shown(one, visit.now, _) for one in asked],
        )

    async def _answer(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        wanted = frozenset(str(value) for value in form.getlist("purpose"))
        # Only what is on the page can be consented to, and what is not switched on keeps waiting: it is no refusal.
        chosen = [
            one for one in await _of(visit, str(form.get("controller", ""))) if one.purpose.iri in wanted
        ]
        prepared = False
        for one in chosen:
            given = await visit.owner.answer(one.purpose.iri, one.purpose.items, _end(one, visit.now))
            prepared = prepared or given is None
        done = "prepared" if prepared else "together"
        return RedirectResponse(f"/requests?done={done}" if chosen else "/requests", 303)


def several(waiting: Sequence[ConsentRequest]) -> list[tuple[Controller, int]]:
    """Return the organisations with more than one request, and how many."""
    known = {one.controller.iri: one.controller for one in waiting}
    counts = Counter(one.controller.iri for one in waiting)
    return [(known[iri], count) for iri, count in counts.items() if count > 1]


async def _of(visit: Visit, controller: str) -> list[ConsentRequest]:
    return [one for one in await visit.owner.requests() if one.controller.iri == controller]


def _end(one: ConsentRequest, now: float) -> float:
    return min(one.purpose.valid_until, now + PERIOD_DAYS * DAY)


def _shown(one: ConsentRequest, now: float, _: Translator) -> dict[str, object]:
    purpose = one.purpose
    return {
        "purpose": purpose,
        "title": words.in_language(purpose.title, _),
        "text": words.in_language(purpose.text, _),
        "refusal": words.in_language(purpose.consequence_of_refusal, _),
        "items": [words.item_words(item, _) for item in purpose.items],
        "basis": words.legal_basis(purpose.legal_basis, _),
        "handling": handling(purpose.legal_basis).value,
        "end": _end(one, now),
    }
