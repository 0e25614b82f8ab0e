"""The connections of one event loop, opened as they are needed; what several of its statements ask as one."""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

from pods.storage.postgres_connection import ADAPTERS, PATIENCE, ConnectionLost, Unreachable, connect
from pods.storage.postgres_wire import Wire

CONNECT_AGAIN = 0.1  # seconds between two attempts, while a database starts anew
# The types of PostgreSQL, and of an array of them.
_TEXT, _BYTEA, _FLOAT8, _INT8 = (25, 1009), (17, 1001), (701, 1022), (20, 1016)
_HEAD = struct.Struct(">iiIii")  # one dimension, no nulls, type, length, first index
_LENGTH = struct.Struct(">i")
_DOUBLE = struct.Struct(">d")
_WHOLE = struct.Struct(">q")


class Texts(list[str]):
    """Texts as one parameter, `text[]`."""


class Digests(list[bytes]):
    """Bytes as one parameter, `bytea[]`."""


class Times(list[float]):
    """Numbers as one parameter, `double precision[]`."""


class Keys(list[int]):
    """Whole numbers as one parameter, `bigint[]`."""


class _TextsDumper(Dumper):
    oid = _TEXT[1]
    format = Format.BINARY

    def dump(self, obj: Texts) -> bytes:
        if any("\0" in text for text in obj):  # as psycopg says it of a single text
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return _array(_TEXT[0], [text.encode() for text in obj])


class _DigestsDumper(Dumper):
    oid = _BYTEA[1]
    format = Format.BINARY

    def dump(self, obj: Digests) -> bytes:
        return _array(_BYTEA[0], obj)


class _TimesDumper(Dumper):
    oid = _FLOAT8[1]
    format = Format.BINARY

    def dump(self, obj: Times) -> bytes:
        return _array(_FLOAT8[0], [_DOUBLE.pack(number) for number in obj])


class _KeysDumper(Dumper):
    oid = _INT8[1]
    format = Format.BINARY

    def dump(self, obj: Keys) -> bytes:
        return _array(_INT8[0], [_WHOLE.pack(number) for number in obj])


def _array(kind: int, items: Sequence[bytes]) -> bytes:
    parts = [_HEAD.pack(1, 0, kind, len(items), 1)]
    for item in items:
        parts += (_LENGTH.pack(len(item)), item)
    return b"".join(parts)


def _with_arrays() -> AdaptersMap:
    adapters = AdaptersMap(ADAPTERS)
    adapters.register_dumper(Texts, _TextsDumper)
    adapters.register_dumper(Digests, _DigestsDumper)
    adapters.register_dumper(Times, _TimesDumper)
    adapters.register_dumper(Keys, _KeysDumper)
    return adapters


_WITH_ARRAYS = _with_arrays()


class Wires:
    """At most so many connections of this event loop; who takes one has it alone."""

    def __init__(self, url: str, most: int) -> None:
        self.loop = asyncio.get_running_loop()
        self._url = url
        self._idle: deque[Wire] = deque()
        self._every: set[Wire] = set()
        self._room = most
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="connect")

    @property
    def room(self) -> bool:
        """Whether another one may be opened."""
        return self._room > 0

    def idle(self) -> Wire | None:
        """Take one that is open and that nobody has, if there is one: the one that was used last."""
        while self._idle:
            wire = self._idle.pop()
            if wire.lost is None:
                return wire
            self._forget(wire)
        return None

    async def open(self) -> Wire:
        """Open another one and take it; raise Unreachable after some seconds."""
        self._room -= 1
        try:
            connection = await self._connected_in_time()
        except BaseException:
            self._room += 1
            raise
        wire = Wire(connection, self.loop)
        if self._closed:  # in the meantime
            wire.close()
        self._every.add(wire)
        return wire

    def give(self, wire: Wire) -> None:
        """Give one back, with no transaction open on it; a lost one makes room for another."""
        if wire.lost is None:
            self._idle.append(wire)
        else:
            self._forget(wire)

    def close(self) -> None:
        """Hang up everywhere."""
        self._closed = True
        self._thread.shutdown(wait=False)
        for wire in self._every:
            wire.close()
        self._every.clear()
        self._idle.clear()

    async def _connected_in_time(self) -> psycopg.Connection[Any]:
        deadline = self.loop.time() + PATIENCE
        while not self._closed:
            try:
                return await self._connected()
            except ConnectionLost as error:
                if self.loop.time() > deadline:
                    raise Unreachable("The database cannot be reached at the moment; try again.") from error
            await asyncio.sleep(CONNECT_AGAIN)
        raise Unreachable("The host is shutting down; try again in a moment.")

    async def _connected(self) -> psycopg.Connection[Any]:
        coming = self._thread.submit(connect, self._url, _WITH_ARRAYS)
        try:
            return await asyncio.wrap_future(coming)
        except asyncio.CancelledError:  # nobody will take what comes now
            coming.add_done_callback(_hang_up)
            raise

    def _forget(self, wire: Wire) -> None:
        self._every.discard(wire)
        self._room += 1


def _hang_up(coming: Future[psycopg.Connection[Any]]) -> None:
    if not coming.cancelled() and coming.exception() is None:
        coming.result().close()
