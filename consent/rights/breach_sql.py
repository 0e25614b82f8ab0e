"""Rows of the register of breaches (GDPR art. 33(5)): what happened, what was done, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.rights.deadlines import breach_due
from pods.storage.base import Transaction

_COLUMNS = "id, aware_at, agent, client, begins, ends, nature, affected, notified_at, authority_at, closed_at"


@dataclass(frozen=True, slots=True)
class Breach:
    """One breach: through whose access, when, and how far its handling has come. It names no person."""

    id: str
    aware_at: float
    agent: str
    client: str
    begins: float
    ends: float
    """The first moment after it."""
    nature: str = field(repr=False)
    affected: int
    """How many people, as counted when the entry was opened or last counted."""
    notified_at: float | None = None
    """When the last of the affected was told."""
    authority_at: float | None = None
    closed_at: float | None = None

    @property
    def due_at(self) -> float:
        """Until when the authority must know."""
        return breach_due(self.aware_at)

    def overdue(self, at: float) -> bool:
        """Say whether the authority should know by now and does not."""
        return self.authority_at is None and at > self.due_at


def add(tx: Transaction, breach: Breach) -> None:
    """Open an entry."""
    tx.execute(
        f"INSERT INTO breach ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants only
        (
            *(breach.id, breach.aware_at, breach.agent, breach.client, breach.begins, breach.ends),
            *(breach.nature, breach.affected, breach.notified_at, breach.authority_at, breach.closed_at),
        ),
    )


def one(tx: Transaction, breach_id: str) -> Breach | None:
    """Return an entry."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM breach WHERE id = ?", (breach_id,))  # noqa: S608  # constants only
    return _breach(rows[0]) if rows else None


def every(tx: Transaction) -> list[Breach]:
    """Return the register, the newest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM breach ORDER BY aware_at DESC, id")  # noqa: S608  # constants only
    return [_breach(row) for row in rows]


def notified(tx: Transaction, breach_id: str, at: float) -> None:
    """Note that everybody affected was told."""
    tx.execute("UPDATE breach SET notified_at = ? WHERE id = ?", (at, breach_id))


def authority_told(tx: Transaction, breach_id: str, at: float) -> None:
    """Note that the authority was told."""
    tx.execute("UPDATE breach SET authority_at = ? WHERE id = ?", (at, breach_id))


def closed(tx: Transaction, breach_id: str, at: float) -> None:
    """Close an entry; it stays in the register."""
    tx.execute("UPDATE breach SET closed_at = ? WHERE id = ?", (at, breach_id))


def add_entry(tx: Transaction, breach_id: str, words: str, at: float) -> None:
    """Append what was found out or done; entries are never edited."""
    tx.execute(
        "INSERT INTO breach_entry (breach, number, at, words)"
        " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM breach_entry WHERE breach = ?), ?, ?)",
        (breach_id, breach_id, at, words),
    )


def entries(tx: Transaction, breach_id: str) -> list[tuple[float, str]]:
    """Return time and words of what was noted, the oldest first."""
    rows = tx.execute("SELECT at, words FROM breach_entry WHERE breach = ? ORDER BY number", (breach_id,))
    return [(at, words) for at, words in rows]


def note_told(tx: Transaction, breach_id: str, pod: int, at: float) -> bool:
    """Note that the owner of a pod is told; say whether they had not been."""
    rows = tx.execute(
        "INSERT INTO breach_notice (breach, pod, at) VALUES (?, ?, ?)"
        " ON CONFLICT (breach, pod) DO NOTHING RETURNING pod",
        (breach_id, pod, at),
    )
    return bool(rows)


def told(tx: Transaction, breach_id: str) -> int:
    """Return how many were told, those who left since not counted."""
    rows = tx.execute("SELECT count(*) FROM breach_notice WHERE breach = ?", (breach_id,))
    return int(rows[0][0])


def pods_after(tx: Transaction, key: int, limit: int) -> list[int]:
    """Return keys of pods in order, from the one after `key` on; pods on their way out have no owner any more."""
    rows = tx.execute("SELECT key FROM pod WHERE key > ? AND owner <> '' ORDER BY key LIMIT ?", (key, limit))
    return [row[0] for row in rows]


def _breach(row: Sequence[Any]) -> Breach:
    return Breach(*row)
