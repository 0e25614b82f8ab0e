"""Rows of drafts: answers that wait for the person's own word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent.grants_sql import items_from_json, items_to_json
from consent.model import DataItem
from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that somebody prepared. It permits nothing."""

    purpose: str
    items: tuple[DataItem, ...]
    ends: float
    prepared_by: str
    """The WebID of a custodian, or the address of the person's own preferences."""
    at: float


def save(tx: Transaction, pod: int, draft: Draft) -> None:
    """Keep a draft; a newer one for the same purpose takes its place."""
    tx.execute(
        "INSERT INTO draft (pod, purpose, items, ends, prepared_by, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (pod, purpose) DO UPDATE SET items = excluded.items, ends = excluded.ends,"
        " prepared_by = excluded.prepared_by, at = excluded.at",
        (pod, draft.purpose, items_to_json(draft.items), draft.ends, draft.prepared_by, draft.at),
    )


def of_pod(tx: Transaction, pod: int) -> Sequence[Draft]:
    """Return the drafts of a pod, the newest first."""
    rows = tx.execute(
        "SELECT purpose, items, ends, prepared_by, at FROM draft WHERE pod = ? ORDER BY at DESC, purpose",
        (pod,),
    )
    return [Draft(row[0], items_from_json(row[1]), row[2], row[3], row[4]) for row in rows]


def forget(tx: Transaction, pod: int, purpose: str) -> None:
    """Drop a draft, since the question is answered or the person threw it away."""
    tx.execute("DELETE FROM draft WHERE pod = ? AND purpose = ?", (pod, purpose))
