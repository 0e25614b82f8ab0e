"""The store on SQLite: snapshots for readers, one writer at a time, durable at commit."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import TypeVar

from pods.errors import StoreError, StoreUnavailable
from pods.storage.base import Observer, Transaction
from pods.storage.migrations import PODS, Schema, migrate
from pods.storage.transaction import PodCache, SqlTransaction

T = TypeVar("T")

BUSY_SECONDS = 30.0  # another process may hold the write lock for the length of a bulk commit
AGAIN_SECONDS = 0.01  # between two attempts at what SQLite itself does not wait for
CACHE_KIB = 16 * 1024  # page cache of one connection; the file itself is cached by the system
CHECKPOINT_PAGES = 4_000  # 16 MiB of log before it is folded in: fewer, longer pauses of the writer alone
PURGE_ATTEMPTS = 60
STATEMENTS = 256  # prepared statements that a connection keeps
_REASONS = {
    sqlite3.SQLITE_READONLY: "The database of the host can only be read, nothing was changed; its operator can see why.",
    sqlite3.SQLITE_IOERR: "The disk of the host failed, nothing was changed; its operator can see why.",
    sqlite3.SQLITE_CORRUPT: "The database of the host is damaged, nothing was changed; `portico doctor` says where.",
}


class SqliteStore:
    """A pod database in one file. Safe for many threads and processes."""

    def __init__(
        self, path: FilePath, schemas: Sequence[Schema] = (), observers: Sequence[Observer] = ()
    ) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._observers = list(observers)
        self._pods = PodCache()
        self._idle: deque[sqlite3.Connection] = deque()
        self._writing = threading.Lock()
        self._writer = self.connect()
        migrate(self._writer, (*PODS, *schemas))

    def connect(self, *, wait: float = BUSY_SECONDS) -> sqlite3.Connection:
        """Return a new connection set up for durability; the caller closes it."""
        connection = sqlite3.connect(
            self.path,
            timeout=wait,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
        _write_ahead(connection, time.monotonic() + wait)
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged write survives a power cut
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA secure_delete = ON")  # what somebody deleted is zeroed, not only unlinked
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        return connection

    def observe(self, observer: Observer) -> None:
        """Tell the observer of every change from now on; call before serving."""
        self._observers.append(observer)

    def transaction(self, connection: sqlite3.Connection) -> SqlTransaction:
        """Return a view of a connection on which a transaction is open."""
        return SqlTransaction(connection, self._observers, self._pods)

    async def read(self, job: Callable[[Transaction], T]) -> T:
        """Run the job on a snapshot, here and now: a read takes less than the way to a thread and back."""
        # The same as `reading`, without the price of a context manager at every request.
        connection = self._lent()
        try:
            return job(self._snapshot(connection))
        except sqlite3.Error as error:
            raise StoreError("The database could not be read.") from error
        finally:
            self._give_back(connection)

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """A snapshot: nothing committed later is seen."""
        connection = self._lent()
        try:
            yield self._snapshot(connection)
        except sqlite3.Error as error:
            raise StoreError("The database could not be read.") from error
        finally:
            self._give_back(connection)

    def _lent(self) -> sqlite3.Connection:
        """Return a connection that nobody else uses."""
        try:
            return self._idle.pop()
        except IndexError:
            return self.connect()

    def _snapshot(self, connection: sqlite3.Connection) -> SqlTransaction:
        connection.execute("BEGIN")
        return SqlTransaction(connection, self._observers, self._pods, snapshot=True)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        finally:
            self._idle.append(connection)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """A serialised write transaction, durable when the block ends; rolled back on any exception."""
        with self._writing:
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise error_of(error) from error
                raise StoreUnavailable("The database is busy; try again in a moment.") from error
            tx = self.transaction(connection)
            try:
                yield tx
            except sqlite3.Error as error:
                roll_back(connection)
                raise error_of(error) from error
            except BaseException:
                roll_back(connection)
                raise
            commit(connection)
            tx.committed()

    def purge(self) -> None:
        """Fold the log into the file, whose free pages are zeroed, and empty it: old pages stand there too."""
        connection = self.connect()
        try:
            for _ in range(PURGE_ATTEMPTS):
                # A reader on an older snapshot is in the way; a read takes milliseconds, an export some seconds.
                busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return
                time.sleep(1.0)
        except sqlite3.Error as error:
            raise StoreError("The log of the database could not be emptied.") from error
        finally:
            connection.close()
        raise StoreError("The log of the database could not be emptied; somebody reads an old snapshot.")

    def settle(self) -> None:
        """Do nothing: there is one writer at a time, so the outbox is numbered in commit order as it is written."""

    def close(self) -> None:
        """Close every connection; the store must not be used afterwards."""
        while self._idle:
            self._idle.pop().close()
        self._writer.close()


def _write_ahead(connection: sqlite3.Connection, deadline: float) -> None:
    """Keep a write-ahead log from now on.

    Where another process begins it at the same moment, SQLite says at once that the file is locked: whoever does not
    wait here fails to start beside others on a new file.
    """
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(AGAIN_SECONDS)
        else:
            return


def commit(connection: sqlite3.Connection) -> None:
    """Commit; if that fails, roll back and raise StoreError."""
    try:
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        roll_back(connection)
        raise error_of(
            error, "The database could not make the change durable; nothing was changed."
        ) from error


def roll_back(connection: sqlite3.Connection) -> None:
    """Roll back, unless SQLite has done so itself, as where the disk failed."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def error_of(error: sqlite3.Error, otherwise: str = "The database refused the change.") -> StoreError:
    """Return what went wrong in our words: what the operator must do, where that is known."""
    kind = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the upper bits say where it happened
    if kind == sqlite3.SQLITE_FULL:
        return StoreUnavailable(
            "The disk of the host is full, nothing was changed; its operator must make room."
        )
    return StoreError(_REASONS.get(kind, otherwise))
