"""Reading lines of the access log: opened with the pod's key, without those whose text is no longer kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pods.activity import keys_sql
from pods.activity.line import Line, hour_of, line_of
from pods.storage.base import Transaction
from pods.transparency import records
from pods.transparency.records import START, Record

PAGE = 1_000  # lines in memory at a time
_LINE = (
    "SELECT l.seq, l.sealed, (SELECT p.digest FROM access_line AS p WHERE p.pod = l.pod AND p.seq = l.seq - 1),"
    " l.digest FROM access_line AS l WHERE l.pod = ? AND l.sealed IS NOT NULL AND "
)
_AFTER = f"{_LINE} l.seq > ? ORDER BY l.seq LIMIT ?"
_BEFORE = f"{_LINE} l.seq < ? ORDER BY l.seq DESC LIMIT ?"
_BETWEEN = f"{_LINE} l.hour >= ? AND l.hour < ? ORDER BY l.seq"
_RECORDS = (
    "SELECT seq, digest, sealed, content FROM access_line WHERE pod = ? AND seq > ? ORDER BY seq LIMIT ?"
)
_LAST_NUMBER = 1 << 62


def lines(tx: Transaction, pod: int, *, after: int = 0, limit: int) -> list[Line]:
    """Return lines in order, from the one after number `after` on."""
    return _opened(tx, pod, tx.execute(_AFTER, (pod, after, limit)))


def newest(tx: Transaction, pod: int, *, before: int | None = None, limit: int) -> list[Line]:
    """Return lines, newest first, from the one below number `before` on."""
    below = _LAST_NUMBER if before is None else before
    return _opened(tx, pod, tx.execute(_BEFORE, (pod, below, limit)))


def between(tx: Transaction, pod: int, start: float, end: float) -> list[Line]:
    """Return the lines of a span of time, the end not included."""
    found = _opened(tx, pod, tx.execute(_BETWEEN, (pod, hour_of(start), end)))
    return [line for line in found if start <= line.at < end]


def stored(tx: Transaction, pod: int, *, after: int = 0, limit: int = PAGE) -> list[Record]:
    """Return lines as they are stored, in order, from the one after number `after` on."""
    return [
        Record(seq, bytes(digest), bytes(sealed) if sealed is not None else None, bytes(content or b""))
        for seq, digest, sealed, content in tx.execute(_RECORDS, (pod, after, limit))
    ]


def digests(tx: Transaction, pod: int, *, after: int) -> list[bytes]:
    """Return the digests of lines in order, from the one after number `after` on."""
    rows = tx.execute(
        "SELECT digest FROM access_line WHERE pod = ? AND seq > ? ORDER BY seq LIMIT ?", (pod, after, PAGE)
    )
    return [bytes(digest) for (digest,) in rows]


def every(tx: Transaction, pod: int) -> Iterator[Record]:
    """Return all lines as they are stored."""
    after = 0
    while page := stored(tx, pod, after=after):
        yield from page
        after = page[-1].seq


def _opened(tx: Transaction, pod: int, rows: list[tuple[Any, ...]]) -> list[Line]:
    log = keys_sql.log_of(tx, pod) if rows else None
    if log is None:
        return []
    return [
        line_of(pod, seq, records.opened(log.key, seq, bytes(sealed)), bytes(prev or START), bytes(digest))
        for seq, sealed, prev, digest in rows
    ]
