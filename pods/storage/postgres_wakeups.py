"""Wakeups on PostgreSQL: LISTEN and NOTIFY, one connection that listens and one short notice for many commits."""

from __future__ import annotations

import asyncio
import secrets
import select
from typing import Any

import psycopg

from pods.errors import StoreError
from pods.storage.postgres import PostgresStore
from pods.storage.postgres_connection import connect
from pods.storage.wakeups import Waiters

CHANNEL = "portico"
NOTICE_EVERY = 0.02  # seconds; what is committed within them is told in one notice
LISTEN_AGAIN = 1.0  # seconds, after the connection was lost

# Not in the transaction that writes: PostgreSQL lets only one transaction with a notice commit at a time. And
# not durable by itself: who was not woken looks again when its time is over.
_NOTICE = f"SET LOCAL synchronous_commit = off; SELECT pg_notify('{CHANNEL}', '{{}}')"


class PostgresWakeups:
    """Tells who waits in this process of commits anywhere, and other workers of this one's."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._own = secrets.token_hex(8)
        self._waiters = Waiters()
        self._connection: psycopg.Connection[Any] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._untold = False
        self._closed = False
        self._reader: tuple[asyncio.AbstractEventLoop, select.epoll] | None = None

    @property
    def count(self) -> int:
        return self._waiters.count

    def committed(self) -> None:
        """Wake those who wait here at once, and those of other workers a moment later."""
        self._waiters.wake()
        self._untold = True
        if self._telling is None and not self._closed:
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def wait(self, seconds: float, *, seen: int | None = None) -> None:
        before = self._waiters.count if seen is None else seen
        if self._listening is None and not self._closed:
            self._listening = asyncio.get_running_loop().create_task(self._listen())
        if self._waiters.count == before:
            await self._waiters.wait(seconds)

    def close(self) -> None:
        """Stop listening and release the connection."""
        self._closed = True
        self._stop_reading()
        for task in (self._listening, self._telling):
            if task is not None and not task.get_loop().is_closed():
                task.cancel()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _tell(self) -> None:
        try:
            while self._untold:
                self._untold = False
                try:
                    await asyncio.to_thread(self._notify)
                except StoreError:
                    return  # others look again by themselves
                await asyncio.sleep(NOTICE_EVERY)
        finally:
            self._telling = None

    def _notify(self) -> None:
        with self._store.borrowed() as connection:
            connection.execute("BEGIN; " + _NOTICE.format(self._own) + "; COMMIT")

    async def _listen(self) -> None:
        """Listen, for as long as the host lives: a connection that is lost is replaced."""
        while True:
            try:
                self._connection = connection = await asyncio.to_thread(self._open)
                self._waiters.wake()  # nothing is known of the time before
                await self._until_lost(connection)
            except StoreError:
                await asyncio.sleep(LISTEN_AGAIN)

    def _open(self) -> psycopg.Connection[Any]:
        connection = connect(self._store.url)
        connection.execute(f"LISTEN {CHANNEL}")
        return connection

    async def _until_lost(self, connection: psycopg.Connection[Any]) -> None:
        loop = asyncio.get_running_loop()
        lost = loop.create_future()
        # In a set of its own: uvloop drops a socket that reports an error, and nobody would hear that it is lost.
        events = select.epoll()
        events.register(connection.fileno(), select.EPOLLIN)

        def arrived() -> None:
            try:
                connection.pgconn.consume_input()
                notices = []
                while notice := connection.pgconn.notifies():
                    notices.append(notice.extra)
            except psycopg.Error:
                if not lost.done():
                    lost.set_result(None)
                return
            if any(sender.decode() != self._own for sender in notices):
                self._waiters.wake()

        loop.add_reader(events, arrived)
        self._reader = loop, events
        try:
            await lost
        finally:
            self._stop_reading()
            connection.close()

    def _stop_reading(self) -> None:
        """Forget the socket before it is closed: its number may be another one's a moment later."""
        reader, self._reader = self._reader, None
        if reader is not None and not reader[0].is_closed():
            reader[0].remove_reader(reader[1])
        if reader is not None:
            reader[1].close()
