"""Group commit: write jobs run one after another on the event loop, many of them share one wait for the disk.

A job takes some tens of microseconds, the disk a hundred times as long. So jobs run where they were submitted, and
while the disk is waited for (`durability`) the next batch runs, here or in another process.
(A thread that ran the jobs themselves would contend for the interpreter lock at every statement.)
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pods.errors import StoreUnavailable
from pods.storage.base import Transaction
from pods.storage.durability import Durability
from pods.storage.jobs import Job, abandon, next_batch
from pods.storage.lock_holders import holder
from pods.storage.sqlite import BUSY_SECONDS, SqliteStore, commit, error_of, roll_back
from pods.storage.transaction import SqlTransaction
from pods.storage.write_log import Turn, WriteLog

T = TypeVar("T")

MAX_BATCH = 128  # jobs between two chances for readers; some milliseconds
RETRY_SECONDS = 0.001  # somebody writes who waits for no turn: a command, or the tests

BUSY = (
    "Another process of this host keeps the right to write. Nothing was changed, and reading goes on. Try again in a"
    " moment; where that does not help, the operator finds the process with `portico doctor`."
)

log = logging.getLogger(__name__)


class CommitQueue:
    """The one door to writes on a running server; belongs to the event loop of its first job.

    `committed` is called on the event loop after each commit. Who cannot write for the length of `patience`, in
    seconds, is told so.
    """

    def __init__(
        self,
        store: SqliteStore,
        committed: Callable[[], None] = lambda: None,
        *,
        patience: float = BUSY_SECONDS,
    ) -> None:
        self._connection = store.connect(wait=0)
        WriteLog.defer(self._connection)
        self._store = store
        self._patience = patience
        self._turn = Turn(store.path)
        self._coming: asyncio.Future[None] | None = None
        self._log = WriteLog(store.path, store.connect())
        self._durability = Durability(self._log.sync, committed)
        self._waiting: deque[Job] = deque()
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    def submit(self, job: Callable[[Transaction], T], *, long: bool = False) -> Awaitable[T]:
        """Return once the commit that holds the job is durable; the job's exception rolls back the job alone.

        A `long` job (above some milliseconds) runs in the commit thread, so that reads go on meanwhile.
        """
        if self._closed:
            raise StoreUnavailable("The host is shutting down; try again in a moment.")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._waiting.append(Job(job, outcome, long))
        if self._worker is None or self._worker.done():
            self._worker = loop.create_task(self._work())
        return outcome

    async def drain(self) -> None:
        """Finish what was submitted, and take nothing more."""
        self._closed = True
        if self._worker is not None and not self._worker.done():
            await self._worker
        await self._durability.drain()

    def close(self) -> None:
        """Release the connection; drain first where a server ran."""
        self._closed = True
        self._threads.shutdown(wait=True)
        self._connection.close()
        self._log.close()
        self._turn.close()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch: list[Job] = []
            try:
                await self._gather()
                await self._begin()
                # Only now: what was submitted while others wrote shares the commit.
                batch = next_batch(self._waiting, MAX_BATCH)
                try:
                    if batch[0].long:
                        await loop.run_in_executor(self._threads, self._carry_out, batch)
                    else:
                        self._carry_out(batch)
                finally:
                    self._turn.give()
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                abandon(batch or next_batch(self._waiting, MAX_BATCH), error)
            else:
                self._durability.add(batch)
        if self._coming is not None:
            self._coming.add_done_callback(self._unneeded)

    def _unneeded(self, coming: asyncio.Future[None]) -> None:
        """Pass on a turn that came when whoever asked for it had given up: others may have to write."""
        if self._coming is coming and (self._worker is None or self._worker.done()):
            self._coming = None
            self._turn.give()

    async def _gather(self) -> None:
        """While the disk is busy and more jobs come, let them: they share a commit, and nobody waits longer for it."""
        known = 0
        while self._durability.busy and known < len(self._waiting) < MAX_BATCH:
            known = len(self._waiting)
            await asyncio.sleep(0)

    async def _begin(self) -> None:
        """Take the turn and open a transaction, as soon as nobody else writes."""
        self._log.require_sound()
        deadline = asyncio.get_running_loop().time() + self._patience
        await self._take_turn()
        try:
            while True:
                try:
                    self._connection.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                        raise error_of(error) from error
                    if asyncio.get_running_loop().time() > deadline:
                        raise self._busy() from error
                await asyncio.sleep(RETRY_SECONDS)
        except BaseException:
            self._turn.give()
            raise

    async def _take_turn(self) -> None:
        if self._coming is None:
            if self._turn.taken():
                return
            self._coming = asyncio.get_running_loop().run_in_executor(self._threads, self._turn.wait)
        # A turn that comes after all is the next batch's, or nobody's.
        done, _ = await asyncio.wait((self._coming,), timeout=self._patience)
        if not done:
            raise self._busy()
        self._coming = None

    def _busy(self) -> StoreUnavailable:
        log.warning(
            "for %g s nothing could be written: %s has the turn", self._patience, holder(self._store.path)
        )
        return StoreUnavailable(BUSY)

    def _carry_out(self, batch: list[Job]) -> None:
        try:
            carried_out = self._run(batch)
            commit(self._connection)
        except BaseException:
            roll_back(self._connection)
            raise
        for tx in carried_out:
            tx.committed()

    def _run(self, batch: list[Job]) -> list[SqlTransaction]:
        """Run the jobs; return the transactions of those that did not fail."""
        execute, carried_out = self._connection.execute, []
        for job in batch:
            if job.outcome.cancelled():
                continue
            execute("SAVEPOINT job")
            tx = self._store.transaction(self._connection)
            try:
                job.value = job.run(tx)
                carried_out.append(tx)
            except sqlite3.Error as error:
                job.error = error_of(error)
                job.error.__cause__ = error
                if not self._connection.in_transaction:  # rolled back with all the jobs before it
                    raise job.error from error
                execute("ROLLBACK TO job")
            except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
                job.error = error
                execute("ROLLBACK TO job")
            execute("RELEASE job")
        return carried_out
