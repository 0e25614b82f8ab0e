"""The key of each pod's log: made with its first line, destroyed with the pod, and its lines are unreadable then."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from pods.errors import Gone
from pods.storage.base import Transaction
from pods.transparency.records import KEY_BYTES

BLIND_BYTES = 32


@dataclass(frozen=True, slots=True)
class PodLog:
    """A log: its keys, and how far the host's tree speaks of it: `size` lines, in the entry `leaf`."""

    pod: int
    blind: bytes
    key: bytes
    size: int
    peaks: tuple[bytes, ...]
    leaf: int | None


@dataclass(frozen=True, slots=True)
class Cover:
    """That the entry `leaf` of the host's tree speaks of the first `size` lines of a log."""

    pod: int
    size: int
    peaks: tuple[bytes, ...]
    leaf: int


def begin(tx: Transaction, pod: int) -> bytes:
    """Make the key of a pod that has no line yet, and return it; raise Gone if the pod is being removed."""
    if tx.execute("SELECT 1 FROM removal WHERE pod = ?", (pod,)):
        raise Gone("This pod was removed a moment ago, and its log with it.")
    key = secrets.token_bytes(KEY_BYTES)
    tx.execute(
        "INSERT INTO pod_log (pod, blind, key, size, peaks) VALUES (?, ?, ?, 0, ?)",
        (pod, secrets.token_bytes(BLIND_BYTES), key, b""),
    )
    return key


def log_of(tx: Transaction, pod: int) -> PodLog | None:
    """Return what the host keeps about a log; None if it has no line yet, or its pod is gone."""
    rows = tx.execute("SELECT pod, blind, key, size, peaks, leaf FROM pod_log WHERE pod = ?", (pod,))
    return _log(*rows[0]) if rows else None


def grown(tx: Transaction) -> list[PodLog]:
    """Return the logs with lines that no checkpoint covers."""
    rows = tx.execute(
        "SELECT pod, blind, key, size, peaks, leaf FROM pod_log AS k"
        " WHERE size < (SELECT max(seq) FROM access_line WHERE pod = k.pod) ORDER BY pod"
    )
    return [_log(*row) for row in rows]


def keys(tx: Transaction) -> list[tuple[int, bytes]]:
    """Return pod and key of every log."""
    return [(pod, bytes(key)) for pod, key in tx.execute("SELECT pod, key FROM pod_log ORDER BY pod")]


def cover(tx: Transaction, covers: Sequence[Cover]) -> None:
    """Note which entry of the host's tree speaks of how many lines of each log."""
    tx.execute_many(
        "UPDATE pod_log SET size = ?, peaks = ?, leaf = ? WHERE pod = ?",
        [(one.size, b"".join(one.peaks), one.leaf, one.pod) for one in covers],
    )


def destroy(tx: Transaction, pod: int) -> None:
    """Forget the key: from this commit on nobody can read what the lines said, or tell which entries were theirs."""
    tx.execute("DELETE FROM pod_log WHERE pod = ?", (pod,))


def _log(pod: int, blind: bytes, key: bytes, size: int, peaks: bytes, leaf: int | None) -> PodLog:
    cut = tuple(bytes(peaks[at : at + 32]) for at in range(0, len(peaks), 32))
    return PodLog(pod, bytes(blind), bytes(key), size, cut, leaf)
