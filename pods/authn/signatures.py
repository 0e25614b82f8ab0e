"""Signatures of proofs: checked at once, or, where requests come in crowds, by a process beside the worker.

A third of a read is the check of its proof. A thread cannot take it over: after each check it must ask for the
interpreter's lock, and the loop seldom lets go of it. A process need not ask. Requests that the loop finds in one turn are
sent there by threes, and while they are checked it parses and answers others. A request that comes alone waits for nobody.
Where the process is gone or silent its work is done here, and after a pause the next crowd begins another one.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, cast

from pods.authn.signature_process import GOOD, record
from pods.model import Clock
from pods.protocol import es256
from pods.protocol.jose import Jws
from pods.recurring import beside, recurring

CROWD = 3  # requests in one turn of the loop from which on the way there and back costs less than the checks
MANY = 6  # requests that are being answered, from which on it does for one alone: writes come back from the disk together
MOST_ASKED = 64  # signatures that wait for the process; what comes then is checked here, since it is behind
PATIENCE = 2.0  # seconds that it may take for an answer; at most twice as long, then it is given up
START = 60.0  # seconds until it is ready; it takes one, and on a machine that is busy many
FIRST_PAUSE = 1.0  # seconds between its end and the next one; doubled with each that ends soon after it began
LONGEST_PAUSE = 60.0  # what ends every process costs a worker one start a minute, and no more
STEADY = 2 * START  # seconds after which it has served, so that its end is the first again
_COMMAND = (sys.executable, "-m", "pods.authn.signature_process")

log = logging.getLogger(__name__)


def has_room(workers: int, cores: int) -> bool:
    """Say whether each worker can have a core and its process another: else they stand in each other's way."""
    return 0 < 2 * workers <= cores


def pause_after(ends: int) -> float:
    """Return the seconds until another process may begin, after so many that ended one soon after the other."""
    return min(FIRST_PAUSE * 2.0 ** min(ends - 1, 20), LONGEST_PAUSE)


class _Asked(NamedTuple):
    unverified: Jws
    point: bytes
    """The key in its header, which is one for ES256."""
    held: asyncio.Future[bool]

    def settle(self, held: bool) -> None:
        if not self.held.done():  # who asked may be gone by now
            self.held.set_result(held)


