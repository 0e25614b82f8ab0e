"""Reads on PostgreSQL: those that come in one turn of the event loop share a snapshot, and ask for their rows together.

The snapshot is taken after all of them came, so each sees everything that was acknowledged before it began.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import psycopg
from greenlet import getcurrent, greenlet

from pods.errors import StoreError
from pods.storage import dialect
from pods.storage.base import Transaction
from pods.storage.connection import Connection
from pods.storage.postgres_connection import ConnectionLost, error_of
from pods.storage.postgres_wire import Answer, Wire
from pods.storage.postgres_wires import Texts, Wires
from pods.storage.transaction import ANY_OF, ANY_OF_MANY, SqlTransaction

T = TypeVar("T")

READERS = 4  # snapshots at once in a worker; each is a connection
MOST_READS = 32  # reads on one snapshot: the first of them is not to wait for very many others
LOST_ATTEMPTS = READERS + 1  # after a restart of the database, every connection is a dead one

_BEGIN = dialect.Statement(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
_ROLLBACK = dialect.Statement(b"ROLLBACK")
_LOOKUPS = frozenset(ANY_OF)
_ROWS = dialect.statement(ANY_OF_MANY)


@dataclass(slots=True, eq=False)
class _Read:
    """A job that waits for its snapshot."""

    job: Callable[[Transaction], Any]
    outcome: asyncio.Future[Any]
    alone: bool = False
    lost: int = 0


class Snapshots:
    """Runs read jobs on the event loop of its making, several to a snapshot."""

    def __init__(self, url: str, transaction: Callable[[Connection], SqlTransaction]) -> None:
        self.wires = Wires(url, READERS)
        self.transaction = transaction
        self._waiting: deque[_Read] = deque()
        self._called = False
        self._opening: set[asyncio.Task[None]] = set()

    def submit(self, job: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Run the job on a snapshot that is taken from now on."""
        read = _Read(job, self.wires.loop.create_future())
        self.add(read)
        return read.outcome

    def add(self, read: _Read) -> None:
        """Run it as soon as a connection is free; the loop first hears who else wants to read."""
        self._waiting.append(read)
        self.go_on()

    def go_on(self) -> None:
        """Look at who waits, in the next turn of the loop."""
        if self._waiting and not self._called:
            self._called = True
            self.wires.loop.call_soon(self._start)

    def close(self) -> None:
        self.wires.close()

    def _start(self) -> None:
        self._called = False
        while self._waiting:
            wire = self.wires.idle()
            if wire is None:
                if self.wires.room and not self._opening:
                    task = self.wires.loop.create_task(self._open())
                    self._opening.add(task)
                    task.add_done_callback(self._opening.discard)
                return
            _Snapshot(self, wire, self._next()).run()

    def _next(self) -> list[_Read]:
        reads = [self._waiting.popleft()]
        while self._waiting and len(reads) < MOST_READS and not (reads[0].alone or self._waiting[0].alone):
            reads.append(self._waiting.popleft())
        return reads

    async def _open(self) -> None:
        try:
            self.wires.give(await self.wires.open())
        except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
            waiting, self._waiting = self._waiting, deque()
            for read in waiting:
                if not read.outcome.done():
                    read.outcome.set_exception(error)
        else:
            self.go_on()


class _Lookup(Answer):
    """The rows of some names, which are asked for together with those of others."""

    __slots__ = ("names",)

    def __init__(self, wire: Wire, names: Sequence[str]) -> None:
        super().__init__(wire, gives_rows=True)
        self.names = names


class _Snapshot:
    """Some reads in one transaction; the connection of each of their views of it."""

    def __init__(self, reads_on: Snapshots, wire: Wire, reads: list[_Read]) -> None:
        self._all = reads_on
        self._wire = wire
        self._reads = reads
        self._left = len(reads)
        self._wanted: list[_Lookup] = []

    def run(self) -> None:
        """Run each read until it waits for rows; the rest of them, when these come."""
        wire = self._wire
        wire.hub = getcurrent()
        wire.before_flush = self._ask
        wire.send(_BEGIN)
        for read in self._reads:
            greenlet(self._carry_out).switch(read)
        wire.flush()

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Answer:
        if sql in _LOOKUPS:
            lookup = _Lookup(self._wire, parameters)
            self._wanted.append(lookup)
            return lookup
        return self._wire.send(dialect.statement(sql), parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Answer:
        raise StoreError("Nothing is written on a snapshot.")

    def _ask(self) -> None:
        """Ask for the rows of all the names that anybody waits for, as one statement."""
        if not self._wanted:
            return
        wanted, self._wanted = self._wanted, []
        names = wanted[0].names if len(wanted) == 1 else {name for lookup in wanted for name in lookup.names}
        try:
            found = self._wire.send(_ROWS, (Texts(names),))
        except psycopg.Error as error:  # of the names themselves
            for lookup in wanted:
                self._all.wires.loop.call_soon(lookup.give, error)
            return
        if found.there:
            self._all.wires.loop.call_soon(_distribute, found, wanted)
        else:
            found.then = partial(_distribute, found, wanted)

    def _carry_out(self, read: _Read) -> None:
        outcome = read.outcome
        try:
            value = read.job(self._all.transaction(self))
        except psycopg.Error as error:
            self._failed(read, error)
        except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
            if not outcome.done():
                outcome.set_exception(error)
        else:
            if not outcome.done():
                outcome.set_result(value)
        self._left -= 1
        if self._left == 0:
            self._end()

    def _failed(self, read: _Read, error: psycopg.Error) -> None:
        """Run it again: alone, if what failed may have been another one's statement."""
        ours = error_of(error)
        ours.__cause__ = error
        if isinstance(ours, ConnectionLost):
            read.lost += 1
            again = read.lost < LOST_ATTEMPTS
        else:
            again, read.alone = not read.alone and len(self._reads) > 1, True
        if again:
            self._all.add(read)
        elif not read.outcome.done():
            read.outcome.set_exception(ours)

    def _end(self) -> None:
        self._wire.before_flush = None
        self._wire.send(_ROLLBACK)
        self._all.wires.give(self._wire)
        self._all.go_on()


def _distribute(found: Answer, lookups: list[_Lookup]) -> None:
    if len(lookups) == 1:
        lookups[0].rows = found.rows
    elif found.error is None:
        rows = {row[0]: row for row in found.rows}
        for lookup in lookups:
            lookup.rows = [rows[name] for name in lookup.names if name in rows]
    for lookup in lookups:
        lookup.give(found.error)
