"""Who may act for the person, and for whom the person may act: naming, accepting, declining, ending, help at a desk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.people import Delegated, Listed, Power
from pods.client import SolidError
from vocab.pages import Notice, Translator, msg
from wallet import delegation_words, words
from wallet.delegation_words import POWERS
from wallet.views.acting import DONE as SWITCHED
from wallet.views.acting import ActingPages
from wallet.visit import Desk, Visit

DAY = 86_400.0
PERIODS: tuple[tuple[str, int | None, str], ...] = (
    ("90", 90, msg("three months")),
    ("365", 365, msg("one year")),
    ("open", None, msg("until one of us ends it")),
)
FIRST_PERIOD = "365"
MINUTES = (
    15,
    30,
    60,
)  # of an assisted session: what a visit at a desk takes, and the longest that the host allows
USUAL_MINUTES = 30
DONE: Mapping[str, Notice] = {
    "named": Notice("success", msg("They can act for you once they accept. You can end it at any moment.")),
    "accepted": Notice("success", msg("You may act for this person now. Everything you do is in both logs.")),
    "declined": Notice("success", msg("You declined. Nobody asks you why.")),
    "ended": Notice("success", msg("It has ended. From this moment nothing can be done under it any more.")),
    "not-now": Notice("warning", msg("You cannot act for this person now.")),
    **SWITCHED,
}
_POD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,62}")


@dataclass(frozen=True, slots=True)
class Naming:
    """What somebody filled in to name a trusted person, and what is wrong with it."""

    delegate: str = ""
    powers: frozenset[str] = frozenset({Power.SEE})
    period: str = FIRST_PERIOD
    error: str = ""
    powers_error: str = ""


class People:
    """`/people`, and what is posted below it."""

    def __init__(self, desk: Desk, switching: ActingPages) -> None:
        self._desk = desk
        self._switching = switching

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/people", self._list, methods=["GET"]),
            Route("/people/name", self._name, methods=["POST"]),
            Route("/people/code", self._code, methods=["POST"]),
            Route("/people/session", self._session, methods=["POST"]),
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
        _ = self._desk.pages.translator(request)
        powers = frozenset(str(power) for power in form.getlist("power")) & frozenset(POWERS)
        asked = Naming(str(form.get("delegate", "")).strip(), powers, str(form.get("period", FIRST_PERIOD)))
        if not powers:
            said = _("Tick at least one thing that they may do.")
            return await self._page(request, visit, naming=replace(asked, powers_error=said))
        webid = await _found(visit, asked.delegate)
        if webid is None:
            said = _(
                "There is no pod of this name here. Ask them for the address of their identity on the web."
            )
            return await self._page(request, visit, naming=replace(asked, error=said))
        days = next((days for key, days, _label in PERIODS if key == asked.period), None)
        try:
            await visit.people.name_caregiver(
                webid, [Power(power) for power in powers], visit.now + days * DAY if days else None
            )
        except SolidError as error:
            if error.status not in _WRONG:
                raise
            return await self._page(request, visit, naming=replace(asked, error=_(_WRONG[error.status])))
        return RedirectResponse("/people?done=named", 303)

    async def _code(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        chosen = str(form.get("minutes", ""))
        minutes = next((one for one in MINUTES if str(one) == chosen), USUAL_MINUTES)
        return await self._page(
            request, visit, code=await visit.people.open_code(minutes), code_minutes=minutes
        )

    async def _session(self, request: Request) -> Response:
        """Begin an assisted session as a custodian, and act in it at once."""
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        who, code = str(form.get("person", "")).strip(), re.sub(r"\s", "", str(form.get("code", "")))
        webid = await _found(visit, who)
        try:
            begun = await visit.people.begin(webid or who, code)
        except SolidError as error:
            if error.status != httpx.codes.FORBIDDEN:
                raise
            _ = self._desk.pages.translator(request)
            said = _(
                "This code begins nothing for this person. Check the name, or ask for a new code: five wrong "
                "ones close it."
            )
            return await self._page(request, visit, desk_error=said, desk_person=who)
        return await self._switching.switch(request, visit, begun.id)

    async def _accept(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        delegation: str = request.path_params["id"]
        await (await visit.about(delegation)).accept(delegation)
        return RedirectResponse("/people?done=accepted", 303)

    async def _end(self, request: Request) -> Response:
        """End, give up or decline: the same step, at once and without a reason."""
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        delegation: str = request.path_params["id"]
        await (await visit.about(delegation)).end(delegation)
        done = "declined" if form.get("declined") else "ended"
        return RedirectResponse(f"/people?done={done}", 303)

    async def _page(
        self,
        request: Request,
        visit: Visit,
        *,
        notices: list[Notice] | None = None,
        naming: Naming | None = None,
        code: str = "",
        code_minutes: int = 0,
        desk_error: str = "",
        desk_person: str = "",
    ) -> Response:
        listed = await visit.people.listed() if visit.place.consent else Listed((), (), (), False)
        if visit.desk is not None:
            listed = replace(listed, people=tuple(one for _host, one in await visit.mandates()))
        _ = self._desk.pages.translator(request)
        wrong = naming is not None or bool(desk_error)
        return self._desk.pages.render(
            request,
            "wallet/people.html",
            status=422 if wrong else 200,
            active="people",
            consent=visit.place.consent,
            delegates=self._shown(request, listed.delegates, mine=True),
            people=self._shown(request, listed.people, mine=False),
            guarded=any(one.exclusive and one.flows for one in listed.delegates),
            review=await _review(visit, listed, _),
            custodian=listed.custodian,
            powers=[(str(power), _(label)) for power, label in POWERS.items()],
            periods=[(key, _(label)) for key, _days, label in PERIODS],
            naming=naming or Naming(),
            code=f"{code[:3]} {code[3:]}",
            code_minutes=code_minutes,
            minutes=MINUTES,
            usual_minutes=USUAL_MINUTES,
            desk_error=desk_error,
            desk_person=desk_person,
            notices=notices or [],
        )

    def _shown(
        self, request: Request, ones: tuple[Delegated, ...], *, mine: bool
    ) -> list[delegation_words.Shown]:
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        sides = (
            (one, one.delegate, one.delegate_name) if mine else (one, one.person, one.person_name)
            for one in ones
        )
        return [delegation_words.shown(*side, _, formats) for side in sides]


_WRONG: Mapping[int, str] = {
    409: msg("They are named already, or have not accepted yet: end that first."),
    422: msg("This is no identity on the web of somebody else."),
}
"""What the host's refusals to name somebody mean."""


async def _found(visit: Visit, who: str) -> str | None:
    """Return the WebID that somebody typed, or that of the pod of this name here; None if there is no such pod."""
    if "://" in who or not _POD.fullmatch(who):
        return who
    card = f"{visit.place.host}/{who}/profile/card"
    answer = await visit.solid.request("HEAD", card)
    return None if answer.status_code == httpx.codes.NOT_FOUND else f"{card}#me"


async def _review(visit: Visit, listed: Listed, _: Translator) -> list[tuple[str, str]]:
    """Return the consents to look at again, as (number, title)."""
    if not listed.review:
        return []
    known = await visit.owner.grants_by_number(listed.review)
    return [
        (number, words.in_language(known[number].purpose.title, _) if number in known else number)
        for number in listed.review
    ]
