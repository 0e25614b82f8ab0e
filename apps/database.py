"""The SQLite file of an app: numbered migrations, serialised writes, snapshot reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from apps import database_sql as sql

BUSY_SECONDS = 30.0
"""How long a writer waits for another one; a write takes milliseconds, so this means a stuck process."""


class Database:
    """One file, one connection a thread. Nothing here awaits, and no network call belongs inside a block."""

    def __init__(
        self,
        path: Path,
        schemas: Sequence[tuple[str, Sequence[str]]],
        *,
        connection: type[sqlite3.Connection] = sqlite3.Connection,
    ) -> None:
        """Open `path`, creating it and applying the migrations that it lacks.

        `connection` is the class of the connections, so that a test can make the n-th statement fail.
        """
        self._path = path
        self._connection_class = connection
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[sqlite3.Connection] = []
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._migrate(schemas)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A serialised transaction, durable when the block ends; rolled back on any exception."""
        connection = self._connection()
        # Two writers that both read before they write would lose an update; IMMEDIATE takes the lock first.
        connection.execute(sql.BEGIN_WRITE)
        try:
            yield connection
            connection.execute(sql.COMMIT)
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: nothing that commits later is seen."""
        connection = self._connection()
        connection.execute(sql.BEGIN_READ)
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.rollback()

    def close(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = sqlite3.connect(
                self._path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                factory=self._connection_class,
            )
            for pragma in sql.PRAGMAS:
                found.execute(pragma)
            self._local.connection = found
            with self._lock:
                self._open.append(found)
        return found

    def _migrate(self, schemas: Sequence[tuple[str, Sequence[str]]]) -> None:
        with self.writing() as tx:
            tx.execute(sql.CREATE_MIGRATION)
            applied = {str(row[0]) for row in tx.execute(sql.MIGRATIONS)}
            for name, statements in schemas:
                if name in applied:
                    continue
                for statement in statements:
                    tx.execute(statement)
                tx.execute(sql.ADD_MIGRATION, (name,))


@contextmanager
def savepoint(tx: sqlite3.Connection) -> Iterator[None]:
    """Make a block all or nothing inside a transaction that may go on after its refusal."""
    tx.execute(sql.SAVEPOINT)
    try:
        yield
    except BaseException:
        tx.execute(sql.ROLLBACK_TO)
        tx.execute(sql.RELEASE)
        raise
    tx.execute(sql.RELEASE)
