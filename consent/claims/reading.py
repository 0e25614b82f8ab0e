"""What a rule finds in one pod: verified receipts measured one by one, within bounds of number, bytes and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from consent.claims.terms import Asked
from consent.receipts.errors import BadReceipt
from consent.receipts.model import Receipt
from consent.receipts.nonce import nullifier
from consent.receipts.signing import MEDIA_TYPE, verify
from pods.errors import Unprocessable
from pods.model import Path
from pods.storage.base import Entry, Pod, Transaction

MAX_RECEIPTS = 4000  # about a second of signature checks
MAX_MEMBERS = 3 * MAX_RECEIPTS  # of a month's container: a receipt has its Turtle beside it
MAX_RECEIPT_BYTES = 64 * 1024  # the longest till roll; larger files are no receipts
MAX_BYTES = 32 * 1024 * 1024  # read for one claim, one receipt in memory at a time
SECONDS = 10.0  # of one evaluation: ten times what the most receipts take on an idle machine

Basis = tuple[tuple[str, str], ...]
"""Path and entity tag of everything that a result rests on."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule counts in a pod, before anybody looks whether a receipt was counted already."""

    basis: Basis
    measures: tuple[tuple[str, int], ...]
    """Nullifier and measure of each eligible receipt."""


class Deadline:
    """Ends an evaluation that takes too long; asked before each receipt, of which none takes long."""

    def __init__(self, stopwatch: Callable[[], float], seconds: float = SECONDS) -> None:
        self._stopwatch = stopwatch
        self._seconds = seconds
        self._end = stopwatch() + seconds

    def check(self) -> None:
        """Raise Unprocessable if the time is over."""
        if self._stopwatch() > self._end:
            raise Unprocessable(
                f"claim at /period: the rule ran for more than {self._seconds:g} seconds beside the pod and was "
                "stopped; nothing was computed. Ask for fewer months."
            )


def basis(tx: Transaction, pod: Pod, asked: Asked) -> Basis:
    """Return what a result about these months rests on now; raise Unprocessable if it is too much."""
    return tuple((entry.path, entry.etag) for entry in _entries(tx, pod, asked))


def find(tx: Transaction, pod: Pod, asked: Asked, deadline: Deadline) -> Found:
    """Return what the rule finds in a pod. Nothing is written, and nothing here may leave yet."""
    entries = _entries(tx, pod, asked)
    terms, measures = asked.terms, []
    for receipt in _receipts(tx, entries, asked, deadline):
        measure = terms.rule.measure(receipt)
        if measure is not None:
            measures.append((nullifier(terms.series, receipt.nonce), measure))
    return Found(tuple((entry.path, entry.etag) for entry in entries), tuple(measures))


def _receipts(tx: Transaction, entries: list[Entry], asked: Asked, deadline: Deadline) -> Iterator[Receipt]:
    """Return the receipts of the period that an issuer of the programme signed; others are passed over."""
    for entry in entries:
        deadline.check()
        stored = tx.get(entry.path)
        if stored is None:
            continue
        try:
            receipt = verify(stored.content, asked.terms.keys)
        except BadReceipt:
            continue
        moment = asked.terms.rule.happened(receipt)
        if moment is not None and asked.period.holds(moment):
            yield receipt


def _entries(tx: Transaction, pod: Pod, asked: Asked) -> list[Entry]:
    found: list[Entry] = []
    cut = False
    for month in asked.period.months():
        container = Path(f"{pod.root}{asked.terms.rule.container}{month}/")
        members = tx.children(container, limit=MAX_MEMBERS)
        cut = cut or len(members) == MAX_MEMBERS
        found += [
            entry for entry in members if entry.media_type == MEDIA_TYPE and entry.size <= MAX_RECEIPT_BYTES
        ]
    if cut or len(found) > MAX_RECEIPTS or sum(entry.size for entry in found) > MAX_BYTES:
        raise Unprocessable(
            f"claim at /period: more than {MAX_RECEIPTS} receipts or {MAX_BYTES} bytes; ask for fewer months."
        )
    return found
