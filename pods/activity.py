"""The access log of each pod: lines chained by digests, so that none can be dropped or changed unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pods.model import Agent, Path
from pods.storage.base import Transaction

START = b"\0" * 32
"""What the first line of a pod follows."""

PERMIT = "permit"
DENY = "deny"
_COLUMNS = "pod, seq, at, agent, client, path, action, decision, reason, grant_, purpose, prev, digest"
_INSERT = f"INSERT INTO access_line ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_LAST = "SELECT seq, digest FROM access_line WHERE pod = ? ORDER BY seq DESC LIMIT 1"
# The logs that a long list names, each looked up in the index.
_LASTS = (
    "SELECT l.pod, l.seq, l.digest FROM"
    " (SELECT asked.value AS pod, (SELECT max(seq) FROM access_line WHERE pod = asked.value) AS seq"
    " FROM json_each(?) AS asked) AS last JOIN access_line AS l ON l.pod = last.pod AND l.seq = last.seq"
)
_AFTER = f"SELECT {_COLUMNS} FROM access_line WHERE pod = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
_BETWEEN = f"SELECT {_COLUMNS} FROM access_line WHERE pod = ? AND at >= ? AND at < ? ORDER BY seq"  # noqa: S608
_PAGE = 1_000  # lines held in memory while a chain is verified


@dataclass(frozen=True, slots=True)
class Line:
    """Who did what to which resource, when, under which grant and for which purpose."""

    pod: int
    seq: int
    at: float
    agent: str | None
    client: str | None
    path: str
    action: str
    decision: str
    reason: str
    grant: str | None
    purpose: str | None
    prev: bytes
    digest: bytes


def append(
    tx: Transaction,
    pod: int,
    *,
    agent: Agent,
    path: str,
    action: str,
    decision: str,
    reason: str = "",
    grant: str | None = None,
    purpose: str | None = None,
    at: float,
) -> int:
    """Write a line and return its number in the pod's log. It is durable with the transaction."""
    return append_many(
        tx,
        (pod,),
        agent=agent,
        path=path,
        action=action,
        decision=decision,
        reason=reason,
        grants=(grant,),
        purpose=purpose,
        at=at,
    )


def append_many(
    tx: Transaction,
    pods: Sequence[int],
    *,
    agent: Agent,
    path: str,
    action: str,
    decision: str,
    reason: str = "",
    grants: Sequence[str | None] | None = None,
    purpose: str | None = None,
    at: float,
) -> int:
    """Write the same line into many pods' logs and return the number of the last one.

    `grants` are in the order of the pods, since each pod has a grant of its own.
    """
    known = _last(tx, pods)
    at = float(at)  # as the database gives it back, or the digest would differ
    middle = _json([at, agent.webid, agent.client_id, path, action, decision, reason])[1:-1]
    end = _json(purpose)
    shared = (at, agent.webid, agent.client_id, path, action, decision, reason)
    rows = []
    seq = 0
    for pod, grant in zip(pods, grants or (None,) * len(pods), strict=True):
        seq, prev = known.get(pod, (0, START))
        seq += 1
        # The same text that `_digest` makes; written so that thousands of lines share the work of what they share.
        digest = hashlib.sha256(f"[{pod},{seq},{middle},{_json(grant)},{end}]".encode() + prev).digest()
        rows.append((pod, seq, *shared, grant, purpose, prev, digest))
    if len(rows) == 1:
        tx.execute(_INSERT, rows[0])
    else:
        tx.execute_many(_INSERT, rows)
    return seq


def _last(tx: Transaction, pods: Sequence[int]) -> dict[int, tuple[int, bytes]]:
    """Return number and digest of the last line of each log that has one."""
    if len(pods) == 1:
        found = tx.execute(_LAST, (pods[0],))
        return {pods[0]: (found[0][0], found[0][1])} if found else {}
    return {pod: (seq, digest) for pod, seq, digest in tx.execute(_LASTS, (_json(list(pods)),))}


def lines(tx: Transaction, pod: int, *, after: int = 0, limit: int) -> list[Line]:
    """Return lines in order, from the one after number `after` on."""
    return [Line(*row) for row in tx.execute(_AFTER, (pod, after, limit))]


def between(tx: Transaction, pod: int, start: float, end: float) -> list[Line]:
    """Return the lines of a span of time, the end not included."""
    return [Line(*row) for row in tx.execute(_BETWEEN, (pod, start, end))]


def verify(tx: Transaction, pod: int) -> bool:
    """Say whether the log is whole: every line follows the one before and says what it said when written."""
    seq, prev = 0, START
    while page := lines(tx, pod, after=seq, limit=_PAGE):
        for line in page:
            said = (line.pod, line.seq, line.at, line.agent, line.client, line.path, line.action)
            more = (line.decision, line.reason, line.grant, line.purpose)
            if line.seq != seq + 1 or line.prev != prev or line.digest != _digest((*said, *more), prev):
                return False
            seq, prev = line.seq, line.digest
    return True


def _digest(said: tuple[int | float | str | Path | None, ...], prev: bytes) -> bytes:
    return hashlib.sha256(_json(said).encode() + prev).digest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
