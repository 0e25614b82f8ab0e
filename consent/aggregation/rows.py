"""From what lies in a pod to typed rows: a verified receipt or a profile becomes numbers of public codes.

Days, texts, names and whatever no question may name are left behind, and lines of one order that no question could tell
from each other are added up: a projection holds the least that serves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyoxigraph as ox

from consent.receipts.model import ParticipationReceipt, PurchaseLine, PurchaseReceipt
from vocab.codes import CodeList
from vocab.places import DISTRICT, VENUE
from vocab.shapes import SHAPES
from vocab.trade import CATEGORY, KIND, ROLE, SHOP, THEME

Value = int | None
LINES = "lines"
"""The column that says how many lines of an order a row stands for."""
Rows = Mapping[str, list[tuple[Value, ...]]]
"""Rows by table, in the order of COLUMNS."""

PROFILE_PROPERTIES = tuple(
    known for known in SHAPES["Profile"].properties if known.codes and not known.identifying
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "participation": ("month", "kind", "theme", "venue", "district", "minutes", "role"),
    "purchase": ("month", "seller", "district", "total"),
    "purchase_line": ("month", "seller", "district", "category", "line_amount", "quantity", LINES),
}


def _positions(codes: CodeList) -> Mapping[str, int]:
    return {notation: position for position, notation in enumerate(codes.notations)}


_DISTRICTS, _VENUES, _CATEGORIES = _positions(DISTRICT), _positions(VENUE), _positions(CATEGORY)
_KINDS, _ROLES, _THEMES = _positions(KIND), _positions(ROLE), _positions(THEME)
_SHOPS = {code.iri: position for position, code in enumerate(SHOP.codes)}


@dataclass(frozen=True, slots=True)
class _Coded:
    """A personal property with the position of each of its codes by IRI."""

    predicate: ox.NamedNode
    positions: Mapping[str, int]


_PROFILE = tuple(
    _Coded(
        ox.NamedNode(known.path[0]),
        {code.iri: position for position, code in enumerate(known.codes.codes)} if known.codes else {},
    )
    for known in PROFILE_PROPERTIES
)


def month_of(instant: str) -> int:
    """Return the number of the month of `2017-10-03T09:15:00Z`."""
    return int(instant[:4]) * 12 + int(instant[5:7]) - 1


def receipt_rows(receipt: PurchaseReceipt | ParticipationReceipt) -> Rows:
    """Return the rows of a verified receipt; what no code list knows becomes nothing, never a new key."""
    if isinstance(receipt, ParticipationReceipt):
        return {"participation": [_participation(receipt)]}
    month, seller = month_of(receipt.ordered_at), _SHOPS.get(receipt.seller)
    district = _DISTRICTS.get(receipt.district or "")
    return {
        "purchase": [(month, seller, district, receipt.total)],
        "purchase_line": [
            (month, seller, district, category, *added)
            for category, added in _by_category(receipt.lines).items()
        ],
    }


def _by_category(lines: Sequence[PurchaseLine]) -> Mapping[Value, tuple[int, int, int]]:
    """Return amount, quantity and number of the lines of each category."""
    added: dict[Value, tuple[int, int, int]] = {}
    for line in lines:
        category = _CATEGORIES.get(line.category)
        amount, quantity, number = added.get(category, (0, 0, 0))
        added[category] = amount + line.amount, quantity + line.quantity, number + 1
    return added


def _participation(receipt: ParticipationReceipt) -> tuple[Value, ...]:
    return (
        month_of(receipt.started_at),
        _KINDS.get(receipt.kind),
        _THEMES.get(receipt.theme),
        _VENUES.get(receipt.venue or ""),
        _DISTRICTS.get(receipt.district or ""),
        receipt.minutes,
        _ROLES.get(receipt.role or ""),
    )


def profile_row(turtle: bytes, owner: str) -> tuple[Value, ...] | None:
    """Return the codes of a person's profile, or None if the document does not parse.

    Only what is said of the owner counts. A property with two values counts as unknown.
    """
    try:
        triples = list(ox.parse(turtle, format=ox.RdfFormat.TURTLE, base_iri=owner.partition("#")[0]))
    except (SyntaxError, ValueError):
        return None
    said: dict[ox.NamedNode, list[str]] = {}
    for triple in triples:
        if isinstance(triple.subject, ox.NamedNode) and triple.subject.value == owner:
            value = triple.object.value if isinstance(triple.object, ox.NamedNode) else ""
            said.setdefault(triple.predicate, []).append(value)
    row: list[Value] = []
    for coded in _PROFILE:
        values = said.get(coded.predicate, [])
        row.append(coded.positions.get(values[0]) if len(values) == 1 else None)
    return tuple(row)
