"""Evaluation of a claim: the rule over the verified receipts of one pod, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from consent.claims import claims_sql
from consent.claims.rules import happened
from consent.claims.terms import Period, Terms, period, require_agreed, terms
from consent.model import Grant, OutputMode
from consent.receipts.errors import BadReceipt
from consent.receipts.model import Receipt
from consent.receipts.nonce import nullifier
from consent.receipts.signing import MEDIA_TYPE, verify
from consent.registry_sql import Purposes
from pods.errors import BadContent, Conflict, Forbidden, Unprocessable
from pods.model import Path
from pods.storage.base import Entry, Pod, Transaction

MAX_RECEIPTS = 4000  # about a second of signature checks while other writers wait
MAX_MEMBERS = 3 * MAX_RECEIPTS  # of a month's container: a receipt has its Turtle beside it
MAX_RECEIPT_BYTES = 64 * 1024  # the longest till roll; larger files are no receipts
MAX_BYTES = 32 * 1024 * 1024  # read for one claim
_REQUEST = {"rule", "period", "programme"}


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What leaves the pod: sums and fingerprints. No receipt, no date within the period, no shop."""

    rule: str
    programme: str
    terms: str
    grant: str
    pairwise: str
    period: Period
    unit: str
    amount: int
    count: int
    nullifiers: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "programme": self.programme,
            "terms": self.terms,
            "grant": self.grant,
            "pairwise": self.pairwise,
            "period": self.period.as_json(),
            "unit": self.unit,
            "amount": self.amount,
            "count": self.count,
            "nullifiers": list(self.nullifiers),
        }


def evaluate(tx: Transaction, pod: Pod, grant: Grant, request: Any, at: float) -> ClaimResult:
    """Return what a programme may know of one pod and period; the same request gives the same result.

    `tx` is a write transaction, and the caller has checked in it that the grant is in force. A period is
    answered once: receipts that arrive later would otherwise show in the difference of two answers.
    Raises BadContent, Forbidden, Conflict or Unprocessable.
    """
    asked, agreed = _request(request)
    _require_covered(tx, grant, agreed)
    if not asked.within(agreed.period):
        raise Unprocessable("claim at /period: it must lie within the programme's period.")
    for earlier, digest, result in claims_sql.answered(tx, grant.id, agreed.programme):
        if earlier == asked and digest == agreed.digest:
            return _restored(result)
        if earlier.touches(asked):
            raise Conflict(
                f"claim at /period: {earlier.first} to {earlier.last} was answered under this grant, and "
                "a month is answered once; ask for months after it."
            )
    number = claims_sql.next_id(tx)
    amount, seen = 0, []
    for receipt in _receipts(tx, pod, agreed, asked):
        measure = agreed.rule.measure(receipt)
        mark = nullifier(agreed.series, receipt.nonce)
        if measure is not None and claims_sql.count_once(tx, agreed.series, mark, number):
            amount += measure
            seen.append(mark)
    # In the order of the fingerprints, not of the purchases.
    found = ClaimResult(
        rule=agreed.rule.iri,
        programme=agreed.programme,
        terms=agreed.digest,
        grant=grant.id,
        pairwise=grant.pairwise,
        period=asked,
        unit=agreed.rule.text.unit,
        amount=amount,
        count=len(seen),
        nullifiers=tuple(sorted(seen)),
    )
    claims_sql.record(
        *(tx, number, pod.key, grant.id, grant.purpose, agreed.programme, asked, agreed.digest),
        found.as_json(),
        at,
    )
    return found


def _request(request: Any) -> tuple[Period, Terms]:
    if not isinstance(request, dict) or set(request) != _REQUEST:
        raise BadContent(f"claim: give exactly {', '.join(sorted(_REQUEST))}.")
    agreed = terms(request["programme"])
    if request["rule"] != agreed.rule.iri:
        raise BadContent(f"claim at /rule: the programme's rule is {agreed.rule.iri}.")
    return period(request["period"], "/period"), agreed


def _require_covered(tx: Transaction, grant: Grant, agreed: Terms) -> None:
    rule = agreed.rule.text
    item = grant.item(rule.shape, OutputMode.CLAIM)
    missing = set(rule.reads) - set(item.properties if item else ())
    if missing:
        raise Forbidden(
            f"The grant does not allow a claim over {rule.shape}: {', '.join(sorted(missing))} is not granted."
        )
    declared = Purposes(grant.iri.partition("/.consent/")[0]).by_iri(tx, grant.purpose)
    if declared is None:
        raise Forbidden("The purpose of this grant is not published here any more.")
    require_agreed(declared, agreed)


def _receipts(tx: Transaction, pod: Pod, agreed: Terms, asked: Period) -> Iterator[Receipt]:
    """Return the receipts of the period that an issuer of the programme signed; others are passed over."""
    for content in _contents(tx, pod, agreed.rule.container, asked):
        try:
            receipt = verify(content, agreed.keys)
        except BadReceipt:
            continue
        if asked.holds(happened(receipt)):
            yield receipt


def _contents(tx: Transaction, pod: Pod, container: str, asked: Period) -> Iterator[bytes]:
    entries: list[Entry] = []
    cut = False
    for month in asked.months():
        members = tx.children(Path(f"{pod.root}{container}{month}/"), limit=MAX_MEMBERS)
        cut = cut or len(members) == MAX_MEMBERS
        entries += [
            entry for entry in members if entry.media_type == MEDIA_TYPE and entry.size <= MAX_RECEIPT_BYTES
        ]
    if cut or len(entries) > MAX_RECEIPTS or sum(entry.size for entry in entries) > MAX_BYTES:
        raise Unprocessable(
            f"claim at /period: more than {MAX_RECEIPTS} receipts or {MAX_BYTES} bytes; ask for fewer months."
        )
    for entry in entries:
        stored = tx.get(entry.path)
        if stored is not None:
            yield stored.content


def _restored(result: Mapping[str, Any]) -> ClaimResult:
    return ClaimResult(
        rule=result["rule"],
        programme=result["programme"],
        terms=result["terms"],
        grant=result["grant"],
        pairwise=result["pairwise"],
        period=Period(result["period"]["from"], result["period"]["to"]),
        unit=result["unit"],
        amount=result["amount"],
        count=result["count"],
        nullifiers=tuple(result["nullifiers"]),
    )
