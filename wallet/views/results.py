"""Results that left: what was computed beside the pod and handed out, with the signed bytes to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent.client import LeftResult
from vocab.claim_rules import RULE_TEXTS
from vocab.pages import Translator
from vocab.pages.formats import Formats
from wallet import words
from wallet.visit import Desk

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
    """`/results`, older ones by `?before=`, and `/results/{number}` with what the host signed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/results", self._list, methods=["GET"]),
            Route("/results/{number:int}", self._signed, methods=["GET"]),
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
        visit = await self._desk.visit(request)
        number = int(request.path_params["number"])
        found = await visit.owner.results(after=number + 1, limit=1) if visit.place.consent else []
        if not found or found[0].number != number:
            _ = self._desk.pages.translator(request)
            return self._desk.pages.problem(
                request,
                404,
                _("This result is not there"),
                _("No result with this number left your pod."),
                action=(_("Results that left"), "/results"),
            )
        headers = {
            "Content-Disposition": f'attachment; filename="result-{number}.jws"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(found[0].signed, media_type=JWS, headers=headers)


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
        value=_value(left.result, _, formats),
    )


def _value(result: Any, _: Translator, formats: Formats) -> str:
    amount = int(result.get("amount", 0))
    if result.get("unit") == "EUR":
        return formats.money(amount)
    if result.get("unit") == "minutes":
        return _("{count} minutes", count=amount)
    return _("{count} attendances", count=amount)
