"""Compute a result yourself: what would leave under a purpose, before any consent. Nothing leaves, nothing is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from consent.model import OutputMode, PurposeDeclaration
from pods.client import SolidError
from vocab.claim_rules import RULE_TEXTS
from vocab.pages import msg
from wallet import words
from wallet.asked import find
from wallet.programmes import MOST_MONTHS, NoProgramme, Programmes, Terms
from wallet.views.results import value_words
from wallet.visit import Desk, Visit

FAILURES: Mapping[str, str] = {
    "address": msg("This is no address of a programme. Copy it whole, from https:// to the end."),
    "no-answer": msg(
        "Nobody answers at that address. The organisation publishes its programme's rules: ask for the address."
    ),
    "no-programme": msg("What stands at that address is not the document of a programme."),
    "forbidden": msg("These are not the rules that the request names: their fingerprint is another one."),
    "bad-content": msg("These rules cannot be computed beside your pod."),
    "unprocessable": msg("That is too much to compute, or outside of the programme. Choose fewer months."),
    "months": msg("Choose a first month and a last one, at most twelve in all."),
}


LATEST = 50  # decisions whose purposes are offered; the page of any other leads here by its name


class PreviewPages:
    """`/results/preview`, asked with `purpose` and perhaps the `programme`'s address; a post computes."""

    def __init__(self, desk: Desk, programmes: Programmes) -> None:
        self._desk = desk
        self._programmes = programmes

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/results/preview", self._ask, methods=["GET"]),
            Route("/results/preview", self._compute, methods=["POST"]),
        ]

    async def _ask(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        if not visit.place.consent:
            return RedirectResponse("/results", 303)
        query = request.query_params
        return await self._page(request, visit, query.get("purpose", ""), query.get("programme", ""))

    async def _compute(self, request: Request) -> Response:
        form = await self._desk.pages.guard.form(request)
        visit = await self._desk.visit(request)
        given = {name: str(form.get(name, "")) for name in ("purpose", "programme", "first", "last")}
        return await self._page(request, visit, given["purpose"], given["programme"], given)

    async def _page(
        self,
        request: Request,
        visit: Visit,
        iri: str,
        address: str,
        given: Mapping[str, str] | None = None,
    ) -> Response:
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        asked = [
            one for one in await _purposes(visit, iri) if any(i.mode is OutputMode.CLAIM for i in one.items)
        ]
        purpose = next((one for one in asked if one.iri == iri), None)
        terms, failure = await self._terms(purpose, address)
        result: Mapping[str, Any] | None = None
        if given is not None and purpose is not None and terms is not None:
            result, failure = await _computed(visit, purpose, terms, given["first"], given["last"])
        months = terms.months() if terms else []
        rule = RULE_TEXTS.get(terms.rule) if terms else None
        return self._desk.pages.render(
            request,
            "wallet/preview.html",
            status=422 if failure else 200,
            active="log",
            purposes=[(one.iri, words.in_language(one.title, _)) for one in asked],
            purpose=purpose,
            title=words.in_language(purpose.title, _) if purpose else "",
            terms=terms,
            address=terms.address if terms else address,
            given_address=address,
            programme=words.in_language(terms.title, _) if terms else "",
            rule=words.in_language(rule.title, _) if rule else "",
            explained=words.in_language(rule.text, _) if rule else "",
            months=[(month, formats.month(month)) for month in months],
            first=(given or {}).get("first") or (months[-MOST_MONTHS:][0] if months else ""),
            last=(given or {}).get("last") or (months[-1] if months else ""),
            result=result,
            value=value_words(result, _, formats) if result else "",
            span=[formats.month(result["period"][end]) for end in ("from", "to")] if result else [],
            error=_(FAILURES[failure]) if failure else "",
        )

    async def _terms(self, purpose: PurposeDeclaration | None, address: str) -> tuple[Terms | None, str]:
        """Return the terms of the programme, and why there are none where something was asked for."""
        if purpose is None:
            return None, ""
        try:
            found = (
                await self._programmes.at(address)
                if address
                else await self._programmes.of_purpose(purpose.iri)
            )
        except NoProgramme as error:
            return None, error.reason
        return found, ""


async def _purposes(visit: Visit, iri: str) -> list[PurposeDeclaration]:
    """Return what the person was asked and decided about lately, and the one that is named if it is one of these.

    Only of what one was asked or decided a result can leave.
    """
    asked = [one.purpose for one in await visit.owner.requests()]
    lately = (await visit.owner.grants_page(limit=LATEST)).grants
    named = await find(visit, iri) if iri and not any(one.purpose.iri == iri for one in lately) else None
    decided = [one.purpose for one in (*lately, *([named.current] if named and named.current else []))]
    return list({one.iri: one for one in (*asked, *decided) if one.active(visit.now)}.values())


async def _computed(
    visit: Visit, purpose: PurposeDeclaration, terms: Terms, first: str, last: str
) -> tuple[Mapping[str, Any] | None, str]:
    known = terms.months()
    if (
        first not in known
        or last not in known
        or not 0 <= known.index(last) - known.index(first) < MOST_MONTHS
    ):
        return None, "months"
    claim = {"rule": terms.rule, "period": {"from": first, "to": last}, "programme": dict(terms.document)}
    try:
        return await visit.owner.preview(purpose.iri, claim), ""
    except SolidError as error:
        if error.code in FAILURES:
            return None, error.code
        raise
