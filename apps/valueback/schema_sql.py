"""Tables of value-back. No personal value has a column here: pairwise pseudonyms, references and sums only."""

_NEVER = tuple(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
    f" BEGIN SELECT RAISE(ABORT, 'a published {table} never changes'); END"
    for table in ("programme", "claim_nullifier")
    for verb in ("update", "delete")
)

SCHEMA = (
    "valueback-1",
    (
        """
        CREATE TABLE programme (
            iri TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            organisation TEXT NOT NULL,
            document TEXT NOT NULL,
            digest TEXT NOT NULL,
            purpose TEXT NOT NULL UNIQUE,
            published_at REAL NOT NULL,
            UNIQUE (name, version)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE run (
            id TEXT PRIMARY KEY,
            programme TEXT NOT NULL REFERENCES programme,
            first TEXT NOT NULL,
            last TEXT NOT NULL,
            phase TEXT NOT NULL,
            started_at REAL NOT NULL,
            vote_until REAL,
            UNIQUE (programme, first)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE claim (
            run TEXT NOT NULL REFERENCES run,
            pairwise TEXT NOT NULL,
            grant_id TEXT NOT NULL,
            state TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount >= 0),
            count INTEGER NOT NULL CHECK (count >= 0),
            PRIMARY KEY (run, pairwise),
            UNIQUE (run, grant_id)
        ) STRICT, WITHOUT ROWID
        """,
        # A receipt counts once in a programme, whichever pod host computed the claim.
        """
        CREATE TABLE claim_nullifier (
            series TEXT NOT NULL,
            nullifier TEXT NOT NULL,
            run TEXT NOT NULL,
            PRIMARY KEY (series, nullifier)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE share (
            run TEXT NOT NULL REFERENCES run,
            pairwise TEXT NOT NULL,
            share INTEGER NOT NULL CHECK (share >= 0),
            pool INTEGER NOT NULL CHECK (pool >= 0),
            txn INTEGER REFERENCES txn,
            PRIMARY KEY (run, pairwise),
            FOREIGN KEY (run, pairwise) REFERENCES claim
        ) STRICT, WITHOUT ROWID
        """,
        # What has to leave for a pod: written in the transaction that books it, sent after its commit.
        """
        CREATE TABLE outbox (
            run TEXT NOT NULL,
            pairwise TEXT NOT NULL,
            sent_at REAL,
            refused INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (run, pairwise),
            FOREIGN KEY (run, pairwise) REFERENCES share
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX outbox_waiting ON outbox (run) WHERE sent_at IS NULL",
        # Who voted and what was voted: two tables, no row in common, and no order that would link them.
        "CREATE TABLE voter (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
        """
        CREATE TABLE tally (
            run TEXT NOT NULL REFERENCES run,
            project TEXT NOT NULL,
            votes INTEGER NOT NULL,
            PRIMARY KEY (run, project)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE till (
            id TEXT PRIMARY KEY,
            shop TEXT NOT NULL,
            label TEXT NOT NULL,
            created_at REAL NOT NULL,
            revoked_at REAL
        ) STRICT, WITHOUT ROWID
        """,
        # Numbers of receipts given out, so that a page sent twice does not sign twice. No content.
        """
        CREATE TABLE issued (
            shop TEXT NOT NULL,
            receipt TEXT NOT NULL,
            PRIMARY KEY (shop, receipt)
        ) STRICT, WITHOUT ROWID
        """,
        *_NEVER,
    ),
)
