"""Who may act for the person, and for whom the person may act: naming, accepting, ending, and codes for help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pods.client import refusal
from vocab.pages import Notice, Translator, msg
from wallet.visit import Desk, Visit

PLACE = "/.consent/delegations"
KINDS: Mapping[str, str] = {
    "guardian": msg("guardian"),
    "representative": msg("legal representative"),
    "caregiver": msg("caregiver"),
    "custodian": msg("community custodian"),
    "heir": msg("heir"),
}
POWERS: Mapping[str, str] = {
    "see": msg("see requests and consents"),
    "give": msg("give consent"),
    "refuse": msg("refuse requests"),
    "withdraw": msg("withdraw consents"),
    "rights": msg("use my rights towards organisations"),
}
STATES: Mapping[str, str] = {
    "proposed": msg("not accepted yet"),
    "active": msg("may act"),
    "ended": msg("ended"),
}
DONE = {
    "named": Notice("success", msg("They can act for you once they accept. You can end it at any moment.")),
    "accepted": Notice("success", msg("You may act for this person now. Everything you do is in both logs.")),
    "ended": Notice("success", msg("It has ended. From this moment they can do nothing in this name.")),
}
MINUTES = 30  # of an assisted session: what a visit at a desk usually takes


class People:
    """`/people`, and what is posted below it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/people", self._list, methods=["GET"]),
            Route("/people/name", self._name, methods=["POST"]),
            Route("/people/code", self._code, methods=["POST"]),
            Route("/people/{id}/accept", self._accept, methods=["POST"]),
            Route("/people/{id}/end", self._end, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        done = DONE.get(request.query_params.get("done", ""))
        return await self._page(request, visit, notices=[done] if done else [])

    async def _name(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        powers = [str(power) for power in form.getlist("power")]
        _ = self._desk.pages.translator(request)
        if not powers:
            failed = Notice("danger", _("Tick at least one thing that they may do."))
            return await self._page(request, visit, notices=[failed])
        await _send(visit, "POST", "", {"delegate": str(form.get("delegate", "")).strip(), "powers": powers})
        return RedirectResponse("/people?done=named", 303)

    async def _code(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        opened = await _send(visit, "POST", "/codes", {"minutes": MINUTES})
        return await self._page(request, visit, code=opened["code"])

    async def _accept(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        await _send(visit, "POST", f"/{request.path_params['id']}/acceptance", {})
        return RedirectResponse("/people?done=accepted", 303)

    async def _end(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        await _send(visit, "DELETE", f"/{request.path_params['id']}")
        return RedirectResponse("/people?done=ended", 303)

    async def _page(
        self, request: Request, visit: Visit, *, notices: list[Notice] | None = None, code: str = ""
    ) -> Response:
        listed = await _send(visit, "GET", "") if visit.place.consent else {}
        _ = self._desk.pages.translator(request)
        return self._desk.pages.render(
            request,
            "wallet/people.html",
            active="people",
            consent=visit.place.consent,
            delegates=[_shown(one, _) for one in listed.get("delegates", [])],
            people=[_shown(one, _) for one in listed.get("people", [])],
            review=listed.get("review", []),
            powers=[(name, _(label)) for name, label in POWERS.items()],
            code=code,
            minutes=MINUTES,
            notices=notices or [],
        )


def _shown(one: Mapping[str, Any], _: Translator) -> dict[str, Any]:
    kind, state = KINDS[one["kind"]], STATES[one["state"]]
    return {
        **one,
        "kind_words": _(kind),
        "state_words": _(state),
        "may": ", ".join(_(POWERS[power]) for power in POWERS if power in one["powers"]),
    }


async def _send(visit: Visit, method: str, place: str, body: Any = None) -> Any:
    """Send something to the person's pod host; raise SolidError with its explanation if it is refused."""
    answer = await visit.solid.request(
        method,
        visit.place.host.rstrip("/") + PLACE + place,
        headers={"content-type": "application/json", "accept": "application/json"},
        content=None if body is None else orjson.dumps(body),
    )
    if answer.is_error:
        raise refusal(answer)
    return orjson.loads(answer.content) if answer.content else None
