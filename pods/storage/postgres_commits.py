"""Write jobs on PostgreSQL: on the event loop, many to a commit, run again when another worker was first."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import psycopg

from pods.errors import StoreUnavailable
from pods.storage.base import Transaction
from pods.storage.jobs import Job, abandon, finish, next_batch
from pods.storage.postgres import PostgresStore
from pods.storage.postgres_batch import RUN_AGAIN, RUN_AGAIN_BESIDE_OTHERS, Attempt
from pods.storage.postgres_connection import Collision, ConnectionLost, error_of
from pods.storage.postgres_runs import NotSwiftly
from pods.storage.postgres_wires import Wires
from pods.storage.transaction import SqlTransaction

T = TypeVar("T")

MAX_BATCH = 32  # jobs of one commit; PostgreSQL keeps the first 64 savepoints of a transaction at hand
ATTEMPTS_BESIDE_OTHERS = 3  # then the batch runs alone, and nothing can come before it any more
LOST_ATTEMPTS = 10  # connections that turn out to be dead before the commit, one after another
_UNCLEAR = "The database went away while the change was made durable; look whether it is there."


class PostgresCommits:
    """The one door to writes on a running server; belongs to the event loop of its first job.

    Short jobs run on the event loop, one after another: two of the same worker never collide. Long ones have a
    thread. `committed` is called on the event loop after each commit.
    """

    def __init__(self, store: PostgresStore, committed: Callable[[], None] = lambda: None) -> None:
        self._lanes: tuple[_Lane, _Lane] = (_Short(store, committed), _Long(store, committed))
        self._closed = False

    def submit(self, job: Callable[[Transaction], T], *, long: bool = False) -> Awaitable[T]:
        """Return once the commit that holds the job is durable; the job's exception rolls back the job alone.

        A job may run several times, and only its last run counts.
        """
        if self._closed:
            raise StoreUnavailable("The host is shutting down; try again in a moment.")
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._lanes[long].add(Job(job, outcome, long))
        return outcome

    async def drain(self) -> None:
        """Finish what was submitted, and take nothing more."""
        self._closed = True
        for lane in self._lanes:
            await lane.drain()

    def close(self) -> None:
        """Release connections and threads; drain first where a server ran."""
        self._closed = True
        for lane in self._lanes:
            lane.close()


class _Lane(ABC):
    """Carries out batches of jobs in the order of their arrival; the next one gathers meanwhile."""

    def __init__(self, store: PostgresStore, committed: Callable[[], None]) -> None:
        self._store = store
        self._committed = committed
        self._waiting: deque[Job] = deque()
        self._worker: asyncio.Task[None] | None = None

    def add(self, job: Job) -> None:
        self._waiting.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def drain(self) -> None:
        if self._worker is not None and not self._worker.done():
            await self._worker

    async def _work(self) -> None:
        while self._waiting:
            batch = next_batch(self._waiting, MAX_BATCH)
            try:
                await self._carry_out(batch)
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                abandon(batch, error)
            else:
                finish(batch)
                self._committed()

    async def _carry_out(self, batch: list[Job]) -> None:
        """Commit the batch; raise StoreError if it could not be, or if nobody can know whether it was."""
        collisions = lost = 0
        careful = False
        while True:
            alone = collisions >= ATTEMPTS_BESIDE_OTHERS
            for job in batch:
                job.value = job.error = None
            try:
                await self._attempt(batch, alone=alone, careful=careful)
            except NotSwiftly:
                careful = True
            except Collision:
                collisions += 1
                if alone:
                    raise
            except ConnectionLost:
                lost += 1
                if lost == LOST_ATTEMPTS:
                    raise
            else:
                return

    @abstractmethod
    async def _attempt(self, batch: list[Job], *, alone: bool, careful: bool) -> None:
        """Commit the batch once; raise Collision, ConnectionLost where that is certain, or NotSwiftly."""

    @abstractmethod
    def close(self) -> None:
        """Release what it holds."""


class _Short(_Lane):
    """Jobs of a few milliseconds, on the event loop."""

    _wires: Wires | None = None

    async def _attempt(self, batch: list[Job], *, alone: bool, careful: bool) -> None:
        if self._wires is None or self._wires.loop is not asyncio.get_running_loop():
            self.close()
            self._wires = Wires(self._store.url, 1)
        wires = self._wires
        wire = wires.idle() or await wires.open()
        attempt = Attempt(batch, wire, self._store.view, alone=alone, careful=careful)
        try:
            await attempt.make()
        except ConnectionLost as error:
            if attempt.committing:
                raise StoreUnavailable(_UNCLEAR) from error
            raise
        except asyncio.CancelledError:  # the host is torn down; nobody knows how far the transaction is
            wire.close()
            raise
        finally:
            wires.give(wire)

    def close(self) -> None:
        if self._wires is not None:
            self._wires.close()


class _Long(_Lane):
    """Jobs that would hold up the event loop, each in a thread and in a commit of its own."""

    def __init__(self, store: PostgresStore, committed: Callable[[], None]) -> None:
        super().__init__(store, committed)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="long-commit")

    async def _attempt(self, batch: list[Job], *, alone: bool, careful: bool) -> None:
        loop = asyncio.get_running_loop()
        for job in batch:
            if not job.outcome.cancelled():
                await loop.run_in_executor(self._thread, partial(self._in_thread, job, alone=alone))

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _in_thread(self, job: Job, *, alone: bool) -> None:
        committing = False
        try:
            with self._store.begun(alone=alone) as connection:
                tx = self._store.transaction(connection)
                if self._succeeds(job, tx, alone=alone):
                    committing = True
                    connection.execute("COMMIT")
                    tx.committed()
        except ConnectionLost as error:
            if committing:
                raise StoreUnavailable(_UNCLEAR) from error
            raise

    def _succeeds(self, job: Job, tx: SqlTransaction, *, alone: bool) -> bool:
        try:
            job.value = job.run(tx)
        except psycopg.Error as error:
            if isinstance(error, RUN_AGAIN if alone else RUN_AGAIN_BESIDE_OTHERS):
                raise Collision(str(error_of(error))) from error
            job.error = error_of(error)
            job.error.__cause__ = error
            if isinstance(job.error, ConnectionLost):
                raise job.error from error
            return False
        except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
            job.error = error
            return False
        return True
