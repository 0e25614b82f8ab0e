"""Large content through a real server: memory stays flat, and who goes away, dies or loses the right gets no more."""

import asyncio
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from pods.sweeper import Sweeper
from pods.uploads import LEASE_SECONDS
from tests.databases import database_of
from tests.pod_host import Person, PodHost
from tests.system.killed_hosts import ROOT, answers

pytestmark = pytest.mark.system

MIB = 1024 * 1024
SIZE = int(os.environ.get("PORTICO_TEST_STREAM_MIB", "1024")) * MIB
MEMORY = 32 * MIB  # what a process may grow by while it serves content of any size
BLOCK = os.urandom(MIB)
JPEG = "image/jpeg"


@dataclass
class Running:
    """A server of its own process, and people who use it; `host` opens the same folder from here."""

    host: PodHost
    anna: Person
    bob: Person
    http: httpx.AsyncClient
    origin: str
    process: subprocess.Popen[bytes]
    port: int

    def peak(self) -> int:
        """Return the most memory that the server ever had, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def files(self) -> list[Path]:
        return [file for file in (self.host.core.settings.data / "blobs").rglob("*") if file.is_file()]

    def head(self, person: Person, method: str, path: str, **fields: str) -> bytes:
        """Return the head of a request, for those who speak to the socket themselves."""
        lines = {"host": f"localhost:{self.port}", **person.credentials(method, self.origin + path)}
        lines |= {name.replace("_", "-"): value for name, value in fields.items()}
        return f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(
            f"{name}: {value}\r\n".encode() for name, value in lines.items()
        )


@pytest_asyncio.fixture
async def running(tmp_path: Path, free_port: int) -> AsyncIterator[Running]:
    origin = f"http://localhost:{free_port}"
    host = PodHost.open(tmp_path, time.time, origin=origin)
    process = start(tmp_path, free_port)
    try:
        async with httpx.AsyncClient(timeout=60.0) as http:
            await answers(http, origin)
            anna = Person(host.core, http, host.anna.webid, origin=origin)
            bob = Person(host.core, http, host.bob.webid, origin=origin)
            yield Running(host, anna, bob, http, origin, process, free_port)
    finally:
        process.kill()
        process.wait()
        await host.aclose()


def start(data: Path, port: int) -> subprocess.Popen[bytes]:
    """Start a server of one process, whose memory can be looked at."""
    environment = {
        **os.environ,
        "PORTICO_DATA": str(data),
        "PORTICO_DATABASE": database_of(data),
        "PORTICO_POD_URL": f"http://localhost:{port}",
        "PYTHONPATH": str(ROOT),
    }
    command = ["-m", "uvicorn", "--factory", "pods.main:create_app", "--port", str(port)]
    return subprocess.Popen([sys.executable, *command, "--log-level", "error"], env=environment, cwd=ROOT)


async def blocks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield BLOCK


async def upload(running: Running, path: str, size: int) -> httpx.Response:
    url = running.origin + path
    fields = {**running.anna.credentials("PUT", url), "content-type": JPEG, "content-length": str(size)}
    return await running.http.put(url, content=blocks(size), headers=fields)


async def download(running: Running, path: str) -> tuple[int, str]:
    url = running.origin + path
    size, digest = 0, hashlib.sha256()
    async with running.http.stream("GET", url, headers=running.anna.credentials("GET", url)) as answer:
        assert answer.status_code == 200
        async for piece in answer.aiter_raw():
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()


async def read_while(
    running: Running, person: Person, happens: Callable[[], Awaitable[httpx.Response]], status: int
) -> int:
    """Read the film, let something happen after its first piece, and return how many bytes came."""
    url = f"{running.origin}/anna/film"
    got = 0
    try:
        async with running.http.stream("GET", url, headers=person.credentials("GET", url)) as answer:
            assert answer.status_code == 200
            async for piece in answer.aiter_raw():
                if got == 0:
                    assert (await happens()).status_code == status
                got += len(piece)
    except httpx.RemoteProtocolError:
        assert got < int(answer.headers["content-length"])
    return got


async def settled(running: Running, count: int) -> None:
    """Wait until so many files are left in the blob store."""
    for _ in range(400):
        if len(running.files()) == count:
            return
        await asyncio.sleep(0.05)
    assert len(running.files()) == count


async def test_a_gigabyte_goes_in_and_out_in_constant_memory(running: Running) -> None:
    await upload(running, "/anna/warm", 4 * MIB)
    await download(running, "/anna/warm")
    before = running.peak()
    assert (await upload(running, "/anna/film", SIZE)).status_code == 201
    expected = hashlib.sha256()
    for _ in range(SIZE // MIB):
        expected.update(BLOCK)
    assert await download(running, "/anna/film") == (SIZE, expected.hexdigest())
    assert running.peak() - before < MEMORY


async def test_a_slow_reader_is_waited_for_and_not_read_ahead_of(running: Running) -> None:
    await upload(running, "/anna/film", 200 * MIB)
    before = running.peak()
    with socket.create_connection(("localhost", running.port)) as connection:
        connection.sendall(running.head(running.anna, "GET", "/anna/film") + b"\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"
        await asyncio.sleep(1)
        assert (await running.anna.get(f"{running.origin}/anna/profile/card")).status_code == 200
        assert running.peak() - before < MEMORY


async def test_who_hangs_up_in_the_middle_of_an_upload_leaves_nothing(running: Running) -> None:
    with socket.create_connection(("localhost", running.port)) as connection:
        fields = running.head(
            running.anna, "PUT", "/anna/film", content_type=JPEG, content_length=str(64 * MIB)
        )
        connection.sendall(fields + b"\r\n" + BLOCK * 8)
        await settled(running, 1)
    await settled(running, 0)
    assert (await running.anna.get(f"{running.origin}/anna/film")).status_code == 404


async def test_a_host_killed_in_the_middle_of_an_upload_shows_nothing_and_the_rest_is_swept(
    running: Running,
) -> None:
    with socket.create_connection(("localhost", running.port)) as connection:
        fields = running.head(
            running.anna, "PUT", "/anna/film", content_type=JPEG, content_length=str(64 * MIB)
        )
        connection.sendall(fields + b"\r\n" + BLOCK * 8)
        await settled(running, 1)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
    assert (await running.host.anna.get("/anna/film")).status_code == 404
    sweeper = Sweeper(running.host.core.blobs, running.host.core.commits, lambda: time.time() + LEASE_SECONDS)
    assert await sweeper.sweep() == 1
    assert running.files() == []


async def test_an_upload_is_asked_for_only_if_it_may_come(running: Running) -> None:
    """RFC 9110, 10.1.1: a client that expects 100 (Continue) sends nothing before."""
    fields = {"content_type": JPEG, "content_length": str(2 * MIB), "expect": "100-continue"}
    for person, expected in ((running.bob, b"HTTP/1.1 403"), (running.anna, b"HTTP/1.1 100")):
        with socket.create_connection(("localhost", running.port)) as connection:
            connection.settimeout(10)
            connection.sendall(running.head(person, "PUT", "/anna/film", **fields) + b"\r\n")
            told = await asyncio.to_thread(connection.recv, 12)
            assert told == expected
            if expected == b"HTTP/1.1 100":
                await asyncio.to_thread(connection.recv, 1000)
                await asyncio.to_thread(connection.sendall, BLOCK * 2)
                assert (await asyncio.to_thread(connection.recv, 12)) == b"HTTP/1.1 201"


async def test_a_withdrawn_right_cuts_a_download_that_is_under_way(running: Running) -> None:
    size = 200 * MIB
    await upload(running, "/anna/film", size)
    acl = (
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n"
        f"<#o> a acl:Authorization; acl:agent <{running.anna.webid}>; acl:accessTo <film>; "
        "acl:mode acl:Read, acl:Write, acl:Control.\n"
    )
    shared = (
        acl
        + f"<#b> a acl:Authorization; acl:agent <{running.bob.webid}>; acl:accessTo <film>; acl:mode acl:Read.\n"
    )
    url = f"{running.origin}/anna/film"
    assert (await running.anna.put(url + ".acl", shared)).status_code == 201
    withdraw = partial(running.anna.put, url + ".acl", acl)
    assert 0 < await read_while(running, running.bob, withdraw, 204) < size // 2


async def test_content_that_is_replaced_is_served_to_its_end_and_deleted_content_is_not(
    running: Running,
) -> None:
    size = 200 * MIB
    url = f"{running.origin}/anna/film"
    for whole in (True, False):
        await upload(running, "/anna/film", size)
        happens = (
            partial(running.anna.put, url, b"short", JPEG) if whole else partial(running.anna.delete, url)
        )
        got = await read_while(running, running.anna, happens, 204)
        assert (got == size) is whole
