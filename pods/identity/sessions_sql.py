"""Rows of log-in sessions on the provider's own pages."""

from __future__ import annotations

from dataclasses import dataclass

from pods.storage.base import Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody logged in at this time."""

    id: str | None
    """What its owner names it by to end it; None for one from before sessions had names."""
    account: int
    started: float
    browser: str
    """What the browser called itself, shortened."""


_SESSION = "SELECT id, account, started, browser FROM session WHERE "


def session(tx: Transaction, digest: bytes, now: float) -> Session | None:
    """Return the live session of this cookie."""
    rows = tx.execute(_SESSION + "digest = ? AND expires > ?", (digest, now))
    return Session(*rows[0]) if rows else None


def sessions_of(tx: Transaction, account: int, now: float) -> list[Session]:
    """Return the live sessions of an account, the latest first."""
    rows = tx.execute(_SESSION + "account = ? AND expires > ? ORDER BY started DESC", (account, now))
    return [Session(*row) for row in rows]


def add_session(tx: Transaction, digest: bytes, new: Session, expires: float) -> None:
    """Add a session, and forget the expired ones."""
    tx.execute("DELETE FROM session WHERE expires < ?", (new.started,))
    tx.execute(
        "INSERT INTO session (digest, account, started, expires, id, browser) VALUES (?, ?, ?, ?, ?, ?)",
        (digest, new.account, new.started, expires, new.id, new.browser),
    )


def end_session(tx: Transaction, digest: bytes) -> None:
    """Remove one session."""
    tx.execute("DELETE FROM session WHERE digest = ?", (digest,))


def end_named(tx: Transaction, account: int, session_id: str) -> None:
    """Remove the session of an account that has this name."""
    tx.execute("DELETE FROM session WHERE account = ? AND id = ?", (account, session_id))


def end_sessions(tx: Transaction, account: int) -> None:
    """Remove all sessions of an account, as after a change of its password."""
    tx.execute("DELETE FROM session WHERE account = ?", (account,))
