"""Results that left: what was computed beside the pod and handed out, with the signed bytes to keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.client import BadResult, LeftResult, published_keys, verified_result
from vocab.claim_rules import RULE_TEXTS
from vocab.pages import Translator
from vocab.pages.formats import Formats
from wallet import words
from wallet.visit import Desk, Visit

PAGE = 30
JWS = "application/jose"


@dataclass(frozen=True, slots=True)
class Shown:
    """A result in words."""

    left: LeftResult
    rule: str
    explained: str
    why: str
    first: str
    last: str
    value: str


class Results:
    """`/results`, older ones by `?before=`; `/results/{number}` is what the host signed, and `/check` verifies it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/results", self._list, methods=["GET"]),
            Route("/results/{number:int}", self._signed, methods=["GET"]),
            Route("/results/{number:int}/check", self._check, methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        visit = await self._desk.visit(request)
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        before = request.query_params.get("before", "")
        after = int(before) if before.isascii() and before.isdecimal() and len(before) <= 18 else None
        found = await visit.owner.results(after=after, limit=PAGE) if visit.place.consent else []
        return self._desk.pages.render(
            request,
            "wallet/results.html",
            active="log",
            consent=visit.place.consent,
            results=[shown(one, _, formats) for one in found],
            older=found[-1].number if len(found) == PAGE else None,
        )

    async def _signed(self, request: Request) -> Response:
        """The bytes as the host signed them, for whoever wants to verify them elsewhere."""
        number = int(request.path_params["number"])
        found = await self._one(request)
        if found is None or not found.signed:
            return self._missing(request)
        headers = {
            "Content-Disposition": f'attachment; filename="result-{number}.jws"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found.signed, media_type=JWS, headers=headers)

    async def _check(self, request: Request) -> Response:
        """Verify here, with the host's published keys, that what left is what the page shows."""
        visit = await self._desk.visit(request)
        found = await self._one(request)
        if found is None:
            return self._missing(request)
        _, formats = self._desk.pages.translator(request), self._desk.pages.formats(request)
        fault, claims = await self._verified(visit, found)
        return self._desk.pages.render(
            request,
            "wallet/result-check.html",
            active="log",
            one=shown(found, _, formats),
            host=urlsplit(visit.place.host).netloc,
            fault=fault,
            at=claims.get("iat"),
            marks=len(claims.get("nullifiers", ())),
        )

    async def _verified(self, visit: Visit, found: LeftResult) -> tuple[str, Mapping[str, Any]]:
        """Return what is wrong, `keys`, `signature` or nothing, and what the signed bytes say."""
        try:
            keys = await published_keys(self._desk.http, visit.place.host)
        except BadResult:
            return "keys", {}
        # Every value that is shown must stand in the signed bytes, and to whom it went must too.
        expected = {**found.result, **({"aud": found.controller} if found.controller else {})}
        try:
            claims = verified_result(found.signed, keys, issuer=visit.place.host + "/", expected=expected)
        except BadResult:
            return "signature", {}
        return "", claims

    async def _one(self, request: Request) -> LeftResult | None:
        visit = await self._desk.visit(request)
        number = int(request.path_params["number"])
        found = await visit.owner.results(after=number + 1, limit=1) if visit.place.consent else []
        return found[0] if found and found[0].number == number else None

    def _missing(self, request: Request) -> Response:
        _ = self._desk.pages.translator(request)
        return self._desk.pages.problem(
            request,
            404,
            _("This result is not there"),
            _("No result with this number left your pod."),
            action=(_("Results that left"), "/results"),
        )


def shown(left: LeftResult, _: Translator, formats: Formats) -> Shown:
    """Return a result as its owner reads it."""
    rule = RULE_TEXTS.get(str(left.result.get("rule", "")))
    period = left.result.get("period", {})
    return Shown(
        left=left,
        rule=words.in_language(rule.title, _) if rule else str(left.result.get("rule", "")),
        explained=words.in_language(rule.text, _) if rule else "",
        why=words.in_language(left.purpose_title, _),
        first=formats.month(period["from"]) if period else "",
        last=formats.month(period["to"]) if period else "",
        value=value_words(left.result, _, formats),
    )


def value_words(result: Mapping[str, Any], _: Translator, formats: Formats) -> str:
    """Return the amount of a result in its unit."""
    amount = int(result.get("amount", 0))
    if result.get("unit") == "EUR":
        return formats.money(amount)
    if result.get("unit") == "minutes":
        return _("{count} minutes", count=amount)
    return _("{count} attendances", count=amount)
