"""Tables and triggers of the ledger: what the database itself enforces, whoever writes."""

_APPEND_ONLY = tuple(
    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table}"
    f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("asset", "txn", "entry", "hold", "hold_outcome", "request")
    for verb in ("update", "delete")
)

SCHEMA = (
    "ledger-1",
    (
        """
        CREATE TABLE asset (
            code TEXT PRIMARY KEY CHECK (code GLOB '[A-Z]*' AND length(code) BETWEEN 2 AND 20),
            exponent INTEGER NOT NULL CHECK (exponent BETWEEN 0 AND 6)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE account (
            id TEXT PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 200),
            asset TEXT NOT NULL REFERENCES asset,
            kind TEXT NOT NULL CHECK (kind IN ('asset', 'liability', 'equity', 'income', 'expense')),
            floor INTEGER,
            opened_at INTEGER NOT NULL,
            posted INTEGER NOT NULL DEFAULT 0,
            held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
            CONSTRAINT floor_kept CHECK (floor IS NULL OR posted - held >= floor)
        ) STRICT, WITHOUT ROWID
        """,
        # Entries come before their transaction: the row in txn seals them, and a deferred foreign key
        # makes a commit without that seal impossible. So the sum is checked when all entries are there.
        """
        CREATE TABLE entry (
            txn INTEGER NOT NULL REFERENCES txn DEFERRABLE INITIALLY DEFERRED,
            account TEXT NOT NULL REFERENCES account,
            amount INTEGER NOT NULL CHECK (amount <> 0),
            PRIMARY KEY (txn, account)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX entry_by_account ON entry (account, txn)",
        # prev UNIQUE: two transactions can never follow the same one, so the chain cannot fork.
        """
        CREATE TABLE txn (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            at INTEGER NOT NULL,
            about TEXT NOT NULL,
            reverses INTEGER UNIQUE REFERENCES txn,
            prev TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL UNIQUE
        ) STRICT
        """,
        """
        CREATE TRIGGER entry_sealed BEFORE INSERT ON entry
        WHEN EXISTS (SELECT 1 FROM txn WHERE id = NEW.txn)
        BEGIN SELECT RAISE(ABORT, 'the transaction is sealed'); END
        """,
        """
        CREATE TRIGGER entry_moves_balance AFTER INSERT ON entry
        BEGIN UPDATE account SET posted = posted + NEW.amount WHERE id = NEW.account; END
        """,
        """
        CREATE TRIGGER txn_balances BEFORE INSERT ON txn
        BEGIN
            SELECT RAISE(ABORT, 'a transaction needs entries') WHERE NOT EXISTS (
                SELECT 1 FROM entry WHERE txn = NEW.id);
            SELECT RAISE(ABORT, 'the entries do not sum to zero') WHERE EXISTS (
                SELECT 1 FROM entry JOIN account ON account.id = entry.account
                WHERE entry.txn = NEW.id GROUP BY account.asset HAVING sum(entry.amount) <> 0);
            SELECT RAISE(ABORT, 'the chain has another head') WHERE NEW.prev IS NOT coalesce(
                (SELECT digest FROM txn ORDER BY id DESC LIMIT 1), '');
        END
        """,
        """
        CREATE TABLE hold (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL REFERENCES account,
            target TEXT NOT NULL REFERENCES account CHECK (target <> source),
            amount INTEGER NOT NULL CHECK (amount > 0),
            at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL CHECK (expires_at > at)
        ) STRICT
        """,
        # The primary key resolves a hold exactly once.
        """
        CREATE TABLE hold_outcome (
            hold INTEGER PRIMARY KEY REFERENCES hold,
            outcome TEXT NOT NULL CHECK (outcome IN ('settled', 'released', 'expired')),
            txn INTEGER REFERENCES txn DEFERRABLE INITIALLY DEFERRED
                CHECK ((txn IS NOT NULL) = (outcome = 'settled')),
            at INTEGER NOT NULL
        ) STRICT
        """,
        # Only what is open, so that the sweep never walks through the past.
        "CREATE TABLE open_hold (expires_at INTEGER NOT NULL, hold INTEGER NOT NULL REFERENCES hold,"
        " PRIMARY KEY (expires_at, hold)) STRICT, WITHOUT ROWID",
        """
        CREATE TRIGGER hold_opens AFTER INSERT ON hold
        BEGIN
            UPDATE account SET held = held + NEW.amount WHERE id = NEW.source;
            INSERT INTO open_hold VALUES (NEW.expires_at, NEW.id);
        END
        """,
        """
        CREATE TRIGGER hold_closes AFTER INSERT ON hold_outcome
        BEGIN
            DELETE FROM open_hold WHERE hold = NEW.hold
                AND expires_at = (SELECT expires_at FROM hold WHERE id = NEW.hold);
            UPDATE account SET held = held - (SELECT amount FROM hold WHERE id = NEW.hold)
                WHERE id = (SELECT source FROM hold WHERE id = NEW.hold);
        END
        """,
        """
        CREATE TABLE request (
            key TEXT PRIMARY KEY,
            body TEXT NOT NULL,
            result INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TRIGGER account_keeps_its_terms BEFORE UPDATE OF id, asset, kind, floor, opened_at ON account
        BEGIN SELECT RAISE(ABORT, 'an account keeps its terms'); END
        """,
        """
        CREATE TRIGGER account_no_delete BEFORE DELETE ON account
        BEGIN SELECT RAISE(ABORT, 'an account stays'); END
        """,
        *_APPEND_ONLY,
    ),
)
