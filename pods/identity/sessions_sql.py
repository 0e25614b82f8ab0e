"""Rows of log-in sessions on the provider's own pages."""

from __future__ import annotations

from dataclasses import dataclass

from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody logged in at this time."""

    account: int
    started: float


def session(tx: Transaction, digest: bytes, now: float) -> Session | None:
    """Return the live session of this cookie."""
    rows = tx.execute("SELECT account, started FROM session WHERE digest = ? AND expires > ?", (digest, now))
    return Session(*rows[0]) if rows else None


def add_session(tx: Transaction, digest: bytes, account: int, now: float, expires: float) -> None:
    """Add a session, and forget the expired ones."""
    tx.execute("DELETE FROM session WHERE expires < ?", (now,))
    tx.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (digest, account, now, expires))


def end_session(tx: Transaction, digest: bytes) -> None:
    """Remove one session."""
    tx.execute("DELETE FROM session WHERE digest = ?", (digest,))


def end_sessions(tx: Transaction, account: int) -> None:
    """Remove all sessions of an account, as after a change of its password."""
    tx.execute("DELETE FROM session WHERE account = ?", (account,))
