"""Sealing the lines that earlier versions wrote in plain text (step log-1 puts them aside)."""

from __future__ import annotations

import os
from typing import Any

from pods.activity import keys_sql
from pods.activity.line import hour_of, shared_text, with_grant
from pods.storage.base import Store, Transaction
from pods.transparency import records
from pods.transparency.records import NONCE_BYTES, START

_PLAIN = (
    "SELECT seq, at, agent, client, path, action, decision, reason, purpose, grant_ FROM plain_line"
    " WHERE pod = ? ORDER BY seq LIMIT ?"
)
_INSERT = "INSERT INTO access_line (pod, seq, hour, tag, sealed, digest) VALUES (?, ?, ?, ?, ?, ?)"
PAGE = 1_000


def seal_plain_lines(store: Store) -> int:
    """Seal what is still plain, a log to a commit, before anything is served; return how many lines there were.

    The chain begins anew over what is sealed; a number that was missing stays missing. A crash leaves logs that
    are sealed and logs that are not.
    """
    with store.reading() as tx:
        pods = [pod for (pod,) in tx.execute("SELECT DISTINCT pod FROM plain_line ORDER BY pod")]
    count = 0
    for pod in pods:
        with store.writing() as tx:
            count += _seal(tx, pod)
    if count:
        store.purge()
    return count


def _seal(tx: Transaction, pod: int) -> int:
    rows = tx.execute(_PLAIN, (pod, PAGE))
    if not rows:
        return 0  # another worker was first
    key, prev, count = keys_sql.begin(tx, pod), START, 0
    while rows:
        sealed: list[tuple[Any, ...]] = []
        for seq, at, agent, client, path, action, decision, reason, purpose, grant in rows:
            shared = shared_text(at, agent, client, path, action, decision, reason, purpose)
            line = records.seal(key, seq, with_grant(shared, grant), os.urandom(NONCE_BYTES))
            prev = records.chained(prev, seq, records.content_of(line))
            tag = records.tag(key, agent) if agent is not None else None
            sealed.append((pod, seq, hour_of(at), tag, line, prev))
        tx.execute_many(_INSERT, sealed)
        tx.execute("DELETE FROM plain_line WHERE pod = ? AND seq <= ?", (pod, rows[-1][0]))
        count += len(rows)
        rows = tx.execute(_PLAIN, (pod, PAGE))
    return count
