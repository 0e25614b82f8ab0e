"""Consent requests: the list, one request in plain words, and the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.people import Power
from consent.model import DataItem, PurposeDeclaration, handling
from vocab.pages import Notice, msg
from vocab.pages.language import reading_order
from wallet import words
from wallet.asked import Asked, find, open_until, request_behind, rests
from wallet.differences import sentences
from wallet.views.together import Together, several
from wallet.visit import Desk, Visit

DAY = 86_400.0
PERIODS: tuple[tuple[str, int, str], ...] = (
    ("90", 90, msg("three months")),
    ("180", 180, msg("six months")),
    ("365", 365, msg("one year")),
)
DEFAULT_PERIOD = "180"
TO_THE_END = "end"
DONE = {
    "refused": Notice(
        "success",
        msg("You said no. Nothing changes for you, and for half a year you will not be asked again."),
    ),
    "prepared": Notice(
        "success",
        msg(
            "The answer is prepared. It is no consent: it becomes one if the person confirms it in their own wallet, or if"
            " whoever else said no says yes too."
        ),
    ),
    "later": Notice("info", msg("You put it off. In two weeks the question comes back, once.")),
    "together": Notice(
        "success",
        msg(
            "Your answers were sent. What you left open waits as before; each consent can be withdrawn at any moment."
        ),
    ),
}


class Requests:
    """`/requests`, `/requests/one`, `/requests/link`, and the posted answers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/requests", self._list, methods=["GET"]),
            Route("/requests/one", self._one, methods=["GET"]),
            Route("/requests/link", self._link, methods=["GET"]),
            Route("/requests/answer", self._answer, methods=["POST"]),
            *Together(self._desk).routes(),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        waiting = await visit.owner.requests() if visit.place.consent else []
        done = request.query_params.get("done", "")
        return self._desk.pages.render(
            request,
            "wallet/requests.html",
            active="requests",
            consent=visit.place.consent,
            waiting=[(item, words.in_language(item.purpose.title, _)) for item in waiting],
            together=several(waiting),
            prepared=len(await visit.people.drafts()) if visit.place.consent and not visit.acting else 0,
            open_until=open_until,
            rests=await rests(visit, _) if visit.place.consent and visit.may(Power.SEE) else [],
            notices=[DONE[done]] if done in DONE else [],
        )

    async def _link(self, request: Request) -> Response:
        """Lead from an address that somebody copied from a poster or a letter to the request behind it."""
        visit = await self._desk.visit(request)
        address = request.query_params.get("address", "").strip()
        place = request_behind(address, visit.place.host)
        if place is None:
            _ = self._desk.pages.translator(request)
            return self._desk.pages.problem(
                request,
                404,
                _("This address leads to no request"),
                _(
                    "Copy it whole from where you found it. Only requests of your own pod host can be answered here."
                ),
                action=(_("Requests"), "/requests"),
            )
        return RedirectResponse(place, 303)

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        if not visit.place.consent:  # a link or a QR code leads here, wherever the person's data lies
            return RedirectResponse(f"/elsewhere/one?{request.url.query}", 303)
        asked = await find(visit, request.query_params.get("purpose", ""))
        if asked is None:
            return self._gone(request)
        return await self._page(request, visit, asked)

    async def _page(
        self, request: Request, visit: Visit, asked: Asked, error: str = "", status: int = 200
    ) -> Response:
        _ = self._desk.pages.translator(request)
        purpose = asked.purpose
        # The difference matters to who knows the version before; to others the whole text is the news.
        changes = await visit.owner.changes(purpose) if asked.former is not None else ()
        return self._desk.pages.render(
            request,
            "wallet/request.html",
            status=status,
            active="requests",
            purpose=purpose,
            controller=asked.controller,
            current=asked.current,
            notice=words.notice_words(purpose, reading_order(request)),
            items=[words.item_words(item, _) for item in purpose.items],
            basis=words.legal_basis(purpose.legal_basis, _),
            periods=periods(purpose, visit.now),
            default_period=DEFAULT_PERIOD if purpose.valid_until > visit.now + 180 * DAY else TO_THE_END,
            active_now=purpose.active(visit.now),
            handling=handling(purpose.legal_basis).value,
            former=asked.former,
            deferrable=asked.deferrable,
            open_until=asked.open_until,
            changes=sentences(changes, _),
            error=error,
        )

    async def _answer(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        asked = await find(visit, str(form.get("purpose", "")))
        if asked is None:
            return self._gone(request)
        answer = form.get("answer")
        if answer == "later":
            await visit.owner.defer(asked.purpose.iri)
            return RedirectResponse("/requests?done=later", 303)
        if answer == "refuse":
            await visit.owner.refuse(asked.purpose.iri)
            return RedirectResponse("/requests?done=refused", 303)
        chosen = asked.purpose.items if answer == "all" else chosen_items(asked.purpose.items, form)
        if answer not in ("all", "part") or not chosen:
            _ = self._desk.pages.translator(request)
            return await self._page(
                request, visit, asked, _("Choose at least one item of the list, or say no."), 422
            )
        until = expiry(str(form.get("period", "")), asked.purpose, visit.now)
        language = words.notice_words(asked.purpose, reading_order(request)).language
        grant = await visit.owner.answer(asked.purpose.iri, chosen, until, language=language)
        if grant is None:  # a custodian's answer is a draft
            return RedirectResponse("/requests?done=prepared", 303)
        return RedirectResponse(f"/grants/{grant.id}?{urlencode({'done': 'given'})}", 303)

    def _gone(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This request is not there"),
            _("Perhaps it was answered already, or the organisation took it back."),
            action=(_("My consents"), "/grants"),
        )


def chosen_items(asked: Sequence[DataItem], form: FormData) -> tuple[DataItem, ...]:
    """Return the part of what was asked that the form ticks; what was not asked cannot be added."""
    ticked = frozenset(str(value) for value in form.getlist("item"))
    return tuple(_chosen(asked, ticked))


def _chosen(asked: Sequence[DataItem], ticked: frozenset[str]) -> Iterable[DataItem]:
    for item in asked:
        start = f"{item.shape}/{item.mode}/"
        kept = (
            item.properties if start in ticked else tuple(p for p in item.properties if start + p in ticked)
        )
        if kept:
            yield DataItem(item.shape, kept, item.mode)


def expiry(period: str, purpose: PurposeDeclaration, now: float) -> float:
    """Return when the consent ends: after the chosen period, and never after the purpose itself."""
    days = next((days for key, days, _label in PERIODS if key == period), None)
    return min(purpose.valid_until, now + days * DAY) if days else purpose.valid_until


def periods(purpose: PurposeDeclaration, now: float) -> list[tuple[str, str, float]]:
    """Return the periods that end before the purpose does, as (key, message, end)."""
    ends = [(key, label, now + days * DAY) for key, days, label in PERIODS]
    return [entry for entry in ends if entry[2] < purpose.valid_until]
