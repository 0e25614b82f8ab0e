"""The write-ahead log of a SQLite file: whose turn it is to add to it, when it is durable, when it is folded in.

SQLite keeps the write lock until the disk has answered, and lets others ask for it again and again. With several
processes that is half of the time: nobody works while one waits for the disk. Here the lock is given up before the
disk is waited for, and is handed on by the kernel, which wakes the next process in its queue.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from pods.errors import StoreError
from pods.storage.disk import Disk

LOG_BYTES = 16 * 1024 * 1024  # of log before it is folded in: fewer, longer pauses of the writers alone
_BACKSTOP_PAGES = 16_384  # folded in by SQLite itself, on the event loop, if we did not come to it
_PATIENCE = 1.0  # seconds for the turn to fold; missed, the next chance comes after some more log
_LOOK_EVERY = 0.0005
_FOLD = "PRAGMA wal_checkpoint(PASSIVE)"

log = logging.getLogger(__name__)


class Turn:
    """The right to write, one process at a time. Advisory: who does not ask for it meets SQLite's own lock."""

    def __init__(self, file: Path) -> None:
        # A file of its own: closing one that SQLite has open would drop SQLite's locks on it (POSIX).
        self._file = os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def taken(self) -> bool:
        """Take the turn if nobody has it, and say whether it was taken."""
        with suppress(BlockingIOError):
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    def wait(self) -> None:
        """Take the turn when it comes; not for an event loop."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def taken_within(self, seconds: float) -> bool:
        """Take the turn if it can be had soon, outside of the queue, and say whether it was taken."""
        end = time.monotonic() + seconds
        while not self.taken():
            if time.monotonic() > end:
                return False
            time.sleep(_LOOK_EVERY)
        return True

    def give(self) -> None:
        """Let the next one write. A process that ends gives its turn by that."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the turn for good; twice is as good as once."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class WriteLog:
    """Makes commits durable after they were made, and folds the log into the database."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self._path = f"{file}-wal"
        self._turn = Turn(file)  # one of its own: the next batch may be at work while the log is folded in
        self._file: int | None = None
        self._fold_at = LOG_BYTES
        self._failed = False
        self._connection = connection
        self._disk = Disk()

    @staticmethod
    def defer(connection: sqlite3.Connection) -> None:
        """Let a connection commit without waiting for the disk; `sync` does, before anybody is answered.

        With NORMAL SQLite still waits where the order of writes matters: before pages of the log get into the
        database, and before a new log overwrites an old one (https://www.sqlite.org/pragma.html#pragma_synchronous).
        """
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_BACKSTOP_PAGES}")
        # A log that was folded in is cut to this length, so that its length tells when it is due again.
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")

    def require_sound(self) -> None:
        """Raise StoreError once the disk has failed.

        What it did not take it may forget, and answer the next time as if it had it: nothing that stands behind
        that in the log is safe (https://wiki.postgresql.org/wiki/Fsync_Errors).
        """
        if self._failed:
            raise StoreError("The disk has failed; nothing can be stored before the host is started anew.")

    async def sync(self) -> None:
        """Return when all that was committed until now outlives a power cut; raise StoreError if it may not."""
        self.require_sound()
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            await self._disk.durable(self._file)
            length = os.fstat(self._file).st_size
        except OSError as error:
            self._failed = True
            raise StoreError("The disk did not take the change; it may be lost.") from error
        if length > self._fold_at:
            await self._disk.beside(self._fold)
            # While somebody reads an old snapshot the log goes on growing: it is not tried again at once.
            self._fold_at = length + LOG_BYTES // 4
        elif length <= LOG_BYTES:
            self._fold_at = LOG_BYTES

    def close(self) -> None:
        """Release the files; twice is as good as once, for the number of a file may be another's by then."""
        self._disk.close()
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._connection.close()
        self._turn.close()

    def _fold(self) -> None:
        # Most of it while others write, the rest while nobody does: a log that grows meanwhile never begins anew.
        try:
            self._connection.execute(_FOLD).fetchall()
            # Who waits for this thread has been made durable already: a process that hangs with the turn must not keep
            # them waiting. The log may grow meanwhile.
            if not self._turn.taken_within(_PATIENCE):
                return
            try:
                self._connection.execute(_FOLD).fetchall()
            finally:
                self._turn.give()
        except sqlite3.Error:
            # What was written stays in the log, where it is durable and found.
            log.exception("the log of the database could not be folded in")
