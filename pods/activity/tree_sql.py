"""The host's tree: an entry for each log that grew, and the signed checkpoints over all entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pods.storage.base import Transaction
from pods.transparency import merkle

_NOTES = "SELECT size, at, note, verifier_key FROM log_checkpoint"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed note of the tree, and the public key that verifies it."""

    size: int
    at: float
    note: str
    verifier_key: str


def node(tx: Transaction) -> merkle.Node:
    """Return what gives the full subtrees of the host's tree."""

    def full(level: int, position: int) -> bytes:
        rows = tx.execute("SELECT hash FROM log_node WHERE level = ? AND position = ?", (level, position))
        # What somebody took away is as wrong as what somebody changed: no proof through it holds.
        return bytes(rows[0][0]) if rows else merkle.EMPTY

    return full


def size(tx: Transaction) -> int:
    """Return how many entries the tree has."""
    return int(tx.execute("SELECT coalesce(max(position) + 1, 0) FROM log_node WHERE level = 0")[0][0])


def add(tx: Transaction, subtrees: Mapping[tuple[int, int], bytes]) -> None:
    """Add the full subtrees that new entries complete, by level and position."""
    tx.execute_many(
        "INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)",
        [(level, position, value) for (level, position), value in subtrees.items()],
    )


def add_checkpoint(tx: Transaction, checkpoint: Signed) -> None:
    """Keep a signed note of the tree as it is now, for ever."""
    tx.execute(
        "INSERT INTO log_checkpoint (size, at, note, verifier_key) VALUES (?, ?, ?, ?)",
        (checkpoint.size, checkpoint.at, checkpoint.note, checkpoint.verifier_key),
    )


def newest(tx: Transaction) -> Signed | None:
    """Return the newest checkpoint."""
    rows = tx.execute(f"{_NOTES} ORDER BY size DESC LIMIT 1")
    return Signed(*rows[0]) if rows else None


def checkpoints(tx: Transaction, *, after: int, limit: int) -> list[Signed]:
    """Return the checkpoints of trees larger than `after`, in order."""
    return [
        Signed(*row) for row in tx.execute(f"{_NOTES} WHERE size > ? ORDER BY size LIMIT ?", (after, limit))
    ]


def has_checkpoint(tx: Transaction, tree_size: int) -> bool:
    """Say whether a tree of this size was signed."""
    return bool(tx.execute("SELECT 1 FROM log_checkpoint WHERE size = ?", (tree_size,)))
