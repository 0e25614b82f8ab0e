"""Rows of votes: who voted in one table, what was voted in another, and nothing that links them."""

from __future__ import annotations

import sqlite3


def mark_voter(tx: sqlite3.Connection, voter: str) -> bool:
    """Mark a member as having voted; False if that happened before."""
    return tx.execute("INSERT INTO voter (id) VALUES (?) ON CONFLICT DO NOTHING", (voter,)).rowcount == 1


def count_vote(tx: sqlite3.Connection, run_id: str, project: str) -> None:
    """Add one vote. A sum has no order, so that even two copies of the file give only the difference."""
    tx.execute(
        "INSERT INTO tally (run, project, votes) VALUES (?, ?, 1)"
        " ON CONFLICT (run, project) DO UPDATE SET votes = tally.votes + 1",
        (run_id, project),
    )


def result(tx: sqlite3.Connection, run_id: str) -> dict[str, int]:
    return dict(tx.execute("SELECT project, votes FROM tally WHERE run = ?", (run_id,)).fetchall())
