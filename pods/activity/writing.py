"""Writing lines of the access log, before what they tell of is served."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from typing import Any

import orjson

from pods.activity import keys_sql
from pods.activity.line import hour_of, shared_text, with_grant
from pods.model import Agent
from pods.storage.base import Transaction
from pods.transparency import records
from pods.transparency.records import NONCE_BYTES, START

_INSERT = "INSERT INTO access_line (pod, seq, hour, tag, sealed, digest) VALUES (?, ?, ?, ?, ?, ?)"
ROWS = 64  # of one statement: each costs as much as a few rows, and takes the interpreter's lock again
_INSERT_MANY = _INSERT + ", (?, ?, ?, ?, ?, ?)" * (ROWS - 1)
_LAST = (
    "SELECT k.pod, k.key, l.seq, l.digest FROM pod_log AS k LEFT JOIN access_line AS l ON l.pod = k.pod"
    " AND l.seq = (SELECT max(seq) FROM access_line WHERE pod = ?) WHERE k.pod = ?"
)
# The logs that a long list names, each looked up in the index once, and its last line found where it lies.
_LASTS = (
    "SELECT k.pod, k.key, l.seq, l.digest FROM json_each(?) AS asked JOIN pod_log AS k ON k.pod = asked.value"
    " LEFT JOIN access_line AS l ON l.rowid ="
    " (SELECT rowid FROM access_line WHERE pod = k.pod ORDER BY seq DESC LIMIT 1)"
)


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
    shared = shared_text(at, agent.webid, agent.client_id, path, action, decision, reason, purpose)
    hour = hour_of(at)
    nonces = os.urandom(NONCE_BYTES * len(pods))
    rows: list[tuple[Any, ...]] = []
    seq = 0
    for number, (pod, grant) in enumerate(zip(pods, grants or (None,) * len(pods), strict=True)):
        key, seq, prev = known.get(pod) or (keys_sql.begin(tx, pod), 0, START)
        seq += 1
        nonce = nonces[number * NONCE_BYTES : (number + 1) * NONCE_BYTES]
        sealed = records.seal(key, seq, with_grant(shared, grant), nonce)
        tag = records.tag(key, agent.webid) if agent.webid is not None else None
        digest = records.chained(prev, seq, records.content_of(sealed))
        rows.append((pod, seq, hour, tag, sealed, digest))
    _add(tx, rows)
    return seq


def _add(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    start = 0
    while len(rows) - start >= ROWS:
        tx.execute(_INSERT_MANY, list(chain.from_iterable(rows[start : start + ROWS])))
        start += ROWS
    rest = rows[start:]
    if len(rest) == 1:
        tx.execute(_INSERT, rest[0])
    elif rest:
        tx.execute_many(_INSERT, rest)


def _last(tx: Transaction, pods: Sequence[int]) -> dict[int, tuple[bytes, int, bytes]]:
    """Return key, number and digest of the last line of each log that was begun."""
    if len(pods) == 1:
        found = tx.execute(_LAST, (pods[0], pods[0]))
    else:
        found = tx.execute(_LASTS, (orjson.dumps(list(pods)).decode(),))
    return {pod: (key, seq or 0, digest or START) for pod, key, seq, digest in found}
