"""What a receipt says. It names no buyer and no participant: whoever holds it in a pod is the holder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NewType

Instant = NewType("Instant", str)
"""A moment in UTC, to the second: `2017-10-03T09:15:00Z`. As text it sorts in time order."""

Notation = NewType("Notation", str)
"""A code of one of the public code lists, `bakery`."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII)


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line: category, quantity and integer cents; the name is what the till prints."""

    category: Notation
    quantity: int
    amount: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseReceipt:
    """A purchase at a shop. `id` is unique for its issuer; `total` is the sum of the lines in cents."""

    id: str
    issuer: str
    nonce: str
    issued_at: Instant
    ordered_at: Instant
    seller: str
    """IRI of the shop, for a member shop the IRI of its code."""
    lines: tuple[PurchaseLine, ...]
    total: int
    district: Notation | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class ParticipationReceipt:
    """Attendance, hours given or a role in a proposal, certified by who organised it."""

    id: str
    issuer: str
    nonce: str
    issued_at: Instant
    kind: Notation
    theme: Notation
    started_at: Instant
    minutes: int
    venue: Notation | None = None
    district: Notation | None = None
    role: Notation | None = None
    title: str | None = None


Receipt = PurchaseReceipt | ParticipationReceipt


def instant(moment: float) -> Instant:
    """Return seconds since the epoch as text, whole seconds, rounded down."""
    return Instant(datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def is_instant(text: object) -> bool:
    """Return whether a text is a moment as we write it, on a day that the calendar has."""
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True
