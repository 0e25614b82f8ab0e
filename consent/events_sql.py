"""Rows of what happened to grants: only ever added, and read from any point on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from consent.grants_sql import items_from_json, items_to_json
from consent.model import DataItem, Grant, GrantEvent, GrantState
from pods.storage.base import Transaction

Happened = tuple[GrantState, float, float, tuple[DataItem, ...], str, GrantEvent]
"""State, time, end, items, actor and event of something that happened to a grant."""


def add(
    tx: Transaction,
    grant: Grant,
    event: GrantEvent,
    client: str,
    at: float,
    *,
    actor: str = "",
    reason: str = "",
) -> None:
    """Append what happened to a grant; the list is never edited."""
    tx.execute(
        "INSERT INTO consent_event (grant_id, number, event, state, at, expires_at, epoch, client, items,"
        " actor, reason)"
        " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM consent_event WHERE grant_id = ?),"
        " ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(grant.id, grant.id, event.value, grant.state.value, at),
            *(grant.expires_at, grant.epoch, client, items_to_json(grant.items), actor, reason),
        ),
    )


def last(tx: Transaction, grant_id: str) -> tuple[GrantEvent, str, str] | None:
    """Return event, actor and reason of what happened last to a grant."""
    rows = tx.execute(
        "SELECT event, actor, reason FROM consent_event WHERE grant_id = ? ORDER BY number DESC LIMIT 1",
        (grant_id,),
    )
    return (GrantEvent(rows[0][0]), rows[0][1], rows[0][2]) if rows else None


def refusers(tx: Transaction, grant_id: str) -> frozenset[str]:
    """Return who said no since anything else happened to a grant."""
    rows = tx.execute(
        "SELECT actor FROM consent_event WHERE grant_id = ? AND event = ? AND number >"
        " (SELECT coalesce(max(number), 0) FROM consent_event WHERE grant_id = ? AND event <> ?)",
        (grant_id, GrantEvent.REFUSE.value, grant_id, GrantEvent.REFUSE.value),
    )
    return frozenset(actor for (actor,) in rows)


def after(tx: Transaction, grant_id: str, number: int) -> list[tuple[int, Happened]]:
    """Return what happened to a grant after the event of a number, each with its own number, the oldest first."""
    rows = tx.execute(
        "SELECT number, state, at, expires_at, items, actor, event FROM consent_event"
        " WHERE grant_id = ? AND number > ? ORDER BY number",
        (grant_id, number),
    )
    return [(row[0], _happened(row[1:])) for row in rows]


def count(tx: Transaction, grant_id: str) -> int:
    """Return how much happened to a grant; it costs the same however much that is."""
    rows = tx.execute("SELECT coalesce(max(number), 0) FROM consent_event WHERE grant_id = ?", (grant_id,))
    return int(rows[0][0])


def agreed(tx: Transaction, grant_id: str) -> Happened | None:
    """Return when and to what consent was given last, by the person or by a version that asks for no more."""
    # The words are those of the index `consent_event_agreed`: without it, a grant that rested often is read through.
    rows = tx.execute(
        "SELECT state, at, expires_at, items, actor, event FROM consent_event"
        " WHERE grant_id = ? AND event IN ('give', 'carry over') ORDER BY number DESC LIMIT 1",
        (grant_id,),
    )
    return _happened(rows[0]) if rows else None


def _happened(row: Sequence[Any]) -> Happened:
    state, at, end, items, actor, event = row
    return GrantState(state), at, end, items_from_json(items), actor, GrantEvent(event)
