"""Evaluation of a claim: what the rule found becomes a result in the transaction in which it leaves.

Reading the receipts takes up to seconds, so it is done before, on a snapshot and in a thread of its own. What was
found counts only if the grant is still in force and the same receipts are still there in the transaction that keeps
the log line, spends the nullifiers and signs: that commit is the moment at which the result leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.claims import claims_sql
from consent.claims.reading import Found, basis
from consent.claims.sealing import ResultSeal
from consent.claims.terms import Asked, Terms, require_agreed
from consent.model import DataItem, Grant, OutputMode, PurposeDeclaration
from consent.registry_sql import Purposes
from pods.errors import Conflict, Forbidden, Unprocessable
from pods.storage.base import Pod, Transaction


class Stale(Exception):
    """Receipts came or went since they were read; read them again."""


@dataclass(frozen=True, slots=True)
class Left:
    """What leaves: the result, and its signed bytes. The same request gets the same bytes."""

    result: Mapping[str, Any]
    signed: str


def require_allowed(tx: Transaction, grant: Grant, asked: Asked) -> None:
    """Raise Forbidden or Unprocessable unless a grant that is in force allows this claim; nothing is read before."""
    declared = Purposes(grant.iri.partition("/.consent/")[0]).by_iri(tx, grant.purpose)
    if declared is None:
        raise Forbidden("The purpose of this grant is not published here any more.")
    _require_covered(grant.items, asked.terms)
    _require_agreed(declared, asked)


def require_declared(declared: PurposeDeclaration, asked: Asked) -> None:
    """Raise Forbidden or Unprocessable unless a consent to this declaration could allow the claim."""
    _require_covered(declared.items, asked.terms)
    _require_agreed(declared, asked)


def is_answered(tx: Transaction, grant: Grant, asked: Asked) -> bool:
    """Say whether this was answered already; raise Conflict if a part of it was.

    A period is answered once: receipts that arrive later would otherwise show in the difference of two answers.
    """
    return _earlier(tx, grant, asked) is not None


def settle(
    tx: Transaction, pod: Pod, grant: Grant, asked: Asked, found: Found | None, at: float, seal: ResultSeal
) -> Left:
    """Return what a programme may know of one pod and period; the same request gives the same result.

    `tx` is a write transaction, and the caller has checked in it that the grant is in force. `found` is None where
    an earlier answer is expected. Raises Stale, Forbidden, Conflict or Unprocessable.
    """
    require_allowed(tx, grant, asked)
    earlier = _earlier(tx, grant, asked)
    if earlier is not None:
        return _again(tx, earlier, grant, at, seal)
    if found is None or found.basis != basis(tx, pod, asked):
        raise Stale
    number = claims_sql.next_id(tx)
    amount, seen = 0, []
    for mark, measure in found.measures:
        if claims_sql.count_once(tx, asked.terms.series, mark, number):
            amount += measure
            seen.append(mark)
    result = {
        **summary(asked, amount, len(seen)),
        "grant": grant.id,
        "purpose": grant.purpose,
        "epoch": grant.epoch,
        "pairwise": grant.pairwise,
        # In the order of the fingerprints, not of the purchases.
        "nullifiers": sorted(seen),
    }
    signed = seal(result, grant.controller, at)
    claims_sql.record(
        *(tx, number, pod.key, grant.id, grant.purpose, asked.terms.programme, asked.period),
        *(asked.terms.digest, result, signed, at),
    )
    return Left(result, signed)


def summary(asked: Asked, amount: int, count: int) -> dict[str, Any]:
    """Return the part of a result that says what was computed: no receipt, no date within the period, no shop."""
    return {
        "rule": asked.terms.rule.iri,
        "rule_digest": asked.terms.rule.digest,
        "programme": asked.terms.programme,
        "terms": asked.terms.digest,
        "period": asked.period.as_json(),
        "unit": asked.terms.rule.text.unit,
        "amount": amount,
        "count": count,
    }


def _earlier(tx: Transaction, grant: Grant, asked: Asked) -> claims_sql.Answered | None:
    for earlier in claims_sql.answered(tx, grant.id, asked.terms.programme):
        if earlier.period == asked.period and earlier.terms == asked.terms.digest:
            return earlier
        if earlier.period.touches(asked.period):
            raise Conflict(
                f"claim at /period: {earlier.period.first} to {earlier.period.last} was answered under this "
                "grant, and a month is answered once; ask for months after it."
            )
    return None


def _again(tx: Transaction, earlier: claims_sql.Answered, grant: Grant, at: float, seal: ResultSeal) -> Left:
    """Return an earlier answer; it is signed anew only where nobody could verify the old signature any more."""
    signed = earlier.signed
    if not seal.holds(signed):
        signed = seal(earlier.result, grant.controller, at)
        claims_sql.sign_again(tx, earlier.number, signed)
    return Left(earlier.result, signed)


def _require_covered(items: tuple[DataItem, ...], agreed: Terms) -> None:
    rule = agreed.rule.text
    held = {
        name
        for item in items
        if item.shape == rule.shape and item.mode is OutputMode.CLAIM
        for name in item.properties
    }
    if missing := set(rule.reads) - held:
        raise Forbidden(
            f"The grant does not allow a claim over {rule.shape}: {', '.join(sorted(missing))} is not granted."
        )


def _require_agreed(declared: PurposeDeclaration, asked: Asked) -> None:
    require_agreed(declared, asked.terms)
    if not asked.period.within(asked.terms.period):
        raise Unprocessable("claim at /period: it must lie within the programme's period.")
