"""The process that checks signatures beside a served worker: killed, stopped, and gone with the host."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from pods.authn.signatures import has_room
from pods.main import application, open_core
from pods.settings import PodSettings
from tests.pod_host import Person, PodHost
from tests.system.killed_hosts import START_SECONDS, answers, kill, start

pytestmark = pytest.mark.system

READERS = 8
END_SECONDS = 60.0


def beside(server: int) -> set[int]:
    """Return the living processes below a server that check signatures, once they are ready."""
    return {one for one in _below(server) if b"signature_process" in _command(one) and _ignores_stops(one)}


def _ignores_stops(process: int) -> bool:
    """Say whether it has come so far as to ignore what stops a service: the last that it does before it is ready."""
    with suppress(FileNotFoundError):
        for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
            name, _, mask = line.partition(":")
            if name == "SigIgn":
                return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)
    return False


def _below(process: int) -> Iterator[int]:
    with suppress(FileNotFoundError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for child in (thread / "children").read_text("ascii").split():
                yield int(child)
                yield from _below(int(child))


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""


@pytest.mark.timeout(300)
@pytest.mark.skipif(not has_room(1, len(os.sched_getaffinity(0))), reason="a worker cannot have two cores")
async def test_no_request_fails_whatever_becomes_of_the_process_that_checks_signatures(
    tmp_path: Path, free_port: int
) -> None:
    origin = f"http://localhost:{free_port}"
    core = open_core(PodSettings(data=tmp_path, pod_url=origin), time.time)
    host = PodHost(core, application(core), origin=origin)
    card, ended = f"{origin}/anna/profile/card", asyncio.Event()

    async def read(person: Person) -> None:
        while not ended.is_set():
            assert (await person.get(card)).status_code == 200

    async def another_than(*known: int) -> int:
        async with asyncio.timeout(START_SECONDS):
            while not (found := beside(server.pid) - set(known)):  # noqa: ASYNC110  # no event of ours
                await asyncio.sleep(0.02)
        return found.pop()

    server = start(tmp_path, "", free_port, workers=1)
    try:
        async with httpx.AsyncClient(timeout=START_SECONDS) as http:
            await answers(http, origin)
            anna = Person(host.core, http, host.anna.webid, origin=origin)
            async with asyncio.TaskGroup() as reading:
                for _ in range(READERS):
                    reading.create_task(read(anna))
                first = await another_than()
                os.kill(first, signal.SIGKILL)
                second = await another_than(first)
                os.kill(second, signal.SIGSTOP)
                third = await another_than(first, second)
                assert beside(server.pid) == {third}  # the one that was stopped was given up and ended
                os.kill(third, signal.SIGSTOP)
                ended.set()
        os.kill(server.pid, signal.SIGTERM)
        assert await asyncio.to_thread(server.wait, END_SECONDS) == -signal.SIGTERM
        assert b"signature_process" not in _command(third)
    finally:
        kill(server)
        server.wait()
    await host.aclose()
