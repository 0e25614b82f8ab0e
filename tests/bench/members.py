"""A container of 300,000 members: what listing, paging and deleting it take, and what others wait meanwhile.

python -m tests.bench.members [MEMBERS] [--postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from apps.cli.operator import operator_core
from pods.client import SolidClient
from pods.model import Path as ResourcePath
from pods.protocol import rdf
from pods.settings import PodSettings
from tests.bench.portico import command_line
from tests.bench.servers import clean, free_port, running
from tests.soak.__main__ import database
from tests.soak.town import Town, town

MEMBERS = 300_000
OTHERS = 4  # clients that read and write small documents of another pod meanwhile
QUIET = 4.0  # seconds that they are measured alone
PAGES = 100
DELETED = 500
FOLDER = Path("build/members")
BOX, SMALL = "/anna/box/", "/bruno/small.ttl"


def fill(settings: PodSettings, count: int) -> None:
    """Put the members there, past HTTP."""
    with operator_core(settings) as core, core.store.writing() as tx:
        pod = tx.pod("anna")
        if pod is None:
            raise RuntimeError("anna has no pod")
        tx.write(ResourcePath(BOX), rdf.TURTLE, b"", core.clock())
        tx.execute_many(
            "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content) "
            "VALUES (?, 0, ?, ?, 'text/turtle', ?, 0, 2, ?)",
            ((f"{BOX}{n:06}.ttl", BOX, pod.key, f"{n:024}", b"# ") for n in range(count)),
        )


class Others:
    """Clients that go on reading and writing, and how long they wait."""

    def __init__(self, solid: SolidClient, origin: str) -> None:
        self._solid = solid
        self._url = origin + SMALL
        self.waits: dict[str, list[float]] = {"GET": [], "PUT": []}

    @asynccontextmanager
    async def busy(self) -> AsyncIterator[None]:
        """Send requests while the block runs."""
        for waits in self.waits.values():
            waits.clear()
        sending = [asyncio.create_task(self._send(n)) for n in range(OTHERS)]
        yield
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def _send(self, number: int) -> None:
        method = "PUT" if number % 2 else "GET"
        content = "<#a> <#b> <#c> ." if method == "PUT" else None
        headers = {"content-type": rdf.TURTLE} if content else {}
        while True:
            started = time.perf_counter()
            answer = await self._solid.request(method, self._url, headers=headers, content=content)
            if not answer.is_success:
                raise RuntimeError(f"{answer.status_code} for {method}: {answer.text}")
            self.waits[method].append(time.perf_counter() - started)


async def measure(place: Town, count: int) -> None:
    """Do everything that a large container can be asked for; print what it takes and what others wait."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(limits=limits, timeout=600) as http:
        anna, bruno = place.client(http, "anna"), place.client(http, "bruno")
        others = Others(bruno, place.origin)
        await bruno.request(
            "PUT", place.origin + SMALL, headers={"content-type": rdf.TURTLE}, content="<#a> <#b> 1 ."
        )
        box = place.origin + BOX

        async def alone() -> int:
            await asyncio.sleep(QUIET)
            return 0

        def listing(media_type: str) -> Callable[[], Awaitable[int]]:
            async def whole() -> int:
                return len((await anna.request("GET", box, headers={"accept": media_type})).content)

            return whole

        async def paging() -> int:
            url, preference = box, {"prefer": 'return=representation; max-member-count="100"'}
            for _ in range(PAGES):
                answer = await anna.request("GET", url, headers=preference)
                if "next" not in answer.links:
                    break
                url, preference = answer.links["next"]["url"], {}
            return PAGES

        async def deleting() -> int:
            for number in range(DELETED):
                answer = await anna.request("DELETE", f"{box}{number:06}.ttl")
                if answer.status_code != 204:
                    raise RuntimeError(f"{answer.status_code} for DELETE: {answer.text}")
            return DELETED

        async def removing() -> int:
            # As an operator does it, beside the running host.
            command = [command_line(), "accounts", "delete", "anna", "--yes"]
            environment = {**os.environ, **place.environment()}
            process = await asyncio.create_subprocess_exec(*command, env=environment)
            if await process.wait() != 0:
                raise RuntimeError("the account could not be deleted")
            return count

        print(f"{count} members; {OTHERS} others read and write a small document meanwhile")
        print(
            f"{'':26}{'takes s':>9}{'GET p50':>9}{'p99':>7}{'most':>7}{'PUT p50':>9}{'p99':>7}{'most':>7} ms"
        )
        for name, work in (
            ("nothing", alone),
            ("list, Turtle", listing(rdf.TURTLE)),
            ("list, JSON-LD", listing(rdf.JSON_LD)),
            (f"{PAGES} pages of 100", paging),
            (f"delete {DELETED} members", deleting),
            ("delete the account", removing),
        ):
            started = time.perf_counter()
            async with others.busy():
                await work()
                took = time.perf_counter() - started
            print(f"{name:26}{took:>9.2f}", *(_figures(waits) for waits in others.waits.values()), flush=True)


def _figures(waits: list[float]) -> str:
    ordered = sorted(waits) or [0.0]
    p50, p99 = (1000 * ordered[len(ordered) * part // 100] for part in (50, 99))
    return f"{p50:>8.1f}{p99:>7.1f}{1000 * ordered[-1]:>7.0f}"


def main() -> None:
    """Measure as the command line says."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("members", nargs="?", type=int, default=MEMBERS)
    arguments.add_argument("--postgresql", action="store_true")
    given = arguments.parse_args()
    port = free_port()
    data = clean(FOLDER).resolve() / "data"
    with database(postgresql=given.postgresql) as address:
        place = town(data, f"http://localhost:{port}", database=address)
        place.settle()
        fill(place.settings, given.members)
        serve = [command_line(), "serve", "pods", "--port", str(port)]
        with running(serve, FOLDER, place.origin, place.environment()):
            asyncio.run(measure(place, given.members))


if __name__ == "__main__":
    main()
