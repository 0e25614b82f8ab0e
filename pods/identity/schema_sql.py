"""Tables of accounts, clients, codes, tokens and sessions; secrets are kept as digests only."""

from __future__ import annotations

from collections.abc import Sequence

IDENTITY_1: tuple[str, Sequence[str]] = (
    "identity-1",
    (
        """CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            email TEXT COLLATE NOCASE UNIQUE,
            password TEXT,
            webid TEXT NOT NULL UNIQUE,
            created REAL NOT NULL
        )""",
        """CREATE TABLE credential (
            client_id TEXT PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            label TEXT NOT NULL,
            secret TEXT NOT NULL,
            created REAL NOT NULL,
            last_used REAL
        ) WITHOUT ROWID""",
        "CREATE INDEX credential_account ON credential (account)",
        """CREATE TABLE registered_client (
            client_id TEXT PRIMARY KEY,
            metadata TEXT NOT NULL,
            secret TEXT,
            expires REAL NOT NULL
        ) WITHOUT ROWID""",
        # `family` ties a code to the refresh tokens that descend from it: a second use of any ends them all.
        """CREATE TABLE authorization_code (
            digest BLOB PRIMARY KEY,
            family TEXT NOT NULL,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL,
            redirect_uri TEXT NOT NULL,
            scope TEXT NOT NULL,
            nonce TEXT,
            challenge TEXT NOT NULL,
            thumbprint TEXT,
            authenticated REAL NOT NULL,
            expires REAL NOT NULL,
            used REAL
        ) WITHOUT ROWID""",
        """CREATE TABLE refresh_token (
            digest BLOB PRIMARY KEY,
            family TEXT NOT NULL,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            thumbprint TEXT NOT NULL,
            authenticated REAL NOT NULL,
            expires REAL NOT NULL,
            used REAL
        ) WITHOUT ROWID""",
        "CREATE INDEX authorization_code_expires ON authorization_code (expires)",
        "CREATE INDEX refresh_token_family ON refresh_token (family)",
        "CREATE INDEX refresh_token_expires ON refresh_token (expires)",
        """CREATE TABLE session (
            digest BLOB PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            started REAL NOT NULL,
            expires REAL NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE approval (
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            client_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (account, client_id)
        ) WITHOUT ROWID""",
        "CREATE TABLE login_failure (subject TEXT NOT NULL, at REAL NOT NULL)",
        "CREATE INDEX login_failure_subject ON login_failure (subject, at)",
    ),
)
"""Given to the store when it is opened."""
