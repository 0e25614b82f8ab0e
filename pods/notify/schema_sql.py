"""The tables of notifications, beside the pods'."""

from __future__ import annotations

from pods.storage.migrations import Schema

NOTIFY_1: Schema = (
    "notify-1",
    (
        # `told`: the last line of the outbox that the channel has dealt with. `capability` is the SHA-256 of the
        # secret in receiveFrom: who reads the table cannot listen. `webid` is NULL for an anonymous channel.
        """CREATE TABLE notify_channel (
            id TEXT PRIMARY KEY,
            kind TEXT NOT NULL,
            webid TEXT,
            client TEXT,
            issuer TEXT,
            origin TEXT,
            created REAL NOT NULL,
            start_at REAL,
            end_at REAL NOT NULL,
            rate REAL,
            state TEXT,
            accept TEXT NOT NULL,
            context TEXT NOT NULL,
            told INTEGER NOT NULL,
            capability BLOB,
            send_to TEXT,
            host TEXT,
            confirmed INTEGER NOT NULL DEFAULT 0,
            failures INTEGER NOT NULL DEFAULT 0,
            failing_since REAL,
            next_at REAL NOT NULL DEFAULT 0,
            disabled TEXT
        )""",
        "CREATE UNIQUE INDEX notify_channel_capability ON notify_channel (capability) WHERE capability IS NOT NULL",
        "CREATE INDEX notify_channel_agent ON notify_channel (webid)",
        "CREATE INDEX notify_channel_end ON notify_channel (end_at)",
        "CREATE INDEX notify_channel_host ON notify_channel (host) WHERE host IS NOT NULL",
        """CREATE TABLE notify_topic (
            channel TEXT NOT NULL REFERENCES notify_channel (id) ON DELETE CASCADE,
            path TEXT NOT NULL,
            pod INTEGER NOT NULL REFERENCES pod (key) ON DELETE CASCADE,
            PRIMARY KEY (channel, path)
        )""",
        "CREATE INDEX notify_topic_path ON notify_topic (path)",
        "CREATE INDEX notify_topic_pod ON notify_topic (pod)",
        # What webhooks are still to be sent; a row goes when its receiver has it.
        """CREATE TABLE notify_event (
            channel TEXT NOT NULL REFERENCES notify_channel (id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            topic TEXT NOT NULL,
            kind TEXT NOT NULL,
            object TEXT NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (channel, seq, topic)
        )""",
        # One row: which process sends webhooks, until when unless it says so again, and how far it has
        # turned the outbox into events.
        """CREATE TABLE notify_lead (
            name TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            until REAL NOT NULL,
            seq INTEGER NOT NULL
        )""",
    ),
)
