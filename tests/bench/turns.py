"""Requests of two readers in turns, one connection each: `python -m tests.bench.turns`, a process of its own.

Who takes turns has the same good and bad moments of the machine, so that the medians may be compared where two runs
one after the other may not. A Turns as JSON comes from standard input, a Comparison goes to standard output.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import httptools
import uvloop

from tests.bench.load import Caller, Job
from tests.bench.works import TURTLE, Request

WARM = 50  # requests of each side before the first that counts
BLOCKS = 40
RESAMPLES = 400
MOST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Side:
    """A reader of one document: what it shows, and the port where it asks, which need not be that of the address."""

    storage: str
    path: str
    token: str
    key_pem: str
    port: int


@dataclass(frozen=True, slots=True)
class Turns:
    """Who reads in turns, and how often each."""

    first: Side
    second: Side
    requests: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians in milliseconds, how many times the second's the first's is, and where that lies in 95 of 100 cases."""

    first: float
    second: float
    first_p99: float
    second_p99: float
    ratio: float
    low: float
    high: float


class Line(asyncio.Protocol):
    """One keep-alive connection; `ask` sends a request and returns how long its answer took."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[float] | None = None
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls on_message_complete."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Tell how long it took; anything but a success ends the measurement."""
        took, waiting = time.perf_counter() - self._sent_at, self._answered
        if waiting is None or waiting.done():
            return
        status = self._parser.get_status_code()
        if status == 200:
            waiting.set_result(took)
        else:
            waiting.set_exception(RuntimeError(f"an answer that is no success: {status}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whoever waits."""
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(RuntimeError(f"the server closed the connection: {exc}"))

    async def ask(self, request: bytes) -> float:
        """Send a request and return the seconds until the end of its answer."""
        if self._transport is None:
            raise RuntimeError("not connected")
        self._parser = httptools.HttpResponseParser(self)
        self._answered = asyncio.get_running_loop().create_future()
        self._sent_at = time.perf_counter()
        self._transport.write(request)
        return await self._answered

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def requests_of(side: Side, count: int) -> list[bytes]:
    """Return as many requests, each signed with a proof of its own."""
    caller = Caller(Job("", side.storage, side.token, side.key_pem, "", 1, 0.0))
    return [caller.wire(Request("GET", side.path, accept=TURTLE)) for _ in range(count)]


async def take_turns(turns: Turns) -> Comparison:
    """Ask as the first, as the second, as the first …"""
    sides = (turns.first, turns.second)
    wires = [requests_of(side, WARM + turns.requests) for side in sides]
    loop = asyncio.get_running_loop()
    lines = [Line(), Line()]
    for line, side in zip(lines, sides, strict=True):
        await loop.create_connection(partial(_same, line), "127.0.0.1", side.port)
    taken: list[tuple[float, float]] = []
    for first, second in zip(*wires, strict=True):
        taken.append((await lines[0].ask(first), await lines[1].ask(second)))
    for line in lines:
        line.close()
    return compared(taken[WARM:])


def compared(taken: Sequence[tuple[float, float]]) -> Comparison:
    """Return medians, their ratio, and its interval from resampled blocks of neighbouring turns (block bootstrap)."""
    length = max(1, len(taken) // BLOCKS)
    blocks = [taken[start : start + length] for start in range(0, len(taken), length)]
    chosen = random.Random(1)  # which blocks are drawn is no secret; the same data, the same interval
    ratios = sorted(
        _ratio([pair for block in chosen.choices(blocks, k=len(blocks)) for pair in block])
        for _ in range(RESAMPLES)
    )
    first, second = (sorted(times) for times in zip(*taken, strict=True))
    return Comparison(
        first=statistics.median(first) * 1000,
        second=statistics.median(second) * 1000,
        first_p99=first[len(first) * 99 // 100] * 1000,
        second_p99=second[len(second) * 99 // 100] * 1000,
        ratio=_ratio(taken),
        low=ratios[RESAMPLES // 40],
        high=ratios[-1 - RESAMPLES // 40],
    )


def _ratio(taken: Sequence[tuple[float, float]]) -> float:
    return statistics.median(one for one, _ in taken) / statistics.median(other for _, other in taken)


def measure(first: Side, second: Side, requests: int) -> Comparison:
    """Take turns in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.turns"],
        input=json.dumps(asdict(Turns(first, second, requests))),
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"reading {first.path} in turns failed:\n{done.stderr[-2000:]}")
    return Comparison(**json.loads(done.stdout))


def _same(line: Line) -> Line:
    return line


def _turns(plain: Any) -> Turns:
    return Turns(Side(**plain["first"]), Side(**plain["second"]), plain["requests"])


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(take_turns(_turns(json.load(sys.stdin)))))))
