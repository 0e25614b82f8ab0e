"""Emptying lines: their text goes, the digests stay, and the chain can still be verified."""

from __future__ import annotations

from collections.abc import Sequence

from pods.storage.base import Transaction
from pods.transparency.records import content_of

STEP = 500  # lines of one commit

Due = tuple[int, int, bytes]
"""Pod, number and sealed text of a line to be emptied."""


def due(tx: Transaction, before: float) -> list[Due]:
    """Return some lines that were written before a time and still have their text."""
    rows = tx.execute(
        "SELECT pod, seq, sealed FROM access_line WHERE hour < ? AND sealed IS NOT NULL LIMIT ?",
        (before - 3600, STEP),  # of an hour, the last line counts
    )
    return [(pod, seq, bytes(sealed)) for pod, seq, sealed in rows]


def of_pod(tx: Transaction, pod: int, limit: int) -> list[Due]:
    """Return some lines of a pod that still have their text."""
    rows = tx.execute(
        "SELECT pod, seq, sealed FROM access_line WHERE pod = ? AND sealed IS NOT NULL ORDER BY seq LIMIT ?",
        (pod, limit),
    )
    return [(pod, seq, bytes(sealed)) for pod, seq, sealed in rows]


def empty(tx: Transaction, lines: Sequence[Due]) -> None:
    """Leave of each line its place in the chain: its number and digests, and no time."""
    tx.execute_many(
        "UPDATE access_line SET sealed = NULL, tag = NULL, hour = 0, content = ? WHERE pod = ? AND seq = ?",
        [(content_of(sealed), pod, seq) for pod, seq, sealed in lines],
    )
