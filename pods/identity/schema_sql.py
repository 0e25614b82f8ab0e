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

IDENTITY_2: tuple[str, Sequence[str]] = (
    "identity-2",
    (
        # An account has a WebID in each of its pods; `account.webid` says which one it uses unless it chooses.
        """CREATE TABLE account_webid (
            webid TEXT PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            pod TEXT NOT NULL UNIQUE,
            created REAL NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX account_webid_account ON account_webid (account)",
        "INSERT INTO account_webid (webid, account, pod, created) SELECT webid, id, name, created FROM account",
        # What was given before there was a choice was given for the one WebID of the account.
        "ALTER TABLE credential ADD COLUMN webid TEXT",
        "UPDATE credential SET webid = (SELECT webid FROM account WHERE id = credential.account)",
        "ALTER TABLE authorization_code ADD COLUMN webid TEXT",
        "UPDATE authorization_code SET webid = (SELECT webid FROM account WHERE id = authorization_code.account)",
        "ALTER TABLE refresh_token ADD COLUMN webid TEXT",
        "UPDATE refresh_token SET webid = (SELECT webid FROM account WHERE id = refresh_token.account)",
        "ALTER TABLE approval ADD COLUMN webid TEXT",
        "UPDATE approval SET webid = (SELECT webid FROM account WHERE id = approval.account)",
        # `id` names a session to its owner, who may end it; the cookie's digest stays out of pages.
        "ALTER TABLE session ADD COLUMN id TEXT",
        "ALTER TABLE session ADD COLUMN browser TEXT NOT NULL DEFAULT ''",
        """CREATE TABLE passkey (
            id TEXT PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            public_key BLOB NOT NULL,
            uses INTEGER NOT NULL,
            label TEXT NOT NULL,
            created REAL NOT NULL,
            last_used REAL
        ) WITHOUT ROWID""",
        "CREATE INDEX passkey_account ON passkey (account)",
        """CREATE TABLE passkey_challenge (
            digest BLOB PRIMARY KEY,
            purpose TEXT NOT NULL,
            expires REAL NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE recovery_code (
            digest BLOB PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            expires REAL
        ) WITHOUT ROWID""",
        "CREATE INDEX recovery_code_account ON recovery_code (account)",
    ),
)

IDENTITY_3: tuple[str, Sequence[str]] = (
    "identity-3",
    # Names and addresses of failed log-ins are forgotten by their time, whoever comes next.
    ("CREATE INDEX login_failure_at ON login_failure (at)",),
)

IDENTITY_4: tuple[str, Sequence[str]] = (
    "identity-4",
    (
        # A WebID on another server, which its profile lets this host speak for; it has no pod here.
        """CREATE TABLE linked_webid (
            webid TEXT PRIMARY KEY,
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            created REAL NOT NULL
        ) WITHOUT ROWID""",
        "CREATE INDEX linked_webid_account ON linked_webid (account)",
        # `token` is what the owner is to write into the profile; it is public from then on.
        """CREATE TABLE webid_claim (
            account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
            webid TEXT NOT NULL,
            token TEXT NOT NULL,
            expires REAL NOT NULL,
            PRIMARY KEY (account, webid)
        ) WITHOUT ROWID""",
    ),
)

IDENTITY_5: tuple[str, Sequence[str]] = (
    "identity-5",
    (
        # Marks of the keys in the data folders of all machines on this database (`same_keys`).
        """CREATE TABLE host_key (
            name TEXT NOT NULL,
            mark TEXT NOT NULL,
            noted REAL NOT NULL,
            PRIMARY KEY (name, mark)
        ) WITHOUT ROWID""",
    ),
)

IDENTITY = (IDENTITY_1, IDENTITY_2, IDENTITY_3, IDENTITY_4, IDENTITY_5)
"""Given to the store when it is opened."""
