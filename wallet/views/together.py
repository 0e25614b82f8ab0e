"""Several requests on one page, of one organisation or of one event's link: an answer for each, none given beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.model import ConsentRequest, Controller, Handling, handling
from pods.client import SolidError
from vocab.pages import Translator
from vocab.pages.language import reading_order
from wallet import words
from wallet.visit import Desk, Visit

DAY = 86_400.0
PERIOD_DAYS = 180  # the same as a single request offers first
MOST = 10  # requests on one page: more than this nobody reads


class Together:
    """`/requests/together?controller=IRI`, or `?purpose=IRI&purpose=IRI` as an event's code says, shown and answered."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/requests/together", self._show, methods=["GET"]),
            Route("/requests/together", self._answer, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        controller = request.query_params.get("controller", "")
        asked = await _of(visit, controller, request.query_params.getlist("purpose"))
        if not asked:
            return RedirectResponse("/requests", 303)
        _ = self._desk.pages.translator(request)
        names = {one.controller.iri: one.controller.name for one in asked}
        return self._desk.pages.render(
            request,
            "wallet/together.html",
            active="requests",
            one_name=next(iter(names.values())) if len(names) == 1 else "",
            asked=[_shown(one, visit.now, reading_order(request), _) for one in asked],
        )

    async def _answer(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        listed = [str(value) for value in form.getlist("purpose")]
        # Only what is on the page can be answered, and what has no answer keeps waiting: it is no refusal.
        given = refused = 0
        prepared = False
        for one in await _of(visit, "", listed):
            answer = form.get(f"answer-{listed.index(one.purpose.iri)}")
            if answer == "give":
                shown = words.notice_words(one.purpose, reading_order(request)).language
                granted = await visit.owner.answer(
                    one.purpose.iri, one.purpose.items, _end(one, visit.now), language=shown
                )
                prepared, given = prepared or granted is None, given + 1
            elif answer == "refuse":
                await visit.owner.refuse(one.purpose.iri)
                refused += 1
        if not given and not refused:
            return RedirectResponse("/requests", 303)
        return RedirectResponse(f"/requests?done={'prepared' if prepared else 'together'}", 303)


def several(waiting: Sequence[ConsentRequest]) -> list[tuple[Controller, int]]:
    """Return the organisations with more than one request, and how many."""
    known = {one.controller.iri: one.controller for one in waiting}
    counts = Counter(one.controller.iri for one in waiting)
    return [(known[iri], count) for iri, count in counts.items() if count > 1]


async def _of(visit: Visit, controller: str, purposes: Sequence[str]) -> list[ConsentRequest]:
    """Return the requests of an organisation, or those of a link in its order; what is not there is left out."""
    if not visit.place.consent:
        return []
    waiting = await visit.owner.requests()
    if not purposes:
        found = [one for one in waiting if one.controller.iri == controller]
    else:
        known: dict[str, ConsentRequest] = {one.purpose.iri: one for one in waiting}
        offers = [known.get(iri) or await _offered(visit, iri) for iri in dict.fromkeys(purposes[:MOST])]
        found = [one for one in offers if one is not None]
    return [one for one in found if handling(one.purpose.legal_basis) is not Handling.INFORMATION][:MOST]


async def _offered(visit: Visit, iri: str) -> ConsentRequest | None:
    if not iri.startswith(f"{visit.place.host}/.consent/purposes/"):
        return None  # an address from a link is asked for on the person's own host only
    try:
        return await visit.owner.offer(iri)
    except SolidError as error:
        if error.status != 404:
            raise
        return None


def _end(one: ConsentRequest, now: float) -> float:
    return min(one.purpose.valid_until, now + PERIOD_DAYS * DAY)


def _shown(one: ConsentRequest, now: float, reading: Sequence[str], _: Translator) -> dict[str, object]:
    purpose = one.purpose
    return {
        "purpose": purpose,
        "controller": one.controller,
        "notice": words.notice_words(purpose, reading),
        "items": [words.item_words(item, _) for item in purpose.items],
        "basis": words.legal_basis(purpose.legal_basis, _),
        "handling": handling(purpose.legal_basis).value,
        "end": _end(one, now),
    }
