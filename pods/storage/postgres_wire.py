"""A connection to PostgreSQL on the event loop: statements go out without waiting, and are answered in their order.

Whoever asks for the rows of a statement that is not answered yet is set aside (greenlet), and the loop goes on: a job
stays a plain function, as it is on SQLite, and needs no thread.
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import psycopg
from greenlet import getcurrent, greenlet
from psycopg import errors as pg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format

from pods.storage.dialect import Statement

MOST_PREPARED = 1_000  # statements that a connection keeps; what comes after them is planned each time
_FAILED = frozenset([ExecStatus.FATAL_ERROR, ExecStatus.PIPELINE_ABORTED, ExecStatus.BAD_RESPONSE])

_LAST_WORDS = (pg.AdminShutdown, pg.CrashShutdown, pg.IdleInTransactionSessionTimeout)


class Answer:
    """What a statement gave, or will give."""

    __slots__ = ("_wire", "count", "error", "gives_rows", "rows", "tag", "then", "there")

    def __init__(self, wire: Wire, *, gives_rows: bool) -> None:
        self._wire = wire
        self.gives_rows = gives_rows
        self.there = False
        self.error: Exception | None = None
        self.rows: list[tuple[Any, ...]] = []
        self.count = -1
        self.tag: bytes | None = None
        """What the server says that it did, of a statement without rows."""
        self.then: Callable[[], object] | None = None
        """Called on the event loop once the answer is there."""

    def wait(self) -> Answer:
        """Return once it is answered; raise what the database said. Others run meanwhile."""
        if not self.there:
            waiting = getcurrent()
            if waiting is self._wire.hub:
                raise RuntimeError("the event loop itself cannot wait for an answer")
            self.then = waiting.switch
            self._wire.hub.switch()
        if self.error is not None:
            raise self.error.with_traceback(None)
        return self

    async def awaited(self) -> list[tuple[Any, ...]]:
        """Return the rows, for a coroutine; flush before."""
        if not self.there:
            there = asyncio.get_running_loop().create_future()
            self.then = partial(_done, there)
            await there
        return self.wait().rows

    def give(self, error: Exception | None = None) -> None:
        """It is there now: let go on who waits."""
        self.error = error
        self.there = True
        then, self.then = self.then, None
        if then is not None:
            then()

    @property
    def rowcount(self) -> int:
        return self.wait().count

    def fetchone(self) -> tuple[Any, ...] | None:
        rows = self.fetchall()
        return rows[0] if rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.wait().rows if self.gives_rows else []

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())


class Wire:
    """One connection; everything but its making happens on the event loop that it was made for."""

    def __init__(self, connection: psycopg.Connection[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.hub: greenlet = getcurrent()
        """Where the event loop runs: who waits switches there."""
        self.before_flush: Callable[[], object] | None = None
        self._loop = loop
        self._connection = connection
        self._pg = connection.pgconn
        self._values = Transformer(connection)
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        # What is to be answered, in this order: a statement, the key of what is prepared for one, or None for a sync.
        self._expected: deque[Answer | tuple[bytes, tuple[int, ...]] | None] = deque()
        self._unsent = False
        self._writing = False
        self._result: Any = None
        self._cause: Exception | None = None
        self.lost: Exception | None = None
        self._pg.nonblocking = 1
        self._pg.enter_pipeline_mode()
        # uvloop drops a socket that reports an error, as that of a killed server does, and calls nobody: who waited
        # would wait for ever. The set that it is in is only ever readable.
        self._socket = connection.fileno()
        self._events = select.epoll()
        self._events.register(self._socket, select.EPOLLIN)
        loop.add_reader(self._events, self._ready)

    def send(self, statement: Statement, parameters: Sequence[Any] = ()) -> Answer:
        """Put a statement behind those that were sent before; `flush` lets them go."""
        answer = Answer(self, gives_rows=statement.gives_rows)
        if self.lost is not None:
            answer.give(self.lost)
            return answer
        values: Sequence[Any] = ()
        types: tuple[int, ...] = ()
        formats: Sequence[Any] = ()
        if parameters:
            values = self._values.dump_sequence(parameters, [PyFormat.AUTO] * len(parameters))
            types, formats = self._values.types or (), self._values.formats or ()
        key = (statement.text, types)
        name = self._prepared.get(key)
        try:
            if name is None and len(self._prepared) >= MOST_PREPARED:
                self._pg.send_query_params(statement.text, values, types, formats, Format.BINARY)
            else:
                if name is None:
                    name = self._prepared[key] = b"s%d" % len(self._prepared)
                    self._pg.send_prepare(name, statement.text, types)
                    self._expected.append(key)
                self._pg.send_query_prepared(name, values, formats, Format.BINARY)
        except psycopg.OperationalError as error:
            self._lose(error)
            answer.give(error)
            return answer
        self._expected.append(answer)
        self._unsent = True
        return answer

    def flush(self) -> None:
        """Let what was sent go to the server, which answers all of it."""
        if self.before_flush is not None:
            self.before_flush()
        if not self._unsent or self.lost is not None:
            return
        self._unsent = False
        try:
            self._pg.pipeline_sync()
            self._expected.append(None)
            self._write()
        except psycopg.Error as error:
            self._lose(error)

    def close(self) -> None:
        """Hang up; who still waits is told so."""
        self._lose(psycopg.OperationalError("the connection is closed"))

    def _write(self) -> None:
        """Hand what is left to the system; it may not take all of it at once."""
        left = self._pg.flush() == 1
        if left != self._writing:
            self._writing = left
            try:
                self._events.modify(self._socket, select.EPOLLIN | (select.EPOLLOUT if left else 0))
            except OSError as error:
                raise psycopg.OperationalError("the connection is closed") from error

    def _ready(self) -> None:
        if self._writing:
            try:
                self._write()
            except psycopg.Error as error:
                self._lose(error)
        if self.lost is None:
            self._readable()

    def _readable(self) -> None:
        self.hub = getcurrent()
        answered: list[tuple[Answer, Exception | None]] = []
        try:
            self._pg.consume_input()
            while self._expected and not self._pg.is_busy():
                result = self._pg.get_result()
                if result is not None and result.status != ExecStatus.PIPELINE_SYNC:
                    self._result = result
                    continue
                if result is None and self._result is None:
                    break
                expected, (result, self._result) = self._expected.popleft(), (self._result, None)
                if expected is not None:
                    error = self._error_in(result)
                    if isinstance(expected, Answer):
                        if error is None:
                            self._take(expected, result)
                        answered.append((expected, error))
                    elif error is not None:
                        self._prepared.pop(expected, None)
        except psycopg.Error as error:
            self._lose(error)
        for answer, failure in answered:
            answer.give(failure)
            if isinstance(failure, _LAST_WORDS):
                self._lose(failure)
        self.flush()

    def _error_in(self, result: Any) -> Exception | None:
        """Return what went wrong; of statements behind one that failed, what that one said."""
        if result.status not in _FAILED:
            self._cause = None
            return None
        error: Exception = pg.error_from_result(result, encoding="utf-8")
        follows = result.status == ExecStatus.PIPELINE_ABORTED or isinstance(error, pg.InFailedSqlTransaction)
        if self._cause is None or not follows:
            self._cause = error
        return self._cause

    def _take(self, answer: Answer, result: Any) -> None:
        if answer.gives_rows:
            self._values.set_pgresult(result, set_loaders=True, format=Format.BINARY)
            answer.rows = self._values.load_rows(0, result.ntuples, tuple)
        else:
            answer.tag = result.command_status
        count = result.command_tuples
        answer.count = -1 if count is None else count

    def _lose(self, error: Exception) -> None:
        """Give the connection up: nothing is known of what was not answered."""
        if self.lost is not None:
            return
        self.lost = error
        if not self._loop.is_closed():
            self._loop.remove_reader(self._events)
        self._events.close()
        self._connection.close()
        waiting = [expected for expected in self._expected if isinstance(expected, Answer)]
        self._expected.clear()
        if not self._loop.is_closed():
            for answer in waiting:
                self._loop.call_soon(answer.give, error)


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
