"""Two processes that serve one host from one database, each reached by itself."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from consent.main import extension, schemas
from pods.main import application, open_core
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import Town
from tests.pod_host import ORIGIN, Person

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
CONNECTIONS = httpx.Limits(max_connections=16)


class At(httpx.AsyncBaseTransport):
    """Carries requests for the host to the worker at a port; their addresses stay as they were signed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.AsyncHTTPTransport(limits=CONNECTIONS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True, slots=True)
class TwoWorkers:
    """One host, and a client of each of its workers."""

    town: Town
    first: httpx.AsyncClient
    second: httpx.AsyncClient

    def clients(self) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
        return self.first, self.second

    def at(self, client: httpx.AsyncClient, name: str) -> Person:
        """Return a person who speaks to one worker."""
        return Person(self.town.core, client, self.town.person(name).webid)


class RealClock(SettableClock):
    """The time, as the workers have it."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def __call__(self) -> float:
        return time.time()


def start(data: Path, database: str, port: int, *options: str, url: str = ORIGIN) -> subprocess.Popen[bytes]:
    """Start `portico serve pods` on a port."""
    environment = {
        **os.environ,
        "PORTICO_DATA": str(data),
        "PORTICO_DATABASE": database,
        "PORTICO_POD_URL": url,
        "PYTHONPATH": str(ROOT),
    }
    command = ["-m", "apps.cli", "serve", "pods", "--port", str(port), *options]
    return subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT)


def unused_port() -> int:
    """Return a port on loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answers(port: int) -> None:
    """Wait until a worker at the port answers."""
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient() as http:
        while time.monotonic() < deadline:
            try:
                await http.get(f"http://127.0.0.1:{port}/.well-known/openid-configuration")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
    raise AssertionError("the server did not start")


@asynccontextmanager
async def two_workers(data: Path, database: str) -> AsyncIterator[TwoWorkers]:
    """Start two workers of one host, with the people of a test on it."""
    clock = RealClock()
    core = open_core(PodSettings(data=data, pod_url=ORIGIN, database=database), clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    town = Town(core, added, app, clock)
    ports = (unused_port(), unused_port())
    servers = [start(data, database, port) for port in ports]
    try:
        await asyncio.gather(*map(answers, ports))
        async with (
            httpx.AsyncClient(transport=At(ports[0]), timeout=60) as first,
            httpx.AsyncClient(transport=At(ports[1]), timeout=60) as second,
        ):
            town.http = first
            yield TwoWorkers(town, first, second)
    finally:
        for server in servers:
            server.kill()
            server.wait()
        await core.aclose()
