"""The schema of a pod database on PostgreSQL: the same numbered steps, and what PostgreSQL needs beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from pods.errors import StoreError
from pods.storage import dialect
from pods.storage.migrations import PODS_1, Schema

MIGRATING = 7_002  # the advisory lock of whoever looks for missing steps

# A step may take minutes on a large table, and other workers wait for it.
_IN_TURN = (
    f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({MIGRATING})"
)
_BEFORE = (
    "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)",
    # Level 2 of the Unicode collation: case does not count, accents do.
    f"CREATE COLLATION IF NOT EXISTS {dialect.NOCASE}"
    " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
)

# On SQLite one writer at a time numbers the outbox as it writes it. Here a change has an identity from the start
# and its number from `PostgresStore.settle`; `outbox` has one row, the last number that was given.
_OUTBOX = (
    "postgres-1",
    (
        "ALTER TABLE change RENAME COLUMN seq TO id",
        "ALTER TABLE change ADD COLUMN seq BIGINT",
        "CREATE UNIQUE INDEX change_seq ON change (seq)",
        "CREATE INDEX change_unnumbered ON change (id) WHERE seq IS NULL",
        "CREATE TABLE outbox (one BOOLEAN PRIMARY KEY CHECK (one), last BIGINT NOT NULL)",
        "INSERT INTO outbox VALUES (true, 0)",
    ),
)

# The DPoP proofs of the last minutes (pods/authn/replay_sql.py): not logged, since they outlive no crash that matters.
_PROOFS = (
    "postgres-2",
    (
        "CREATE UNLOGGED TABLE seen_proof (digest BYTEA PRIMARY KEY, iat DOUBLE PRECISION NOT NULL)",
        "CREATE INDEX seen_proof_iat ON seen_proof (iat)",
    ),
)

OWN: tuple[Schema, ...] = (_OUTBOX, _PROOFS)
"""The steps that only a database here has; they come right after the first one, on which they build."""


def migrate(connection: psycopg.Connection[Any], steps: Sequence[Schema]) -> None:
    """Apply the steps that the database does not have yet, each in a transaction; many workers may try at once."""
    applied = _applied(connection)
    missing = [step for step in _translated(steps) if step[0] not in applied]
    if not missing:  # the usual start waits for nobody, not even for a worker that hangs in a step
        return
    with connection.transaction():
        connection.execute(_IN_TURN)
        for statement in _BEFORE:
            connection.execute(statement)
    for name, statements in missing:
        with connection.transaction():
            connection.execute(_IN_TURN)
            if connection.execute("SELECT 1 FROM migration WHERE name = %s", (name,)).fetchone() is None:
                _apply(connection, name, statements)


def _applied(connection: psycopg.Connection[Any]) -> frozenset[str]:
    if connection.execute("SELECT to_regclass('migration')").fetchone() == (None,):
        return frozenset()
    return frozenset(name for (name,) in connection.execute("SELECT name FROM migration"))


def _apply(connection: psycopg.Connection[Any], name: str, statements: Sequence[str]) -> None:
    try:
        for statement in statements:
            connection.execute(statement)
        connection.execute("INSERT INTO migration VALUES (%s)", (name,))
    except psycopg.Error as error:  # said to the operator, at the start of the host
        raise StoreError(f"The step {name} of the schema failed: {error}") from error


def _translated(steps: Sequence[Schema]) -> Iterator[Schema]:
    """Give the steps in PostgreSQL's words, with its own among them."""
    for name, statements in steps:
        yield name, tuple(map(dialect.schema, statements))
        if name == PODS_1[0]:
            yield from OWN
