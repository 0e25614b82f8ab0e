"""SQL of an app's database file: pragmas, transactions, migrations."""

PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A payment that was answered must survive a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Without it INSERT OR REPLACE would delete a row behind the back of the append-only triggers.
    "PRAGMA recursive_triggers = ON",
)

BEGIN_WRITE = "BEGIN IMMEDIATE"
BEGIN_READ = "BEGIN DEFERRED"
COMMIT = "COMMIT"
SAVEPOINT = "SAVEPOINT step"
ROLLBACK_TO = "ROLLBACK TO step"
RELEASE = "RELEASE step"

CREATE_MIGRATION = "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
MIGRATIONS = "SELECT name FROM migration"
ADD_MIGRATION = "INSERT INTO migration (name) VALUES (?)"
