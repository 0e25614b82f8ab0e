"""`make soak`: hours of mixed load in MINUTES; no wrong answer, and memory that stays where it was.

    python -m tests.soak [MINUTES]

Every answer is checked against what its client knows. The server's memory is sampled; the median of the last
quarter may exceed that of the second one by GROWTH at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from pathlib import Path

import httpx

from pods.client import ClientCredentials, SolidClient
from tests.bench.portico import command_line
from tests.bench.servers import clean, free_port, running
from tests.soak.work import Tally, Worker

MINUTES = 20.0
CLIENTS = 16
GROWTH = 0.05
FOLDER = Path("build/soak")
PAGE = os.sysconf("SC_PAGE_SIZE")
SECRET = "a-secret-of-the-soak"
USERS = [
    {"name": name, "password": SECRET, "client_id": f"{name}-client", "client_secret": SECRET}
    for name in ("anna", "bruno")
]


def resident(pid: int) -> int:
    """Return the resident memory of a process in bytes (Linux)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


async def sample(pid: int, memory: list[int]) -> None:
    """Note the memory of a process every half second."""
    while True:
        memory.append(resident(pid))
        await asyncio.sleep(0.5)


async def load(origin: str, pid: int, seconds: float) -> tuple[Tally, list[int]]:
    """Put the host under load; return what came of it."""
    tally, memory = Tally(), list[int]()
    limits = httpx.Limits(max_connections=2 * CLIENTS, max_keepalive_connections=2 * CLIENTS)
    async with httpx.AsyncClient(limits=limits, timeout=30) as http:
        owner, guest = (
            SolidClient(
                http,
                ClientCredentials(http, origin + "/", f"{user['name']}-client", SECRET, clock=time.time),
                clock=time.time,
            )
            for user in USERS
        )
        webids = (f"{origin}/anna/profile/card#me", f"{origin}/bruno/profile/card#me")
        workers = [
            Worker(owner, guest, container=f"{origin}/anna/soak-{n}/", webids=webids, seed=n)
            for n in range(CLIENTS)
        ]
        await asyncio.gather(*(worker.prepare() for worker in workers))
        await asyncio.gather(*(worker.create() for worker in workers))
        sampling = asyncio.create_task(sample(pid, memory))
        until = time.monotonic() + seconds
        await asyncio.gather(*(worker.run(until, tally) for worker in workers))
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling
    return tally, memory


def report(tally: Tally, memory: list[int], seconds: float) -> bool:
    """Print what came of it; say whether it is good."""
    done = sum(map(len, tally.seconds.values()))
    print(
        f"{done} pieces of work in {seconds / 60:.1f} min, {done / seconds:.0f}/s; {len(tally.wrong)} wrong"
    )
    print(f"{'':22}{'times':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for kind, times in sorted(tally.seconds.items()):
        ordered = sorted(times)
        p50, p99 = (1000 * ordered[len(ordered) * part // 100] for part in (50, 99))
        print(f"{kind:22}{len(ordered):>8}{p50:>9.1f}{p99:>9.1f}")
    for line in tally.wrong[:10]:
        print("wrong:", line)
    quarter = len(memory) // 4
    early, late = statistics.median(memory[quarter : 2 * quarter]), statistics.median(memory[3 * quarter :])
    print(f"memory: {early / 2**20:.0f} MiB in the second quarter, {late / 2**20:.0f} MiB in the last")
    return not tally.wrong and late <= early * (1 + GROWTH)


def soak(seconds: float, folder: Path = FOLDER) -> tuple[Tally, list[int]]:
    """Start a pod host in the folder, put it under load, and stop it."""
    port = free_port()
    origin = f"http://localhost:{port}"
    seed = clean(folder) / "seed.json"
    seed.write_text(json.dumps(USERS))
    serve = [command_line(), "serve", "pods", "--data", str(folder.resolve() / "data"), "--port", str(port)]
    with running([*serve, "--seed", str(seed.resolve())], folder, origin) as process:
        return asyncio.run(load(origin, process.pid, seconds))


def main() -> int:
    """Soak for the minutes of the command line."""
    seconds = 60 * float(sys.argv[1] if len(sys.argv) > 1 else MINUTES)
    return 0 if report(*soak(seconds), seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
