"""Consents on a plain Solid server: what it cannot do is said first, then a person gives, sees and takes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client import Offer, Register, notice_digests
from consent.foreign import LIMITS, ForeignError, ForeignGrant, ForeignGrants, ForeignState, Telling
from consent.model import Handling, PurposeDeclaration, handling
from pods.client import SolidError
from vocab.pages import Notice, Translator, msg
from vocab.pages.language import reading_order
from vocab.shapes import SHAPES
from wallet import choosing, words
from wallet.foreign_words import NO_ANSWER, foreign_words, reason_of
from wallet.views.requests import DAY, DEFAULT_PERIOD, TO_THE_END, expiry, periods
from wallet.visit import Desk, Visit

STATES: dict[ForeignState, tuple[str, str]] = {
    ForeignState.GIVEN: (msg("in force"), "good"),
    ForeignState.GIVING: (msg("broke off: it is being taken back"), "wait"),
    ForeignState.WITHDRAWING: (msg("not taken back yet: your server did not confirm it"), "wait"),
    ForeignState.WITHDRAWN: (msg("withdrawn"), "off"),
}
DONE = {
    "given": Notice(
        "success", msg("The organisation may read what you chose. You take it back here, in one step.")
    ),
    "withdrawn": Notice(
        "success", msg("Your server confirmed it: the permission is gone from its access rules.")
    ),
}


class Elsewhere:
    """`/elsewhere`, `/elsewhere/one?purpose=IRI`, and what is posted below it; for storages without our service."""

    def __init__(self, desk: Desk, register: Register) -> None:
        self._desk = desk
        self._register = register

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/elsewhere", self._list, methods=["GET"]),
            Route("/elsewhere/one", self._one, methods=["GET"]),
            Route("/elsewhere/give", self._give, methods=["POST"]),
            Route("/elsewhere/{id}/withdraw", self._withdraw, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        if visit.place.consent:
            return RedirectResponse("/grants", 303)
        _ = self._desk.pages.translator(request)
        failure = await self._caught_up(visit)
        given = await self._grants(visit).all()
        return self._desk.pages.render(
            request,
            "wallet/elsewhere.html",
            active="grants",
            server=urlsplit(visit.place.host).netloc,
            limits=_limits(_),
            grants=[_shown(grant, _) for grant in given],
            offers=await self._offers(visit, _),
            notices=_notices(request, given, failure, _),
        )

    async def _one(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        iri = request.query_params.get("purpose", "")
        if visit.place.consent:
            return RedirectResponse(f"/requests/one?{request.url.query}", 303)
        offer = await self._register.offer(iri, visit.now)
        return self._gone(request) if offer is None else await self._page(request, visit, offer)

    async def _page(
        self, request: Request, visit: Visit, offer: Offer, error: str = "", status: int = 200
    ) -> Response:
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        purpose, controller = offer
        offered = await choosing.choices(visit, purpose) if _answerable(purpose) else []
        wanted = {item.shape: words.item_words(item, _) for item in purpose.items}
        return self._desk.pages.render(
            request,
            "wallet/elsewhere-one.html",
            status=status,
            active="requests",
            server=urlsplit(visit.place.host).netloc,
            purpose=purpose,
            controller=controller,
            notice=words.notice_words(purpose, reading_order(request)),
            basis=words.legal_basis(purpose.legal_basis, _),
            handling=handling(purpose.legal_basis).value,
            groups=[
                (
                    wanted[shape],
                    [
                        (one, formats.month(one.month) if one.month else one.names[0])
                        for one in offered
                        if one.shape == shape
                    ],
                )
                for shape in choosing.readable(purpose)
            ],
            other=[words.item_words(item, _) for item in choosing.left_out(purpose)],
            limits=_limits(_),
            most=choosing.MOST_DOCUMENTS,
            periods=periods(purpose, visit.now),
            default_period=DEFAULT_PERIOD if purpose.valid_until > visit.now + 180 * DAY else TO_THE_END,
            error=error,
        )

    async def _give(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        offer = await self._register.offer(str(form.get("purpose", "")), visit.now)
        if offer is None or visit.place.consent or not _answerable(offer[0]):
            return self._gone(request)
        _ = self._desk.pages.translator(request)
        purpose, controller = offer
        ticked = frozenset(str(key) for key in form.getlist("document"))
        resources = choosing.chosen(await choosing.choices(visit, purpose), ticked)
        if not 0 < len(resources) <= choosing.MOST_DOCUMENTS:
            error = _(
                "Choose at least one document, and at most {most}; you chose {count}.",
                most=choosing.MOST_DOCUMENTS,
                count=len(resources),
            )
            return await self._page(request, visit, offer, error, 422)
        until = expiry(str(form.get("period", "")), purpose, visit.now)
        shown = words.notice_words(purpose, reading_order(request))
        try:
            await self._grants(visit).give(
                *(purpose.iri, controller.iri, resources, until),
                title=shown.title,
                organisation=controller.name,
                notice=purpose.notice_digest,
                language=shown.language,
                read=notice_digests(purpose.document)[shown.language],
            )
        except (ForeignError, SolidError, httpx.HTTPError) as error:
            return self._failed(error, "not-given")
        return RedirectResponse("/elsewhere?done=given", 303)

    async def _withdraw(self, request: Request) -> Response:
        await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        grant_id = request.path_params["id"]
        if not grant_id.isalnum():  # it becomes a part of an address
            return self._gone(request)
        try:
            await self._grants(visit).withdraw(grant_id)
        except (ForeignError, SolidError, httpx.HTTPError) as error:
            return self._failed(error, "not-withdrawn")
        return RedirectResponse("/elsewhere?done=withdrawn", 303)

    def _failed(self, error: Exception, what: str) -> Response:
        if isinstance(error, SolidError) and error.status == httpx.codes.UNAUTHORIZED:
            raise error  # the session ended: the log-in comes first
        return RedirectResponse(f"/elsewhere?{what}={reason_of(error)}", 303)

    async def _caught_up(self, visit: Visit) -> str:
        """Take away what came due or was left undone; return why that failed, or nothing."""
        try:
            await self._grants(visit).finish()
        except (ForeignError, SolidError, httpx.HTTPError) as error:
            return reason_of(error)
        return ""

    async def _offers(self, visit: Visit, _: Translator) -> list[tuple[PurposeDeclaration, str, str]] | None:
        """Return what is asked for and could be answered here; None while the register does not answer."""
        try:
            found = await self._register.offers(visit.now)
        except (SolidError, httpx.HTTPError):
            return None
        return [
            (purpose, words.in_language(purpose.title, _), controller.name)
            for purpose, controller in found
            if choosing.readable(purpose) and _answerable(purpose)
        ]

    def _grants(self, visit: Visit) -> ForeignGrants:
        telling = Telling(visit.solid, self._register.host)
        return ForeignGrants(visit.solid, visit.place.storage, clock=self._desk.clock, telling=telling)

    def _gone(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This request is not there"),
            _("The register of this wallet knows no such purpose, or it has ended."),
            action=(_("Consents on your server"), "/elsewhere"),
        )


def _answerable(purpose: PurposeDeclaration) -> bool:
    return handling(purpose.legal_basis) is not Handling.INFORMATION


def _limits(_: Translator) -> list[str]:
    return [words.in_language(limit.text, _) for limit in LIMITS]


def _shown(grant: ForeignGrant, _: Translator) -> dict[str, Any]:
    text, kind = STATES[grant.state]
    areas = [
        shape for shape in SHAPES.values() if any(f"/{shape.container}" in one for one in grant.resources)
    ]
    return {
        "grant": grant,
        "state": _(text),
        "badge": kind,
        "live": grant.state is ForeignState.GIVEN,
        "title": grant.title or grant.purpose,
        "read_in": words.language_words(grant.language, _) if grant.language else "",
        "areas": ", ".join(words.label(shape.label, _) for shape in areas),
        "names": [one.rpartition("/")[2] for one in grant.resources],
        "open_still": [one.rpartition("/")[2] for one in grant.open_still],
    }


def _notices(request: Request, given: Sequence[ForeignGrant], failure: str, _: Translator) -> list[Notice]:
    """Say what was done, or what was not: what is left on the server counts, not what was tried."""
    left = any(grant.under_way for grant in given) or failure
    if left:
        why = foreign_words(failure or NO_ANSWER, _)
        text = _(
            "Something is not taken back yet. {why} It is tried again at each visit until it is gone.",
            why=why,
        )
        return [Notice("danger", text)]
    for what, text in (
        ("not-given", msg("Nothing was given, and nothing is left on your server. {why}")),
        ("not-withdrawn", msg("The first try failed, the second one did it: the permission is gone. {why}")),
    ):
        if reason := request.query_params.get(what):
            return [Notice("warning", _(text, why=foreign_words(reason, _)))]
    done = DONE.get(request.query_params.get("done", ""))
    return [done] if done else []
