"""Emptying lines: their text goes, the digests stay, and the chain can still be verified."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from pods.activity.line import HOUR
from pods.storage.base import Transaction
from pods.transparency.records import content_of

STEP = 500  # lines of one commit

Due = tuple[int, int, bytes]
"""Pod, number and sealed text of a line to be emptied."""

_LOG_DUE = (
    "SELECT k.pod, k.emptied FROM pod_log AS k JOIN access_line AS l ON l.pod = k.pod AND l.seq ="
    " (SELECT min(seq) FROM access_line WHERE pod = k.pod AND seq > k.emptied AND sealed IS NOT NULL)"
    " WHERE l.hour <= ? LIMIT 1"
)
_LINES = (
    "SELECT pod, seq, sealed, hour FROM access_line WHERE pod = ? AND seq > ? AND sealed IS NOT NULL"
    " ORDER BY seq LIMIT ?"
)


def due(tx: Transaction, before: float) -> list[Due]:
    """Return some lines of one log that were written before a time and still have their text.

    Each log is read on from where it was emptied last: what is long empty costs nothing, however much that is.
    """
    latest = before - HOUR  # of an hour, the last line counts
    logs = tx.execute(_LOG_DUE, (latest,))
    rows = tx.execute(_LINES, (*logs[0], STEP)) if logs else []
    return [
        (pod, seq, bytes(sealed)) for pod, seq, sealed, _ in takewhile(lambda row: row[3] <= latest, rows)
    ]


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
    ends = {pod: seq for pod, seq, _ in sorted(lines)}
    tx.execute_many("UPDATE pod_log SET emptied = ? WHERE pod = ?", [(seq, pod) for pod, seq in ends.items()])
