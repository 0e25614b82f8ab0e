"""One attempt to commit a batch of write jobs on the event loop: few waits for many jobs, or one after another.

*Swift*, nothing is waited for that no job asks about. The jobs start together and say which rows they look at first;
these come in one answer. Then each runs to its end before the next goes on, on rows that the batch has seen
(`postgres_rows`); changes go out unanswered, and their answers are looked at with the commit's. There are no
savepoints: where a job fails that has changed something already, or the database refuses anything but a collision,
all is undone, and the next attempt is *careful*: a savepoint for each job, and each statement waits for its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import psycopg
from greenlet import getcurrent, greenlet
from psycopg import errors as pg

from pods.errors import StoreUnavailable
from pods.storage import dialect
from pods.storage.connection import Connection
from pods.storage.jobs import Job
from pods.storage.postgres_connection import WRITERS, Collision, ConnectionLost, error_of
from pods.storage.postgres_runs import Careful, NotSwiftly, Run, Swift
from pods.storage.postgres_wire import Wire
from pods.storage.transaction import SqlTransaction

# In a transaction that is not alone, what others are about to commit shows as a collision, or as a key that is
# there although the snapshot does not show it. Seen from a new snapshot, the job finds it and says so itself.
RUN_AGAIN = (pg.SerializationFailure, pg.DeadlockDetected)
RUN_AGAIN_BESIDE_OTHERS = (*RUN_AGAIN, pg.LockNotAvailable, pg.UniqueViolation, pg.ForeignKeyViolation)

_BEGIN = dialect.Statement(b"BEGIN ISOLATION LEVEL SERIALIZABLE")
# To wait for a row that another transaction changes is in vain, since this one's snapshot is older than the change;
# and two batches that take the same rows in another order would wait for each other until somebody looked.
_BESIDE_OTHERS = dialect.Statement(
    b"SELECT pg_advisory_xact_lock_shared(%d), set_config('lock_timeout', '30ms', true)" % WRITERS
)
_LOCK = dialect.Statement(b"SELECT pg_advisory_lock(%d)" % WRITERS)
_UNLOCK = dialect.Statement(b"SELECT pg_advisory_unlock(%d)" % WRITERS)
_COMMIT = dialect.Statement(b"COMMIT")
_ROLLBACK = dialect.Statement(b"ROLLBACK")
_SAVEPOINT = dialect.Statement(b"SAVEPOINT job")
_RELEASE = dialect.Statement(b"RELEASE job")
_ROLLBACK_TO = dialect.Statement(b"ROLLBACK TO job")


class Attempt:
    """A batch in one transaction."""

    def __init__(
        self,
        batch: Sequence[Job],
        wire: Wire,
        transaction: Callable[[Connection], SqlTransaction],
        *,
        alone: bool,
        careful: bool,
    ) -> None:
        self._jobs = [job for job in batch if not job.outcome.cancelled()]
        self._wire = wire
        self._transaction = transaction
        self._alone = alone
        self._careful = careful
        self._carried_out: list[SqlTransaction] = []
        self.committing = False

    async def make(self) -> None:
        """Commit what did not fail; raise Collision, ConnectionLost, NotSwiftly or what the database refused."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wire.hub = getcurrent()
        greenlet(self._carry_out).switch(over)
        self._wire.flush()
        await over

    def _carry_out(self, over: asyncio.Future[None]) -> None:
        try:
            self._commit()
        except Exception as error:  # noqa: BLE001  # handed on to who waits
            if not over.done():
                over.set_exception(error)
        else:
            for tx in self._carried_out:
                tx.committed()
            if not over.done():
                over.set_result(None)

    def _commit(self) -> None:
        wire, committed = self._wire, False
        try:
            if self._alone:  # before the transaction begins: its snapshot must not be older than the lock
                wire.send(_LOCK).wait()
            wire.send(_BEGIN)
            if not self._alone:
                wire.send(_BESIDE_OTHERS)
            (self._carefully if self._careful else self._swiftly)()
            self.committing = True
            committed = wire.send(_COMMIT).wait().tag == b"COMMIT"
            if not committed:  # a change failed that nobody asked about
                raise NotSwiftly
        except psycopg.Error as error:
            raise self._meaning(error) from error
        finally:
            if not committed:
                wire.send(_ROLLBACK)
            if self._alone:
                wire.send(_UNLOCK)

    def _meaning(self, error: psycopg.Error) -> Exception:
        ours = error_of(error)
        if isinstance(error, RUN_AGAIN if self._alone else RUN_AGAIN_BESIDE_OTHERS):
            return Collision(str(ours))
        if isinstance(ours, StoreUnavailable) or self._careful:
            return ours
        return NotSwiftly()

    def _swiftly(self) -> None:
        """Run the jobs on what they look at first; raise what the database said of any statement."""
        shared = Swift(self._wire)
        runs = [Run(job, shared, self._transaction) for job in self._jobs]
        try:
            if len(runs) > 1:
                shared.foresee([run.start() for run in runs])
            for run in runs:
                self._carried_out += run.finish()
        finally:
            for run in runs:
                run.give_up()

    def _carefully(self) -> None:
        for job in self._jobs:
            tx = self._transaction(Careful(self._wire))
            self._wire.send(_SAVEPOINT)
            try:
                job.value = job.run(tx)
            except psycopg.Error as error:
                meaning = self._meaning(error)
                if isinstance(meaning, (Collision, ConnectionLost)):
                    raise
                meaning.__cause__ = error
                job.error = meaning
                self._wire.send(_ROLLBACK_TO)
            except Exception as error:  # noqa: BLE001  # the job's own failure goes to its own client
                job.error = error
                self._wire.send(_ROLLBACK_TO)
            else:
                self._carried_out.append(tx)
            self._wire.send(_RELEASE)
