"""Rows of notices that go to inboxes on other hosts, until they are taken or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pods.storage.base import Transaction

_NOTICE = (
    "SELECT name, recipient, content, made_at, next_at, failures, why, taken_at, given_up_at FROM notice_out"
)
_OPEN = "taken_at IS NULL AND given_up_at IS NULL"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice for somebody whose inbox is on another host, and how sending it went."""

    name: str
    recipient: str
    content: str
    made_at: float
    next_at: float
    failures: int
    why: str
    """What went wrong last."""
    taken_at: float | None
    given_up_at: float | None


def add(tx: Transaction, name: str, recipient: str, pod: int, content: str, at: float) -> None:
    """Queue a notice; one of this name that is there already stays as it is, sent or not."""
    tx.execute(
        "INSERT INTO notice_out (name, recipient, pod, content, made_at, next_at, failures, why)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, '') ON CONFLICT (name) DO NOTHING",
        (name, recipient, pod, content, at, at),
    )


def due(tx: Transaction, at: float, limit: int) -> list[Outgoing]:
    """Return what may be sent now, what waits longest first."""
    rows = tx.execute(f"{_NOTICE} WHERE {_OPEN} AND next_at <= ? ORDER BY next_at, name LIMIT ?", (at, limit))
    return [_outgoing(row) for row in rows]


def claim(tx: Transaction, notice: Outgoing, until: float) -> bool:
    """Keep other processes from sending this one for a while; False if one of them was first."""
    tx.execute(
        f"UPDATE notice_out SET next_at = ? WHERE name = ? AND next_at = ? AND {_OPEN}",  # noqa: S608  # constants only
        (until, notice.name, notice.next_at),
    )
    return tx.row_count == 1


def taken(tx: Transaction, name: str, at: float) -> None:
    """Note that the inbox took it."""
    tx.execute("UPDATE notice_out SET taken_at = ?, why = '' WHERE name = ?", (at, name))


def failed(tx: Transaction, name: str, why: str, next_at: float) -> None:
    """Note that it was not taken, and when to try again."""
    tx.execute(
        "UPDATE notice_out SET failures = failures + 1, why = ?, next_at = ? WHERE name = ?",
        (why, next_at, name),
    )


def given_up(tx: Transaction, name: str, why: str, at: float) -> None:
    """Note that nobody tries any more."""
    tx.execute(
        "UPDATE notice_out SET failures = failures + 1, why = ?, given_up_at = ? WHERE name = ?",
        (why, at, name),
    )


def one(tx: Transaction, name: str) -> Outgoing | None:
    """Return a notice, or None if it did not go to another host."""
    rows = tx.execute(f"{_NOTICE} WHERE name = ?", (name,))
    return _outgoing(rows[0]) if rows else None


def undelivered(tx: Transaction) -> list[Outgoing]:
    """Return what was refused or not reached so far, what was given up first."""
    rows = tx.execute(
        f"{_NOTICE} WHERE taken_at IS NULL AND failures > 0 ORDER BY given_up_at IS NULL, made_at, name"
    )
    return [_outgoing(row) for row in rows]


def _outgoing(row: Sequence[Any]) -> Outgoing:
    return Outgoing(*row)