class Signatures(asyncio.Protocol):
    """Says of tokens that bring their key along whether it signed them."""

    def __init__(
        self,
        *,
        beside: bool = False,
        clock: Clock = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """With `beside` a process is there while this is `running`; without it each check is made at once."""
        self._beside = beside
        self._clock = clock
        self._pause = pause
        self._wanted: asyncio.Event | None = None
        """Set by a crowd; None where there is to be no process."""
        self._link: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        """What the link writes to."""
        self._lost = asyncio.Event()
        self._began = 0.0
        self._ready = False
        self._turning = False
        self._here = 0
        self._under_way = 0
        self._crowded = False
        self._gathered: list[_Asked] = []
        self._asked: deque[_Asked] = deque()
        self._oldest: _Asked | None = None

    def begin(self) -> None:
        """Count a request that is being answered, until its `end`."""
        self._under_way += 1

    def end(self) -> None:
        """Count it no more."""
        self._under_way -= 1

    def in_crowd(self) -> bool:
        """Count a request; say whether so many come at a time that `hold` is the one to ask."""
        if self._wanted is not None:
            self._here += 1
            self._end_turn_soon()
        return self._crowded

    async def hold(self, unverified: Jws) -> bool:
        """Say whether a token is signed by the key in its own header."""
        point = _es256_point(unverified)
        if not self._crowded or len(self._asked) >= MOST_ASKED or point is None:
            return unverified.holds()
        asked = _Asked(unverified, point, asyncio.get_running_loop().create_future())
        self._gathered.append(asked)
        if len(self._gathered) >= CROWD and self._link is not None:
            self._ask(self._link)  # it checks these while the others of this turn are still being read
        else:
            self._end_turn_soon()
        return await asked.held

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let there be a process while the block runs, from the first crowd on: a small host never has one."""
        if not self._beside:
            yield
            return
        self._wanted = asyncio.Event()
        async with beside(self._when_wanted(self._wanted), "signatures"):
            yield
        self._wanted = None

    async def _when_wanted(self, wanted: asyncio.Event) -> None:
        ends = 0
        while True:
            await wanted.wait()
            self._began = self._clock()
            try:
                await self._with_process()
                how = "is gone, or silent"
            except OSError as error:  # no room for another process
                how = f"cannot be begun: {error}"
            ends = 1 if self._clock() - self._began >= STEADY else ends + 1
            seconds = pause_after(ends)
            log.warning(
                "the process that checks signatures %s; they are checked without it for %g s", how, seconds
            )
            await self._pause(seconds)
            wanted.clear()  # where no crowd comes any more, no process is needed

    async def _with_process(self) -> None:
        """Let a process check until it is gone or silent."""
        self._lost = asyncio.Event()
        ours, its = socket.socketpair()
        ours.setblocking(False)
        with its:
            try:
                process = await asyncio.create_subprocess_exec(
                    *_COMMAND, stdin=its.fileno(), stdout=asyncio.subprocess.DEVNULL
                )
            except BaseException:
                ours.close()
                raise
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)
            self._socket = ours
            async with recurring(self._look, PATIENCE, "signatures"):
                await self._lost.wait()  # its end closes the link, and so does whoever gives it up
        finally:
            link, self._link, self._socket = self._link, None, None
            if link is not None:
                link.abort()
            with suppress(ProcessLookupError):  # it may have ended by itself
                process.kill()  # it keeps nothing, and one that is stopped ends by nothing else
            try:
                await process.wait()
            finally:
                await process.wait()  # it is on its way, also where the host ends in this moment

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the link to the process."""
        self._link = cast(asyncio.Transport, transport)  # uvloop's is none of asyncio's classes

    def data_received(self, data: bytes) -> None:
        """Hand on answers; they come in the order of the questions, behind the first byte."""
        if not self._ready:
            self._ready, data = True, data[1:]
        for answer in data:
            self._asked.popleft().settle(answer == GOOD)

    def connection_lost(self, exc: Exception | None) -> None:
        """Check here what the process has left, and all that follows."""
        self._lost.set()
        self._link, self._ready, self._crowded = None, False, False
        left = [*self._asked, *self._gathered]
        self._asked.clear()
        self._gathered.clear()
        for one in left:
            one.settle(one.unverified.holds())

    def _end_turn_soon(self) -> None:
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _end_turn(self) -> None:
        many = self._under_way >= MANY
        crowd = many or max(self._here, len(self._asked)) >= CROWD
        self._crowded = self._ready and crowd
        if crowd and self._wanted is not None:
            self._wanted.set()
        self._turning, self._here = False, 0
        if self._link is None or (not many and len(self._gathered) + len(self._asked) < CROWD):
            gathered, self._gathered = self._gathered, []
            for one in gathered:
                one.settle(one.unverified.holds())
        elif self._gathered:
            self._ask(self._link)

    def _ask(self, link: asyncio.Transport) -> None:
        self._asked += self._gathered
        questions = b"".join(_question(one) for one in self._gathered)
        self._gathered = []
        sent = 0
        if self._socket is not None and link.get_write_buffer_size() == 0:
            # Not by the link, which on uvloop sends nothing before the end of the turn: the process would wait for it.
            with suppress(OSError):  # full, or its end is gone: the link finds that out as well
                sent = self._socket.send(questions)
        if sent < len(questions):
            link.write(questions[sent:])

    async def _look(self) -> None:
        oldest = self._asked[0] if self._asked else None
        silent = oldest is not None and oldest is self._oldest
        never_ready = not self._ready and self._clock() - self._began >= START
        if (silent or never_ready) and self._link is not None:
            self._link.abort()
        self._oldest = oldest


def _es256_point(unverified: Jws) -> bytes | None:
    header = unverified.header
    if header.alg != "ES256" or header.jwk is None or len(unverified.signature) != es256.SIGNATURE:
        return None
    return header.jwk.point


def _question(asked: _Asked) -> bytes:
    return record(asked.point, es256.digest(asked.unverified.signing_input), asked.unverified.signature)
