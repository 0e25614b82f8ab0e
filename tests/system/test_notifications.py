"""Notifications of whole processes: two workers on one database, and kill -9 between a commit and its delivery."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.notified_host import PATIENCE, WEB_SOCKET, WEBHOOK, receiver, subscribe
from tests.pod_host import Person, PodHost

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
NOTES = "/anna/notes/"


class Server:
    """A pod host in processes of its own."""

    def __init__(self, data: Path, port: int, trusted: str, workers: int) -> None:
        self.origin = f"http://localhost:{port}"
        self._command = ["-m", "uvicorn", "--factory", "pods.main:create_app", "--port", str(port)]
        self._command += ["--workers", str(workers), "--log-level", "error"]
        self._environment = {
            **os.environ,
            "PORTICO_DATA": str(data),
            "PORTICO_POD_URL": self.origin,
            "PORTICO_TRUSTED_HOSTS": trusted,
            "PYTHONPATH": str(ROOT),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, *self._command]
        return subprocess.Popen(command, env=self._environment, cwd=ROOT, start_new_session=True)

    async def start(self) -> None:
        self._process = self._spawn()
        deadline = time.monotonic() + START_SECONDS
        async with httpx.AsyncClient(trust_env=False) as http:
            while time.monotonic() < deadline:
                try:
                    await http.get(f"{self.origin}/.well-known/openid-configuration")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return
        raise AssertionError("the server did not start")

    def kill(self) -> None:
        """End all its processes at once, without a chance to finish anything."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@asynccontextmanager
async def served(data: Path, port: int, *, trusted: str = "", workers: int = 1) -> AsyncIterator[Server]:
    server = Server(data, port, trusted, workers)
    await server.start()
    try:
        yield server
    finally:
        server.kill()


async def person(data: Path, server: Server, http: httpx.AsyncClient) -> tuple[PodHost, Person]:
    """Return the store of a host that runs, and anna, who sends requests to it."""
    host = PodHost.open(data, time.time, origin=server.origin)
    return host, Person(host.core, http, host.anna.webid, origin=server.origin)


async def heard(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    return message


async def test_every_worker_tells_what_any_worker_wrote(tmp_path: Path, free_port: int) -> None:
    with receiver() as hook:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(
                served(tmp_path, free_port, trusted=hook.host, workers=2)
            )
            # A new connection for each request: the workers share them.
            limits = httpx.Limits(max_keepalive_connections=0)
            http = await stack.enter_async_context(
                httpx.AsyncClient(limits=limits, timeout=PATIENCE, trust_env=False)
            )
            host, anna = await person(tmp_path, server, http)
            stack.push_async_callback(host.aclose)
            await subscribe(anna, server.origin, WEBHOOK, NOTES + "one.ttl", sendTo=hook.url)
            sockets = []
            for _ in range(6):
                made = await subscribe(anna, server.origin, WEB_SOCKET, NOTES + "one.ttl")
                sockets.append(await stack.enter_async_context(connect(made["receiveFrom"])))
            for number in range(12):
                assert (await anna.put(NOTES + "one.ttl", f"<#it> <urn:x:is> {number} .")).is_success
            expected = ["Create", *["Update"] * 11]
            for socket in sockets:
                assert [(await heard(socket))["type"] for _ in range(12)] == expected
            told = [(await hook.next()).message for _ in range(12)]
            assert [message["type"] for message in told] == expected
            assert len({message["id"] for message in told}) == 12
            assert hook.quiet  # one worker sends, never both


async def test_what_was_committed_is_told_after_a_kill(tmp_path: Path, free_port: int) -> None:
    documents = [f"{NOTES}{number}.ttl" for number in range(12)]
    with receiver() as hook:
        async with (
            served(tmp_path, free_port, trusted=hook.host) as server,
            httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http,
        ):
            host, anna = await person(tmp_path, server, http)
            await subscribe(anna, server.origin, WEBHOOK, *documents, sendTo=hook.url)
            made = await subscribe(anna, server.origin, WEB_SOCKET, *documents)
            for path in documents:
                assert (await anna.put(path, "<#it> <urn:x:is> 1 .")).is_success
            server.kill()  # most of these notifications have not been sent yet
            await server.start()
            wanted = {server.origin + path for path in documents}
            async with connect(made["receiveFrom"]) as socket:
                assert {(await heard(socket))["object"] for _ in documents} == wanted
            told: set[str] = set()
            while told != wanted:
                message = (await hook.next()).message
                assert message["type"] == "Create"
                told.add(message["object"])
            await host.aclose()
