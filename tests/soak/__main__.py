"""`make soak`: hours of mixed load in MINUTES; no wrong answer, and memory that stays where it was.

    python -m tests.soak [MINUTES] [--workers N] [--postgresql] [--folder F]

Every answer is checked against what its client knows, and so is what the host says of itself: its log holds no error,
and `portico doctor` finds nothing afterwards. Memory and open files of every process are sampled.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx

from consent.client import PurposeKey
from pods.provision import webid_for
from tests.bench.portico import command_line
from tests.bench.servers import clean, free_port, running
from tests.notified_host import Receiver, receiver
from tests.postgres_cluster import DURABLE, cluster
from tests.soak.consenting import Asker, Citizen
from tests.soak.listening import Listener
from tests.soak.logins import Person
from tests.soak.memory import Memory
from tests.soak.tally import Tally
from tests.soak.town import CITIZENS, Town, town
from tests.soak.work import Uploader, Worker

MINUTES = 20.0
WORKERS = 2
CLIENTS = 10  # that read and write documents, beside those who do something else
USUAL = 8 * 3600.0  # seconds of a working day
FOLDER = Path("build/soak")
SHOWN = 600  # characters of what went wrong
LEAST_FOR_MEMORY = 240.0  # seconds: before, caches and code still come into memory


class Role(Protocol):
    """Somebody who keeps the host busy."""

    async def run(self, until: float, tally: Tally) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What came of a soak."""

    tally: Tally
    memory: Memory
    seconds: float
    faults: list[str] = field(default_factory=list)
    """What was found afterwards, beside wrong answers and memory."""

    def wrong(self) -> list[str]:
        """Return everything that must not be."""
        memory = self.memory.faults() if self.seconds >= LEAST_FOR_MEMORY else []
        return [*self.tally.wrong, *self.faults, *memory]

    def report(self) -> None:
        """Print what came of it."""
        done = sum(map(len, self.tally.seconds.values()))
        print(
            f"{done} pieces of work in {self.seconds / 60:.1f} min, {done / self.seconds:.0f}/s:"
            f" eight hours at {done / USUAL:.2f}/s"
        )
        print(f"{'':38}{'times':>8}{'p50 ms':>9}{'p99 ms':>9}{'most ms':>9}")
        for kind, times in sorted(self.tally.seconds.items()):
            ordered = sorted(times)
            p50, p99 = (1000 * ordered[len(ordered) * part // 100] for part in (50, 99))
            print(f"{kind:38}{len(ordered):>8}{p50:>9.1f}{p99:>9.1f}{1000 * ordered[-1]:>9.1f}")
        for line in self.memory.lines():
            print(line)
        if self.seconds < LEAST_FOR_MEMORY:
            print("memory is not judged: the run was too short for that")
        wrong = self.wrong()
        print(f"{len(wrong)} wrong")
        for line in wrong[:20]:
            print("wrong:", line[:SHOWN])


async def load(place: Town, pid: int, seconds: float, hook: Receiver) -> Outcome:
    """Put the host under load; return what came of it."""
    tally, memory = Tally(), Memory(pid)
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=30) as http:
        owner, guest = place.client(http, "anna"), place.client(http, "bruno")
        webids = (webid_for(place.origin, "anna"), webid_for(place.origin, "bruno"))
        storage = f"{place.origin}/anna/"
        workers = [
            Worker(owner, guest, container=f"{storage}soak-{n}/", webids=webids, seed=n)
            for n in range(CLIENTS)
        ]
        await asyncio.gather(*(worker.prepare() for worker in workers))
        await asyncio.gather(*(worker.create() for worker in workers))
        key = PurposeKey.generate()
        service = await place.service(http, key)
        programme, shopping = await place.programme(service), await place.shopping(service)
        everybody: tuple[Role, ...] = (
            *workers,
            Uploader(owner, container=f"{storage}large/"),
            Listener(owner, origin=place.origin, document=f"{storage}heard-1.ttl"),
            Listener(owner, origin=place.origin, document=f"{storage}heard-2.ttl"),
            Listener(owner, origin=place.origin, document=f"{storage}heard-3.ttl", hook=hook),
            Person(place, "bruno"),
            Asker(lambda: place.another_service(key), programme),
            *(
                Citizen(
                    place.wallet(http, name),
                    service,
                    shopping,
                    client=f"{name}-client",
                    storage=f"{place.origin}/{name}/",
                    seed=number,
                )
                for number, name in enumerate(CITIZENS)
            ),
        )
        watching = asyncio.create_task(memory.watch())
        until = time.monotonic() + seconds
        await asyncio.gather(*(one.run(until, tally) for one in everybody))
        if watching.done():
            tally.wrong.append(f"memory could not be watched: {watching.exception()!r}")
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError, OSError):
            await watching
    return Outcome(tally, memory, seconds)


@contextmanager
def database(*, postgresql: bool) -> Iterator[str]:
    """Give the setting for SQLite, or for a PostgreSQL of its own."""
    if not postgresql:
        yield ""
        return
    with cluster(DURABLE) as made:
        yield made.create()


def soak(
    seconds: float, folder: Path = FOLDER, *, workers: int = WORKERS, postgresql: bool = False
) -> Outcome:
    """Start a pod host in the folder, put it under load, stop it, and look at what it left."""
    port = free_port()
    data = clean(folder).resolve() / "data"
    with receiver() as hook, database(postgresql=postgresql) as address:
        place = town(data, f"http://localhost:{port}", database=address, trusted_hosts=(hook.host,))
        place.settle()
        serve = [command_line(), "serve", "pods", "--port", str(port), "--workers", str(workers)]
        with running(serve, folder, place.origin, place.environment()) as process:
            outcome = asyncio.run(load(place, process.pid, seconds, hook))
        said = (folder / "server.log").read_text("utf-8", "replace").strip()
        if said:
            outcome.faults.append(f"the host's log: {said[-2000:]}")
        doctor = subprocess.run(
            [command_line(), "doctor", "--data", str(data)],
            check=False,
            capture_output=True,
            text=True,
            env=place.environment(),
        )
        if doctor.returncode != 0:
            outcome.faults.append(f"portico doctor: {doctor.stdout[-2000:]}{doctor.stderr[-2000:]}")
    return outcome


def main() -> int:
    """Soak as the command line says."""
    arguments = argparse.ArgumentParser(prog="make soak", description=__doc__)
    arguments.add_argument("minutes", nargs="?", type=float, default=MINUTES)
    arguments.add_argument("--workers", type=int, default=WORKERS)
    arguments.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own")
    arguments.add_argument("--folder", type=Path, default=FOLDER, help="emptied first; two at once need two")
    given = arguments.parse_args()
    outcome = soak(60 * given.minutes, given.folder, workers=given.workers, postgresql=given.postgresql)
    outcome.report()
    return 1 if outcome.wrong() else 0


if __name__ == "__main__":
    sys.exit(main())
