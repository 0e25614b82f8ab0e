"""The public register: every question that was asked, by whom, what it cost and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from pods.storage.base import Transaction

RUNNING, ANSWERED, STORED, REFUSED, FAILED = "running", "answered", "stored", "refused", "failed"
_COLUMNS = "id, programme, asked_at, asked_by, body, snapshot, outcome, rho, reason, release"


@dataclass(frozen=True, slots=True)
class Question:
    """An entry. `body` is the question as it was asked; `reason` says why it was refused."""

    id: str
    programme: str
    asked_at: float
    asked_by: str
    body: Any
    snapshot: str
    outcome: str
    rho: int = 0
    reason: str = ""
    release: str | None = None


def add_question(tx: Transaction, question: Question) -> None:
    """Add an entry; entries are never removed."""
    tx.execute(
        f"INSERT INTO question ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants
        (
            *(question.id, question.programme, question.asked_at, question.asked_by),
            *(orjson.dumps(question.body).decode(), question.snapshot, question.outcome, question.rho),
            *(question.reason, question.release),
        ),
    )


def settle_question(tx: Transaction, question: str, outcome: str, reason: str = "") -> None:
    """Say what came of a question that was running."""
    tx.execute(
        "UPDATE question SET outcome = ?, reason = ? WHERE id = ? AND outcome = ?",
        (outcome, reason, question, RUNNING),
    )


def settle_burned(tx: Transaction, release: str, reason: str) -> None:
    """Close the question that a stopped process was computing this release for."""
    tx.execute(
        "UPDATE question SET outcome = ?, reason = ? WHERE release = ? AND outcome = ?",
        (FAILED, reason, release, RUNNING),
    )


def question(tx: Transaction, identifier: str) -> Question | None:
    """Return an entry."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM question WHERE id = ?", (identifier,))  # noqa: S608  # constants
    return _question(rows[0]) if rows else None


def questions(tx: Transaction, programme: str, *, before: float, limit: int) -> list[Question]:
    """Return the entries of a programme that were asked before a time, the newest first."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM question WHERE programme = ? AND asked_at < ?"  # noqa: S608  # constants
        " ORDER BY asked_at DESC, id LIMIT ?",
        (programme, before, limit),
    )
    return [_question(row) for row in rows]


def _question(row: Sequence[Any]) -> Question:
    identifier, programme, asked_at, asked_by, body, snapshot, outcome, rho, reason, release = row
    plain = orjson.loads(body)
    return Question(identifier, programme, asked_at, asked_by, plain, snapshot, outcome, rho, reason, release)
