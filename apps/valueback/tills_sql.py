"""Rows of tills and of receipt numbers that were given out; nothing of what was bought."""

from __future__ import annotations

import hashlib
import sqlite3


def add(tx: sqlite3.Connection, token: str, shop: str, label: str, *, at: float) -> None:
    """Register a till; of its token only the digest is kept."""
    tx.execute(
        "INSERT INTO till (id, shop, label, created_at) VALUES (?, ?, ?, ?)",
        (_digest(token), shop, label, at),
    )


def shop_of(tx: sqlite3.Connection, unverified_token: str) -> str | None:
    """Return the shop of a token that was not revoked."""
    row = tx.execute(
        "SELECT shop FROM till WHERE id = ? AND revoked_at IS NULL", (_digest(unverified_token),)
    ).fetchone()
    return None if row is None else str(row[0])


def of_shop(tx: sqlite3.Connection, shop: str) -> list[tuple[str, str, float]]:
    """Return id, label and time of the tills in use."""
    return list(
        tx.execute(
            "SELECT id, label, created_at FROM till WHERE shop = ? AND revoked_at IS NULL ORDER BY created_at",
            (shop,),
        ).fetchall()
    )


def revoke(tx: sqlite3.Connection, shop: str, till: str, *, at: float) -> None:
    tx.execute("UPDATE till SET revoked_at = ? WHERE id = ? AND shop = ?", (at, till, shop))


def number_is_new(tx: sqlite3.Connection, shop: str, receipt: str) -> bool:
    """Take a receipt number; False if it was given out before."""
    added = tx.execute(
        "INSERT INTO issued (shop, receipt) VALUES (?, ?) ON CONFLICT DO NOTHING", (shop, receipt)
    )
    return added.rowcount == 1


def _digest(token: str) -> str:
    return hashlib.sha256(b"portico till\x00" + token.encode()).hexdigest()
