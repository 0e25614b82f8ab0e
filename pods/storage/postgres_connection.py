"""Connections to PostgreSQL: a pool that replaces lost ones, the types of SQLite, and errors in our words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import errors as pg
from psycopg.adapt import AdaptersMap
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg_pool import ConnectionPool

from pods.errors import BadContent, PodError, StoreError, StoreUnavailable
from pods.storage import dialect

MIN_VERSION = 15
LIMITS = {
    "statement_timeout": "60s",  # of a single statement; the longest are those of a schema's step
    "lock_timeout": "30s",  # as long as SQLite waits for another writer
    "idle_in_transaction_session_timeout": "120s",  # a worker that hangs must not keep its locks for ever
    # A worker whose machine is gone, or that was killed while it waited for a lock, must not keep the others waiting.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "client_connection_check_interval": "10s",
    # Serializable transactions lock what a plan has looked at. A table of ten rows that is read as a whole
    # would make any two writers collide; and a plan from before the first ANALYZE would stay a bad one.
    "enable_seqscan": "off",
    "jit": "off",
}
CONNECT_SECONDS = 10
# The same from this side: a server that is gone without a word is an error within a minute, and not within hours.
GONE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# Advisory locks of this database, by number. A writer shares WRITERS with all others, and whoever must not
# collide has it alone: the programs that cannot run their block again, and jobs that have lost often enough.
WRITERS = 7_001
PATIENCE = 5.0  # seconds that a request waits for a connection; then it is told to try again


class ConnectionLost(StoreUnavailable):
    """The database went away, or was never there; nothing is known of a commit that was under way."""


class Unreachable(StoreUnavailable):
    """No connection could be had for some seconds; to ask again at once would only make a client wait longer."""


class Collision(StoreUnavailable):
    """Another transaction was first; running the job again on a new snapshot decides what it means."""


class _Whole(NumericBinaryLoader):
    """The sum of integers is numeric on PostgreSQL; here it is an integer as the summands were."""

    def load(self, data: Any) -> Any:
        value = super().load(data)
        return int(value) if value == value.to_integral_value() else float(value)


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for kind in (int, bool):  # every integer column is a bigint, and SQLite's booleans are integers
        adapters.register_dumper(kind, Int8BinaryDumper)
    adapters.register_loader("numeric", _Whole)
    return adapters


ADAPTERS = _adapters()
_COLLISIONS = (pg.SerializationFailure, pg.DeadlockDetected)
_LOST = (pg.AdminShutdown, pg.CrashShutdown, pg.CannotConnectNow, pg.IdleInTransactionSessionTimeout)


class Rows(psycopg.RawCursor[tuple[Any, ...]]):
    """A cursor that has no rows after a statement that gives none, as SQLite's."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        return super().fetchall() if self.description is not None else []


class Statements:
    """Runs statements in SQLite's words on a connection; the seam that a transaction stands on."""

    __slots__ = ("raw",)

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Rows:
        return Rows(self.raw).execute(dialect.query(sql), parameters, binary=True)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Rows:
        cursor, every = Rows(self.raw), list(parameters)
        refused: psycopg.Error | None = None
        try:
            # psycopg ends a pipeline that an error leaves with a warning, for what follows in it fails as well. So
            # the error is taken out first, and raised when the pipeline has ended.
            with self.raw.pipeline():
                try:
                    cursor.executemany(dialect.query(sql), every)
                except psycopg.Error as error:
                    refused = error
        except psycopg.Error as error:
            raise refused or error from None
        if refused is not None:
            raise refused
        return cursor


def connect(url: str, adapters: AdaptersMap = ADAPTERS) -> psycopg.Connection[Any]:
    """Return a connection of its own, outside of the pool; raise StoreError."""
    try:
        connection = psycopg.connect(
            url,
            autocommit=True,
            context=adapters,
            connect_timeout=CONNECT_SECONDS,
            application_name="portico",
            **GONE,
        )
        configure(connection)
    except psycopg.Error as error:
        raise ConnectionLost(f"The database {place(url)} does not answer: {_reason(error)}") from error
    return connection


def configure(connection: psycopg.Connection[Any]) -> None:
    """Set up a session: limits, and commits that are durable when they answer."""
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in LIMITS.items())
    durable = "set_config('synchronous_commit', 'on', false)"
    connection.execute(
        f"SELECT {settings}, CASE current_setting('synchronous_commit') WHEN 'off' THEN {durable} END"  # constants
    )


def open_pool(url: str, size: int) -> ConnectionPool[psycopg.Connection[Any]]:
    """Return a pool of connections; raise StoreError if the database cannot be used."""
    with connect(url) as connection:
        version = connection.info.server_version // 10_000
        if version < MIN_VERSION:
            raise StoreError(
                f"The database {place(url)} is PostgreSQL {version}; it must be {MIN_VERSION} or newer."
            )
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise StoreError(
                f"The database {place(url)} is encoded in {encoding}; create it with ENCODING 'UTF8'."
            )
    return ConnectionPool(
        url,
        kwargs={
            "autocommit": True,
            "context": ADAPTERS,
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "portico",
            **GONE,
        },
        configure=configure,
        min_size=1,
        max_size=size,
        timeout=PATIENCE,
        # Its pauses double with each attempt: after a longer outage nobody would be served long after the database
        # is back. Given up so soon, the next request tries at once.
        reconnect_timeout=PATIENCE,
        num_workers=1,
        open=True,
        name="portico",
    )


def place(url: str) -> str:
    """Return host and name of a database: what a message may say of its address."""
    try:
        known = conninfo_to_dict(url)
    except psycopg.Error:
        return "that PORTICO_DATABASE names"
    return f"{known.get('dbname', '')} at {known.get('host', 'this machine')}:{known.get('port', 5432)}"


def error_of(error: psycopg.Error) -> PodError:
    """Return what went wrong in our words: whether to try again, and whether it was the request or the host."""
    if isinstance(error, _COLLISIONS):
        return Collision("Others change the same data at this moment; try again.")
    if isinstance(error, _LOST) or (isinstance(error, psycopg.OperationalError) and error.sqlstate is None):
        return ConnectionLost("The database cannot be reached at the moment; try again.")
    if isinstance(error, pg.DiskFull):
        return StoreUnavailable("The database has no room left; its operator must make some.")
    if isinstance(error, (pg.QueryCanceled, pg.LockNotAvailable)):
        return StoreUnavailable("The database is busy; try again in a moment.")
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return BadContent("A text holds the character U+0000, which cannot be stored; leave it out.")
    return StoreError("The database refused the change.")


def _reason(error: psycopg.Error) -> str:
    """Return the last line of a message: it may name host and user, and never the password."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
