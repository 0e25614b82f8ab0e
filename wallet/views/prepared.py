"""Answers that a custodian or a standing preference prepared: shown whole, confirmed one by one, or thrown away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.client.people import Prepared
from consent.model import ConsentRequest, handling
from pods.client import SolidError
from vocab.pages import Notice, Translator, msg
from vocab.pages.language import reading_order
from wallet import words
from wallet.visit import Desk, Visit

BY_RULE = "/.consent/preferences"
DONE = {"discarded": Notice("success", msg("Thrown away. The request itself still waits among the others."))}


@dataclass(frozen=True, slots=True)
class Draft:
    """A prepared answer, and the request that it answers; None where that is over."""

    prepared: Prepared
    request: ConsentRequest | None


class PreparedPages:
    """`/prepared`, and the two answers posted below it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/prepared", self._list, methods=["GET"]),
            Route("/prepared/confirm", self._confirm, methods=["POST"]),
            Route("/prepared/discard", self._discard, methods=["POST"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _ = self._desk.pages.translator(request)
        drafts = await visit.people.drafts() if visit.place.consent else []
        names = (await visit.people.listed()).names() if drafts else {}
        done = request.query_params.get("done", "")
        return self._desk.pages.render(
            request,
            "wallet/prepared.html",
            active="requests",
            consent=visit.place.consent,
            drafts=[_shown(await _draft(visit, one), names, reading_order(request), _) for one in drafts],
            notices=[DONE[done]] if done in DONE else [],
        )

    async def _confirm(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        # What is confirmed is what the page showed: a draft that was replaced meanwhile has another time.
        shown = (str(form.get("purpose", "")), str(form.get("prepared_at", "")))
        drafts = await visit.people.drafts()
        found = next((one for one in drafts if (one.purpose, str(one.prepared_at)) == shown), None)
        if found is None:
            return RedirectResponse("/prepared", 303)
        purpose = await visit.owner.purpose(found.purpose)
        language = words.notice_words(purpose, reading_order(request)).language
        grant = await visit.owner.give(found.purpose, found.items, found.expires_at, language=language)
        return RedirectResponse(f"/grants/{grant.id}?done=given", 303)

    async def _discard(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        await visit.people.discard(str(form.get("purpose", "")))
        return RedirectResponse("/prepared?done=discarded", 303)


async def _draft(visit: Visit, prepared: Prepared) -> Draft:
    try:
        return Draft(prepared, await visit.owner.offer(prepared.purpose))
    except SolidError as error:
        if error.status != httpx.codes.NOT_FOUND:
            raise
        return Draft(prepared, None)


def _shown(draft: Draft, names: dict[str, str], reading: Sequence[str], _: Translator) -> dict[str, object]:
    prepared, asked = draft.prepared, draft.request
    by = prepared.prepared_by
    purpose = asked.purpose if asked is not None else None
    return {
        "prepared": prepared,
        "by": _("one of your standing preferences") if by.endswith(BY_RULE) else names.get(by, by),
        "by_rule": by.endswith(BY_RULE),
        "controller": asked.controller if asked is not None else None,
        "notice": words.notice_words(purpose, reading) if purpose else None,
        "basis": words.legal_basis(purpose.legal_basis, _) if purpose else "",
        "handling": handling(purpose.legal_basis).value if purpose else "",
        "recipients": purpose.recipients if purpose else (),
        "retention_days": purpose.retention_days if purpose else 0,
        "entries": [words.item_words(item, _) for item in prepared.items],
    }
