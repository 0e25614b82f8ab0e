"""The store on PostgreSQL: snapshots for readers, serializable writers that may run at once in many processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout

from pods.storage.base import Observer, Transaction
from pods.storage.connection import Connection
from pods.storage.migrations import PODS, Schema
from pods.storage.postgres_connection import WRITERS, Statements, Unreachable, error_of, open_pool
from pods.storage.postgres_schema import migrate
from pods.storage.postgres_snapshots import Snapshots
from pods.storage.transaction import PodCache, SqlTransaction

T = TypeVar("T")

CONNECTIONS = 8  # long jobs, programs in a block, the outbox, a notice to other workers

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# To wait for a row that another transaction changes is in vain, since this one's snapshot is older than the change;
# and two batches that take the same rows in another order would wait for each other until somebody looked.
_WRITE = (
    f"BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT pg_advisory_xact_lock_shared({WRITERS});"
    " SET LOCAL lock_timeout = '30ms'"
)
_WRITE_ALONE = "BEGIN ISOLATION LEVEL SERIALIZABLE"


class PostgresStore:
    """A pod database on PostgreSQL. Safe for many threads, processes and machines."""

    def __init__(self, url: str, schemas: Sequence[Schema] = (), observers: Sequence[Observer] = ()) -> None:
        self._observers = list(observers)
        self._pods = PodCache()
        self._pool = open_pool(url, CONNECTIONS)
        self._snapshots: Snapshots | None = None
        self.url = url
        try:
            with self.borrowed() as connection:
                migrate(connection, (*PODS, *schemas))
        except BaseException:
            self.close()
            raise

    @contextmanager
    def borrowed(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of the pool, in no transaction; database errors come out as ours."""
        try:
            connection = self._pool.getconn()
        except (PoolTimeout, PoolClosed) as error:
            raise Unreachable("The database cannot be reached at the moment; try again.") from error
        try:
            yield connection
        except psycopg.Error as error:
            raise error_of(error) from error
        finally:
            with suppress(psycopg.Error):
                connection.rollback()
            self._pool.putconn(connection)

    def observe(self, observer: Observer) -> None:
        """Tell the observer of every change from now on; call before serving."""
        self._observers.append(observer)

    def transaction(self, connection: psycopg.Connection[Any], *, snapshot: bool = False) -> SqlTransaction:
        """Return a view of a connection on which a transaction is open."""
        return self.view(Statements(connection), snapshot=snapshot)

    def view(self, connection: Connection, *, snapshot: bool = False) -> SqlTransaction:
        """Return the same of whatever runs statements."""
        return SqlTransaction(connection, self._observers, self._pods, snapshot=snapshot)

    def read(self, job: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run the job on a snapshot, together with others that come in the same turn of the event loop."""
        snapshots = self._snapshots
        if snapshots is None or snapshots.wires.loop is not asyncio.get_running_loop():
            if snapshots is not None:
                snapshots.close()
            self._snapshots = snapshots = Snapshots(self.url, partial(self.view, snapshot=True))
        return snapshots.submit(job)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """A snapshot: nothing committed later is seen."""
        with self.borrowed() as connection:
            connection.execute(_SNAPSHOT)
            yield self.transaction(connection, snapshot=True)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """A serialised write transaction, durable when the block ends; rolled back on any exception.

        Nobody else writes meanwhile, since the block cannot be run again.
        """
        with self.begun(alone=True) as connection:
            yield self.transaction(connection)
            connection.execute("COMMIT")

    @contextmanager
    def begun(self, *, alone: bool) -> Iterator[psycopg.Connection[Any]]:
        """A connection with an open write transaction; what is not committed in the block is rolled back."""
        with self.borrowed() as connection:
            if not alone:
                connection.execute(_WRITE)
                yield connection
                return
            # Taken before the transaction begins: its snapshot must not be older than the lock.
            connection.execute(f"SELECT pg_advisory_lock({WRITERS})")
            try:
                connection.execute(_WRITE_ALONE)
                yield connection
            finally:
                with suppress(psycopg.Error):  # of a lost connection the server forgets the lock itself
                    connection.rollback()
                    connection.execute(f"SELECT pg_advisory_unlock({WRITERS})")

    def purge(self) -> None:
        """Let the pages of deleted rows be used again; the database overwrites them then, and not before."""
        with self.borrowed() as connection:
            connection.execute("VACUUM resource, change, access_line, plain_line, pod_log")

    def settle(self) -> None:
        """Number what was committed to the outbox, in an order that no later commit can come before.

        Identities are given while a transaction runs, and one that began later may commit first; so a change
        gets its number only when it is seen committed, one numbering at a time.
        """
        with self.borrowed() as connection:
            if connection.execute("SELECT 1 FROM change WHERE seq IS NULL LIMIT 1").fetchone() is None:
                return
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
            connection.execute("SELECT last FROM outbox FOR UPDATE")
            connection.execute(
                "WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM change"
                " WHERE seq IS NULL), given AS (UPDATE change SET seq = outbox.last + numbered.place"
                " FROM numbered, outbox WHERE change.id = numbered.id RETURNING change.seq)"
                " UPDATE outbox SET last = greatest(last, (SELECT max(seq) FROM given))"
            )
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection; the store must not be used afterwards."""
        if self._snapshots is not None:
            self._snapshots.close()
        self._pool.close()
