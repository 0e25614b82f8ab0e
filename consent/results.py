"""A result that left a pod, as its owner sees it: the value, its JSON, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.claims import claims_sql
from consent.claims.claims_sql import Answered
from consent.model import PurposeIri
from consent.registry_sql import Purposes, controller
from consent.wire import seconds, timestamp
from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class LeftResult:
    """What left, when, to whom and under which consent, with the bytes that the host signed."""

    number: int
    at: float
    controller: str
    controller_name: str
    purpose: PurposeIri
    purpose_title: Mapping[str, str]
    result: Mapping[str, Any]
    signed: str


def newest(
    tx: Transaction, purposes: Purposes, pod: int, *, before: int | None, limit: int
) -> list[LeftResult]:
    """Return what left a pod, the newest first, whatever became of the consents."""
    return [_named(tx, purposes, one) for one in claims_sql.of_pod(tx, pod, before=before, limit=limit)]


def _named(tx: Transaction, purposes: Purposes, one: Answered) -> LeftResult:
    declared = purposes.by_iri(tx, one.purpose)
    known = controller(tx, declared.controller) if declared else None
    return LeftResult(
        number=one.number,
        at=one.at,
        controller=declared.controller if declared else "",
        controller_name=known.name if known else "",
        purpose=one.purpose,
        purpose_title=declared.title if declared else {},
        result=one.result,
        signed=one.signed,
    )


def left_json(one: LeftResult) -> dict[str, Any]:
    """Return a result that left as JSON."""
    return {
        "number": one.number,
        "at": timestamp(one.at),
        "controller": one.controller,
        "controller_name": one.controller_name,
        "purpose": one.purpose,
        "purpose_title": dict(one.purpose_title),
        "result": dict(one.result),
        "signed": one.signed,
    }


def left_value(plain: Mapping[str, Any]) -> LeftResult:
    """Return the result that `left_json` wrote."""
    return LeftResult(
        number=int(plain["number"]),
        at=seconds(plain["at"]),
        controller=plain["controller"],
        controller_name=plain["controller_name"],
        purpose=PurposeIri(plain["purpose"]),
        purpose_title=plain["purpose_title"],
        result=plain["result"],
        signed=plain["signed"],
    )
