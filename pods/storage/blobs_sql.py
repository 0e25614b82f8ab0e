"""Blobs that no row names: uploads under way, and what was replaced or deleted, until they are removed."""

from __future__ import annotations

from pods.storage.base import Transaction


def expect(tx: Transaction, key: str, due: float) -> None:
    """Note an upload before its first byte is stored: unless a row names it by `due`, it is removed."""
    tx.execute("INSERT INTO dropped_blob (key, due) VALUES (?, ?)", (key, due))


def prolong(tx: Transaction, key: str, due: float) -> bool:
    """Give an upload that is under way more time; say whether it still may go on."""
    tx.execute("UPDATE dropped_blob SET due = ? WHERE key = ? AND removing = 0", (due, key))
    return tx.row_count == 1


def give_up(tx: Transaction, key: str, at: float) -> None:
    """Let an upload that failed be removed at once."""
    tx.execute("UPDATE dropped_blob SET due = ? WHERE key = ?", (at, key))


def take_due(tx: Transaction, at: float, limit: int) -> list[str]:
    """Return blobs to remove now; from here on none of them can become a resource's content.

    What another sweeper took and did not finish is returned again: removing twice does no harm.
    """
    rows = tx.execute(
        "UPDATE dropped_blob SET removing = 1 WHERE key IN "
        "(SELECT key FROM dropped_blob WHERE due <= ? ORDER BY due LIMIT ?) RETURNING key",
        (at, limit),
    )
    return [str(key) for (key,) in rows]


def forget(tx: Transaction, keys: list[str]) -> None:
    """Strike out blobs that were removed."""
    tx.execute_many("DELETE FROM dropped_blob WHERE key = ? AND removing = 1", [(key,) for key in keys])


def readable(tx: Transaction, key: str, until: float) -> bool:
    """Say whether a blob surely lies in the blob store until then: a row names it, or it is dropped later."""
    named = tx.execute("SELECT 1 FROM resource WHERE blob = ?", (key,))
    return bool(
        named
        or tx.execute("SELECT 1 FROM dropped_blob WHERE key = ? AND removing = 0 AND due > ?", (key, until))
    )
