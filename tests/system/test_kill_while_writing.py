"""A server that is killed in the middle of writes keeps every write that it acknowledged, and nothing by halves."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import httpx
import pytest

from pods.main import application, open_core
from pods.settings import PodSettings
from tests.pod_host import Person, PodHost
from tests.system.killed_hosts import (
    START_SECONDS,
    WRITERS,
    answers,
    document,
    kill,
    require_whole,
    start,
)

pytestmark = pytest.mark.system

KILLS = int(os.environ.get("PORTICO_KILLS", "3"))  # decision 0012 tells of 50
AFTER = (0.05, 0.3, 0.6, 0.9, 1.2)  # seconds from the first write that was acknowledged


@pytest.mark.timeout(120 + (START_SECONDS + 30) * KILLS)
async def test_every_acknowledged_write_survives_kill_9(tmp_path: Path, free_port: int, address: str) -> None:
    origin = f"http://localhost:{free_port}"
    settings = PodSettings(data=tmp_path, pod_url=origin, database=address)
    core = open_core(settings, time.time)
    host = PodHost(core, application(core), origin=origin)
    kept: dict[str, str] = {}
    tried: dict[str, str] = {}

    async def write_until_it_dies(person: Person, run: int, writer: int, first: asyncio.Event) -> None:
        for number in range(1_000_000):
            path, content = document(run, writer, number)
            tried[path] = content
            try:
                answer = await person.put(origin + path, content)
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            kept[path] = content
            first.set()

    async with httpx.AsyncClient(timeout=START_SECONDS) as http:
        anna = Person(host.core, http, host.anna.webid, origin=origin)
        for run in range(KILLS):
            before, first = len(kept), asyncio.Event()
            server = start(tmp_path, address, free_port)
            try:
                await answers(http, origin)
                async with asyncio.TaskGroup() as writing:
                    for writer in range(WRITERS):
                        writing.create_task(write_until_it_dies(anna, run, writer, first))
                    await first.wait()
                    await asyncio.sleep(AFTER[run % len(AFTER)])
                    kill(server)
            finally:
                kill(server)
                server.wait()
            print(f"kill {run + 1} of {KILLS}: {len(kept) - before} writes were acknowledged before it")
    await host.aclose()
    core = open_core(settings, time.time)
    require_whole(core, kept, tried=tried, sqlite=not address)
    core.close()
