"""Write jobs on PostgreSQL: in threads, several to a commit, run again when another worker was first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from pods.errors import StoreUnavailable
from pods.storage.base import Transaction
from pods.storage.jobs import Job, abandon, finish, next_batch
from pods.storage.postgres import PostgresStore
from pods.storage.postgres_connection import Collision, ConnectionLost, error_of
from pods.storage.transaction import SqlTransaction

T = TypeVar("T")

MAX_BATCH = 32  # jobs of one commit; PostgreSQL keeps the first 64 savepoints of a transaction at hand
ATTEMPTS_BESIDE_OTHERS = 3  # then the batch runs alone, and nothing can come before it any more
LOST_ATTEMPTS = 10  # connections that turn out to be dead before the commit, one after another

# In a transaction that is not alone, what others are about to commit shows as a collision, or as a key that is
# there although the snapshot does not show it. Seen from a new snapshot, the job finds it and says so itself.
_RUN_AGAIN = (pg.SerializationFailure, pg.DeadlockDetected)
_RUN_AGAIN_BESIDE_OTHERS = (*_RUN_AGAIN, pg.LockNotAvailable, pg.UniqueViolation, pg.ForeignKeyViolation)


class PostgresCommits:
    """The one door to writes on a running server; belongs to the event loop of its first job.

    Short jobs run one after another in one thread: two of the same worker never collide. Long ones have a
    thread of their own. `committed` is called on the event loop after each commit.
    """

    def __init__(self, store: PostgresStore, committed: Callable[[], None] = lambda: None) -> None:
        self._lanes = (_Lane(store, committed, "commit"), _Lane(store, committed, "long-commit"))
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
        """Release the threads; drain first where a server ran."""
        self._closed = True
        for lane in self._lanes:
            lane.close()


class _Lane:
    """A thread that carries out batches of jobs in the order of their arrival."""

    def __init__(self, store: PostgresStore, committed: Callable[[], None], name: str) -> None:
        self._store = store
        self._committed = committed
        self._waiting: deque[Job] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._worker: asyncio.Task[None] | None = None

    def add(self, job: Job) -> None:
        self._waiting.append(job)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def drain(self) -> None:
        if self._worker is not None and not self._worker.done():
            await self._worker

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = next_batch(self._waiting, MAX_BATCH)
            try:
                await loop.run_in_executor(self._thread, self._carry_out, batch)
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                abandon(batch, error)
            else:
                finish(batch)
                self._committed()

    def _carry_out(self, batch: list[Job]) -> None:
        """Commit the batch; raise StoreError if it could not be, or if nobody can know whether it was."""
        collisions = lost = 0
        while True:
            committing = False
            alone = collisions >= ATTEMPTS_BESIDE_OTHERS
            for job in batch:
                job.value = job.error = None
            try:
                with self._store.begun(alone=alone) as connection:
                    carried_out = self._run(batch, connection, alone=alone)
                    if connection.info.transaction_status is TransactionStatus.INTRANS:
                        committing = True
                        connection.execute("COMMIT")
                for tx in carried_out:
                    tx.committed()
                return
            except Collision:
                collisions += 1
                if alone:
                    raise
            except ConnectionLost as error:
                lost += 1
                if committing:
                    raise StoreUnavailable(
                        "The database went away while the change was made durable; look whether it is there."
                    ) from error
                if lost == LOST_ATTEMPTS:
                    raise

    def _run(
        self, batch: list[Job], connection: psycopg.Connection[Any], *, alone: bool
    ) -> list[SqlTransaction]:
        """Run the jobs; return the transactions of those that did not fail."""
        waiting, carried_out = [job for job in batch if not job.outcome.cancelled()], []
        if len(waiting) == 1:  # a savepoint is a round trip, and the transaction itself serves as well
            tx = self._store.transaction(connection)
            if self._succeeds(waiting[0], tx, alone=alone):
                return [tx]
            connection.execute("ROLLBACK")
            return []
        for number, job in enumerate(waiting):
            connection.execute("SAVEPOINT job" if number == 0 else "RELEASE job; SAVEPOINT job")
            tx = self._store.transaction(connection)
            if self._succeeds(job, tx, alone=alone):
                carried_out.append(tx)
            else:
                connection.execute("ROLLBACK TO job")
        return carried_out

    def _succeeds(self, job: Job, tx: SqlTransaction, *, alone: bool) -> bool:
        try:
            job.value = job.run(tx)
        except psycopg.Error as error:
            if isinstance(error, _RUN_AGAIN if alone else _RUN_AGAIN_BESIDE_OTHERS):
                raise Collision from error
            job.error = error_of(error)
            job.error.__cause__ = error
            if isinstance(job.error, ConnectionLost):
                raise job.error from error
            return False
        except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
            job.error = error
            return False
        return True
