"""Grants of an organisation that can still be ended."""

from __future__ import annotations

from consent.model import GrantState
from pods.storage.base import Transaction


def living(tx: Transaction, controller: str, purpose: str, *, after: str, limit: int) -> list[str]:
    """Return ids of a controller's grants that are in force or rest, in order; of one purpose unless it is empty."""
    rows = tx.execute(
        "SELECT id FROM grant_ WHERE controller = ? AND (purpose = ? OR ? = '') AND state IN (?, ?) AND id > ?"
        " ORDER BY id LIMIT ?",
        (
            *(controller, purpose, purpose, GrantState.GIVEN.value, GrantState.SUSPENDED.value),
            *(after, limit),
        ),
    )
    return [row[0] for row in rows]
