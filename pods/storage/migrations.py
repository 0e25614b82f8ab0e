"""The schema of a pod database in numbered steps; a step once released is never edited."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

Schema = tuple[str, Sequence[str]]
"""A named step with its statements."""

PODS_1: Schema = (
    "pods-1",
    (
        """CREATE TABLE pod (
            key INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            owner TEXT NOT NULL,
            created REAL NOT NULL
        )""",
        "CREATE INDEX pod_owner ON pod (owner)",
        # `name` is the path without a trailing slash: one unique index serves every lookup and makes
        # /x and /x/ exclude each other (Solid Protocol, 3.1). `parent` is NULL for what no listing shows.
        """CREATE TABLE resource (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            container INTEGER NOT NULL,
            parent TEXT,
            pod INTEGER NOT NULL REFERENCES pod (key),
            media_type TEXT NOT NULL,
            etag TEXT NOT NULL,
            modified INTEGER NOT NULL,
            size INTEGER NOT NULL,
            content BLOB NOT NULL
        )""",
        "CREATE INDEX resource_member ON resource (parent, name) WHERE parent IS NOT NULL",
        """CREATE TABLE change (
            seq INTEGER PRIMARY KEY,
            pod INTEGER NOT NULL,
            path TEXT NOT NULL,
            kind TEXT NOT NULL,
            at REAL NOT NULL
        )""",
        """CREATE TABLE access_line (
            pod INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            at REAL NOT NULL,
            agent TEXT,
            client TEXT,
            path TEXT NOT NULL,
            action TEXT NOT NULL,
            decision TEXT NOT NULL CHECK (decision IN ('permit', 'deny')),
            reason TEXT NOT NULL,
            grant_ TEXT,
            purpose TEXT,
            prev BLOB NOT NULL,
            digest BLOB NOT NULL
        )""",
        # Lines lie in the order in which they were written, not by pod: an aggregate question adds one to each
        # of thousands of logs in a commit, and would otherwise write thousands of pages.
        "CREATE UNIQUE INDEX access_line_number ON access_line (pod, seq)",
    ),
)

PODS_2: Schema = (
    "pods-2",
    (
        # Large content lies in the blob store under this key; `content` is then empty, `size` is the blob's.
        "ALTER TABLE resource ADD COLUMN blob TEXT",
        "CREATE UNIQUE INDEX resource_blob ON resource (blob) WHERE blob IS NOT NULL",
        # What a pod holds: content, and 512 bytes for each resource (transaction.ENTRY_BYTES).
        "ALTER TABLE pod ADD COLUMN used INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pod ADD COLUMN quota INTEGER",
        """UPDATE pod SET used = counted.bytes FROM (
            SELECT pod AS key, sum(size) + 512 * count(*) AS bytes FROM resource GROUP BY pod
        ) AS counted WHERE counted.key = pod.key""",
        # Blobs that no row names: uploads under way, and content that was replaced or deleted. Removed when
        # `due` has passed; `removing` is set first, so that an upload never commits what is being removed.
        """CREATE TABLE dropped_blob (
            key TEXT PRIMARY KEY,
            due REAL NOT NULL,
            removing INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE INDEX dropped_blob_due ON dropped_blob (due)",
    ),
)

PODS_3: Schema = (
    "pods-3",
    (
        # Digests of the names of removed pods: others may still trust a WebID of that name, so nobody gets it again.
        "CREATE TABLE gone_pod (name BLOB PRIMARY KEY, at REAL NOT NULL)",
        # Pods that are closed and whose rows are being removed; a row goes with the last of them.
        "CREATE TABLE removal (pod INTEGER PRIMARY KEY, name TEXT NOT NULL, begun REAL NOT NULL)",
    ),
)

LOG_1: Schema = (
    "log-1",
    (
        # What was written in plain text waits here until `activity.sealing` has sealed it, before anything is served.
        "ALTER TABLE access_line RENAME TO plain_line",
        "DROP INDEX access_line_number",
        "CREATE UNIQUE INDEX plain_line_number ON plain_line (pod, seq)",
        # `sealed` is the line under the pod's key, `digest` its place in the chain. Once the text is gone, `content`
        # is the digest of what was sealed. `hour` finds lines by time, `tag` those of an agent within a log.
        """CREATE TABLE access_line (
            pod INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            hour INTEGER NOT NULL,
            tag BLOB,
            sealed BLOB,
            content BLOB,
            digest BLOB NOT NULL,
            CHECK (sealed IS NOT NULL OR content IS NOT NULL)
        )""",
        # Lines lie in the order in which they were written, as before.
        "CREATE UNIQUE INDEX access_line_place ON access_line (pod, seq)",
        # A log's keys; they go with the pod. `leaf` is the newest entry of the host's tree about this log, `size` the
        # lines that it speaks of, `peaks` the full subtrees over them. Up to the line `emptied` no text is kept.
        """CREATE TABLE pod_log (
            pod INTEGER PRIMARY KEY,
            blind BLOB NOT NULL,
            key BLOB NOT NULL,
            size INTEGER NOT NULL,
            peaks BLOB NOT NULL,
            leaf INTEGER,
            emptied INTEGER NOT NULL DEFAULT 0
        )""",
        # The host's tree: every full subtree. It only grows, and tells nothing about any pod.
        """CREATE TABLE log_node (
            level INTEGER NOT NULL,
            position INTEGER NOT NULL,
            hash BLOB NOT NULL,
            PRIMARY KEY (level, position)
        ) WITHOUT ROWID""",
        # `verifier_key` is the public key that the note is signed with, as witnesses write it.
        """CREATE TABLE log_checkpoint (
            size INTEGER PRIMARY KEY,
            at REAL NOT NULL,
            note TEXT NOT NULL,
            verifier_key TEXT NOT NULL
        )""",
    ),
)


PODS: tuple[Schema, ...] = (PODS_1, PODS_2, PODS_3, LOG_1)
"""The steps of the pods themselves, in order; those of layers above come after them."""


def migrate(connection: sqlite3.Connection, steps: Sequence[Schema]) -> None:
    """Apply the steps that a SQLite database does not have yet, each in a transaction of its own."""
    connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
    # Only what is missing takes the write lock: a host starts, and serves reads, while somebody else keeps it.
    applied = {name for (name,) in connection.execute("SELECT name FROM migration")}
    for name, statements in steps:
        if name in applied:
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            known = connection.execute("SELECT 1 FROM migration WHERE name = ?", (name,)).fetchone()
            if known is None:
                for statement in statements:
                    connection.execute(statement)
                connection.execute("INSERT INTO migration VALUES (?)", (name,))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
