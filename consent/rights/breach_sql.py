"""Rows of the register of breaches (GDPR art. 33(5)): what happened, what was done, and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from consent.rights.breach_steps import BreachState
from consent.rights.deadlines import HOUR, breach_due
from pods.storage.base import Transaction

_COLUMNS = (
    "id, aware_at, agent, client, begins, ends, nature, affected, notified_at, authority_at, closed_at,"
    " opened_by, consequences, measures, contact, public_at, data"
)


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
    opened_by: str = ""
    """The WebID of the organisation that reported it; nothing for the operator."""
    consequences: str = field(default="", repr=False)
    measures: str = field(default="", repr=False)
    contact: str = ""
    """Where more can be learned: the data protection officer, as a rule."""
    public_at: float | None = None
    data: tuple[str, ...] = ()
    """Shapes of the data that it is about; none means any."""

    @property
    def state(self) -> BreachState:
        """How far its handling has come."""
        if self.closed_at is not None:
            return BreachState.CLOSED
        return BreachState.OPEN if self.authority_at is None else BreachState.REPORTED

    @property
    def described(self) -> bool:
        """Whether it says what art. 34(2) wants people to be told."""
        return bool(self.consequences and self.measures and self.contact)

    @property
    def due_at(self) -> float:
        """Until when the authority must know."""
        return breach_due(self.aware_at)

    def overdue(self, at: float) -> bool:
        """Say whether the authority should know by now and does not."""
        return self.state is BreachState.OPEN and at > self.due_at

    def hours_left(self, at: float) -> int | None:
        """Return the whole hours left of the 72, below 0 when they are over; None once the clock stands still."""
        return int((self.due_at - at) // HOUR) if self.state is BreachState.OPEN else None

    @property
    def in_time(self) -> bool:
        """Whether the authority was told within the 72 hours."""
        return self.authority_at is not None and self.authority_at <= self.due_at

    def concerns(self, webid: str) -> bool:
        """Say whether it is this organisation's to handle: by its access, or by its own report."""
        return webid in (self.opened_by, self.agent)


def add(tx: Transaction, breach: Breach) -> None:
    """Open an entry."""
    tx.execute(
        f"INSERT INTO breach ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants only
        (
            *(breach.id, breach.aware_at, breach.agent, breach.client, breach.begins, breach.ends),
            *(breach.nature, breach.affected, breach.notified_at, breach.authority_at, breach.closed_at),
            *(breach.opened_by, breach.consequences, breach.measures, breach.contact, breach.public_at),
            " ".join(breach.data),
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


def save(tx: Transaction, breach: Breach) -> None:
    """Note how far the handling has come, and what is known by now; agent, span and nature stay as they were."""
    tx.execute(
        "UPDATE breach SET notified_at = ?, authority_at = ?, closed_at = ?, consequences = ?, measures = ?,"
        " contact = ?, public_at = ? WHERE id = ?",
        (
            *(breach.notified_at, breach.authority_at, breach.closed_at, breach.consequences),
            *(breach.measures, breach.contact, breach.public_at, breach.id),
        ),
    )


def still_open(tx: Transaction, opened_by: str) -> int:
    """Return how many entries that somebody opened are not closed."""
    rows = tx.execute("SELECT count(*) FROM breach WHERE opened_by = ? AND closed_at IS NULL", (opened_by,))
    return int(rows[0][0])


def was_told(tx: Transaction, breach_id: str, pod: int) -> bool:
    """Say whether the owner of a pod was told of a breach."""
    return bool(tx.execute("SELECT 1 FROM breach_notice WHERE breach = ? AND pod = ?", (breach_id, pod)))


def add_entry(tx: Transaction, breach_id: str, words: str, at: float, *, actor: str = "") -> None:
    """Append what was found out or done, and by whom (nobody is the operator); entries are never edited."""
    tx.execute(
        "INSERT INTO breach_entry (breach, number, at, words, actor)"
        " VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM breach_entry WHERE breach = ?), ?, ?, ?)",
        (breach_id, breach_id, at, words, actor),
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
    return replace(Breach(*row[:-1]), data=tuple(row[-1].split()))
