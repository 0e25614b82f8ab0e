"""The load generator: a process of its own, raw sockets, every request built and signed beforehand.

`python -m tests.bench.load` reads a Job as JSON from standard input and writes a Measurement to standard output.
A short probe finds out how fast the server is; then as many requests as it can answer in the given time are
built, and only their answering is timed.
"""

import asyncio
import json
import math
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import httptools
import uvloop

from tests.bench.proofs import ProofKey
from tests.bench.works import GRANTED, GROWN, WORKS, Request, Work

PROBE_REQUESTS = 24  # a connection; warms the server's caches too
HEADROOM = 1.6  # a warm server is faster than the probe saw


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask of which server, and with which rights. Without a key the token is a plain bearer token."""

    work: str
    storage: str
    token: str
    key_pem: str
    run: str
    connections: int
    seconds: float
    port: int | None = None
    """Where to ask, if not where the address says: several servers may serve one origin."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What came of it; times in milliseconds."""

    rate: float
    requests: int
    p50: float
    p99: float
    statuses: dict[str, int]


class Caller:
    """Turns requests into bytes for one server."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._key = ProofKey.from_pem(job.key_pem) if job.key_pem else None
        self._host = urlsplit(job.storage).netloc
        self._sent = 0

    def wire(self, request: Request) -> bytes:
        """Return the request as it goes over the socket, with a proof of its own."""
        url = self._job.storage + request.path
        head = [f"{request.method} {urlsplit(url).path} HTTP/1.1", f"Host: {self._host}"]
        if self._key is None:
            head.append(f"Authorization: Bearer {self._job.token}")
            # javascript-solid-server takes 60 writes a minute from one client address and believes this header;
            # without it we would measure its rate limit.
            self._sent += 1
            head.append(
                f"X-Forwarded-For: 10.{self._sent >> 16 & 255}.{self._sent >> 8 & 255}.{self._sent & 255}"
            )
        else:
            head.append(f"Authorization: DPoP {self._job.token}")
            head.append(f"DPoP: {self._key.proof(request.method, url, int(time.time()), self._job.token)}")
        if request.accept:
            head.append(f"Accept: {request.accept}")
        body = request.body.encode()
        if request.content_type:
            head.append(f"Content-Type: {request.content_type}")
            head.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*head, "", ""]).encode() + body


class Connection(asyncio.Protocol):
    """One keep-alive connection that sends its requests one after the other until they or the time run out."""

    def __init__(self, requests: list[bytes], deadline: float) -> None:
        self._requests = requests
        self._deadline = deadline
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._sent_at = 0.0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        # A cast, since uvloop's TCP transport is none of asyncio's classes although it has their methods.
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, which calls on_message_complete."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Note the answer and send the next request."""
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        self.statuses[self._parser.get_status_code()] += 1
        if len(self.latencies) == len(self._requests) or now >= self._deadline:
            self._finish()
        elif not self._parser.should_keep_alive():
            self._fail("the server does not keep the connection alive")
        else:
            self._parser = httptools.HttpResponseParser(self)
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the measurement if the server hung up on us."""
        self._fail(f"the server closed the connection after {len(self.latencies)} answers: {exc}")

    def _send(self) -> None:
        if self._transport is not None:
            self._sent_at = time.perf_counter()
            self._transport.write(self._requests[len(self.latencies)])

    def _finish(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        if self._transport is not None:
            self._transport.close()

    def _fail(self, reason: str) -> None:
        if not self.finished.done():
            self.finished.set_exception(RuntimeError(reason))


def _same(connection: Connection) -> Connection:
    return connection


async def drive(job: Job, batches: list[list[bytes]], seconds: float) -> tuple[list[Connection], float]:
    """Send each connection's batch; return the connections and how long it took."""
    loop = asyncio.get_running_loop()
    address = urlsplit(job.storage)
    host, port = address.hostname or "", job.port or address.port or 80
    started = time.perf_counter()
    opened = []
    for batch in batches:
        connection = Connection(batch, started + seconds)
        await loop.create_connection(partial(_same, connection), host, port)
        opened.append(connection)
    await asyncio.gather(*(connection.finished for connection in opened))
    return opened, time.perf_counter() - started


def batches(caller: Caller, work: Work, job: Job, starts: list[int], count: int) -> list[list[bytes]]:
    """Return `count` requests for each connection, numbered on from where it stopped."""
    return [
        [caller.wire(work.request(job.run, connection, start + number)) for number in range(count)]
        for connection, start in enumerate(starts)
    ]


async def measure(job: Job) -> Measurement:
    """Prepare, probe, then measure."""
    work = next(work for work in (*WORKS, GROWN, GRANTED) if work.name == job.work)
    caller = Caller(job)
    starts = [0] * job.connections
    if work.before is not None:
        needed = [[caller.wire(work.before(job.run, connection))] for connection in range(job.connections)]
        require_success(await drive(job, needed, job.seconds))
    probe = await drive(job, batches(caller, work, job, starts, PROBE_REQUESTS), job.seconds)
    require_success(probe)
    starts = [len(connection.latencies) for connection in probe[0]]
    count = math.ceil(sum(starts) / probe[1] * job.seconds * HEADROOM / job.connections)
    run = await drive(job, batches(caller, work, job, starts, count), job.seconds)
    require_success(run)
    latencies = sorted(latency for connection in run[0] for latency in connection.latencies)
    statuses = sum((connection.statuses for connection in run[0]), Counter())
    return Measurement(
        rate=len(latencies) / run[1],
        requests=len(latencies),
        p50=latencies[len(latencies) // 2] * 1000,
        p99=latencies[len(latencies) * 99 // 100] * 1000,
        statuses={str(status): number for status, number in statuses.items()},
    )


def require_success(outcome: tuple[list[Connection], float]) -> None:
    """Raise if any answer was not a success: a fast refusal is no speed."""
    statuses = sum((connection.statuses for connection in outcome[0]), Counter())
    failed = {status: number for status, number in statuses.items() if not 200 <= status < 300}
    if failed:
        raise RuntimeError(f"answers that are no success: {failed}")


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(measure(Job(**json.load(sys.stdin)))))))
