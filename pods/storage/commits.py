"""Group commit: write jobs run one after another on the event loop, many of them share one fsync.

A job takes some tens of microseconds, an fsync a hundred times as long. So jobs run where they were
submitted, and only the COMMIT is waited for in a thread; what arrives meanwhile makes the next batch.
(A thread that ran the jobs themselves would contend for the interpreter lock at every statement.)
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from pods.errors import StoreError
from pods.storage.base import Transaction
from pods.storage.sqlite import BUSY_SECONDS, SqliteStore, commit

T = TypeVar("T")

MAX_BATCH = 128  # jobs between two chances for readers; some milliseconds
RETRY_SECONDS = 0.001  # another process holds the write lock for about one fsync


@dataclass(slots=True)
class _Job:
    run: Callable[[Transaction], Any]
    outcome: asyncio.Future[Any]
    long: bool
    value: Any = None
    error: BaseException | None = None


class CommitQueue:
    """The one door to writes on a running server; belongs to the event loop of its first job.

    `committed` is called on the event loop after each commit.
    """

    def __init__(self, store: SqliteStore, committed: Callable[[], None] = lambda: None) -> None:
        self._connection = store.connect(wait=0)
        self._tx = store.transaction(self._connection)
        self._waiting: deque[_Job] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._worker: asyncio.Task[None] | None = None
        self._closed = False
        self._committed = committed

    def submit(self, job: Callable[[Transaction], T], *, long: bool = False) -> Awaitable[T]:
        """Return once the commit that holds the job is durable; the job's exception rolls back the job alone.

        A `long` job (above some milliseconds) runs in the commit thread, so that reads go on meanwhile.
        """
        if self._closed:
            raise StoreError("The host is shutting down; try again in a moment.")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Job(job, outcome, long))
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work())
        return outcome

    async def drain(self) -> None:
        """Finish what was submitted, and take nothing more."""
        self._closed = True
        if self._worker is not None and not self._worker.done():
            await self._worker

    def close(self) -> None:
        """Release the connection; drain first where a server ran."""
        self._closed = True
        self._thread.shutdown(wait=True)
        self._connection.close()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._begin()
                if batch[0].long:
                    await loop.run_in_executor(self._thread, self._run, batch)
                else:
                    self._run(batch)
                await loop.run_in_executor(self._thread, commit, self._connection)
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                self._abandon(batch, error)
            else:
                for job in batch:
                    _settle(job)
                self._committed()

    def _next_batch(self) -> list[_Job]:
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < MAX_BATCH and not (batch[0].long or self._waiting[0].long):
            batch.append(self._waiting.popleft())
        return batch

    async def _begin(self) -> None:
        deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if asyncio.get_running_loop().time() > deadline:
                    raise StoreError("The database is busy; try again in a moment.") from error
            await asyncio.sleep(RETRY_SECONDS)

    def _run(self, batch: list[_Job]) -> None:
        execute = self._connection.execute
        for job in batch:
            if job.outcome.cancelled():
                continue
            execute("SAVEPOINT job")
            try:
                job.value = job.run(self._tx)
            except sqlite3.Error as error:
                job.error = StoreError("The database refused the change.")
                job.error.__cause__ = error
                execute("ROLLBACK TO job")
            except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
                job.error = error
                execute("ROLLBACK TO job")
            execute("RELEASE job")

    def _abandon(self, batch: list[_Job], error: Exception) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        failure = error if isinstance(error, StoreError) else StoreError("The change could not be stored.")
        failure.__cause__ = failure.__cause__ or (error if failure is not error else None)
        for job in batch:
            if not job.outcome.done():
                job.outcome.set_exception(failure)


def _settle(job: _Job) -> None:
    if job.outcome.done():
        return
    if job.error is not None:
        job.outcome.set_exception(job.error)
    else:
        job.outcome.set_result(job.value)
