"""Waiting for the next commit, of this process or of another one, without asking the outbox all the time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Protocol

LOOK_EVERY = 0.05  # seconds; two system calls, and only while somebody waits


class Wakeups(Protocol):
    """Tells who follows the outbox that there may be more of it. Losing no change is the outbox's own work."""

    @property
    def count(self) -> int:
        """How often somebody was to be woken so far; taken before the outbox is read, given to `wait` after."""

    async def wait(self, seconds: float, *, seen: int | None = None) -> None:
        """Return soon after a worker committed, at the latest after `seconds`.

        With `seen`, return at once if there was a commit since `count` had this value.
        """

    def close(self) -> None: ...


class Waiters:
    """Those of one event loop that wait for a commit."""

    def __init__(self) -> None:
        self.count = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def wake(self) -> None:
        """Let everybody go on; on the event loop."""
        self.count += 1
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return at the next `wake`, at the latest after `seconds`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=seconds)
        finally:
            self._waiting.discard(waiter)


class FileWakeups:
    """Wakeups of a SQLite file: this process's commit queue says so itself, the file's version tells of others."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._version = 0
        self._waiters = Waiters()
        self._next_look: asyncio.TimerHandle | None = None

    @property
    def count(self) -> int:
        return self._waiters.count

    def committed(self) -> None:
        """Wake those who wait: the commit queue of this process has committed."""
        self._waiters.wake()

    async def wait(self, seconds: float, *, seen: int | None = None) -> None:
        before = self._waiters.count if seen is None else seen
        self._look()  # what another process committed while nobody waited
        if self._waiters.count != before:
            return
        if self._next_look is None:
            self._look_later()
        await self._waiters.wait(seconds)

    def close(self) -> None:
        """Stop looking and release the file."""
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look_later(self) -> None:
        self._next_look = asyncio.get_running_loop().call_later(LOOK_EVERY, self._look_again)

    def _look_again(self) -> None:
        self._look()
        if self._waiters:
            self._look_later()
        else:
            self._next_look = None

    def _look(self) -> None:
        if self._connection is None:
            self._connection = self._connect()
            self._version = self._data_version()
            # Nothing is known of the time before: what was committed then must not be waited for.
            self._waiters.wake()
            return
        version = self._data_version()
        if version != self._version:
            self._version = version
            self._waiters.wake()

    def _data_version(self) -> int:
        # It changes when another connection, of any process, has committed to the file.
        assert self._connection is not None  # noqa: S101  # opened by the only caller
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
