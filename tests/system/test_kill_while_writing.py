"""A server that is killed in the middle of writes keeps every write that it acknowledged, and nothing by halves."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from pods import activity
from pods.main import application, open_core
from pods.settings import PodSettings
from pods.storage.transaction import ENTRY_BYTES
from tests.pod_host import Person, PodHost

pytestmark = pytest.mark.system

KILLS = int(os.environ.get("PORTICO_KILLS", "3"))  # decision 0012 tells of 50
WORKERS = 2
START_SECONDS = (
    120.0  # two processes load their modules in two seconds, and in a minute on a machine that is busy
)
ROOT = Path(__file__).resolve().parents[2]


ORPHANS = (
    "SELECT name FROM resource AS r WHERE parent IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM resource AS c WHERE c.container = 1 AND c.name || '/' = r.parent)"
)
UNANNOUNCED = (
    "SELECT count(*) FROM resource WHERE name LIKE '/anna/run%.ttl' AND name NOT IN (SELECT path FROM change)"
)
COUNTED = "SELECT sum(size) + ? * count(*) FROM resource WHERE pod = ?"


def start(data: Path, database: str, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PORTICO_DATA": str(data),
        "PORTICO_DATABASE": database,
        "PORTICO_POD_URL": f"http://localhost:{port}",
        "PYTHONPATH": str(ROOT),
    }
    command = [
        "-m",
        "uvicorn",
        "--factory",
        "pods.main:create_app",
        "--port",
        str(port),
        "--workers",
        str(WORKERS),
        "--log-level",
        "critical",
    ]
    return subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT, start_new_session=True)


def kill(server: subprocess.Popen[bytes]) -> None:
    """Kill the workers and their parent at once."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


async def answers(http: httpx.AsyncClient, origin: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            await http.get(f"{origin}/.well-known/openid-configuration")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")


async def write_until_it_dies(
    person: Person, origin: str, worker: int, number: int, kept: dict[str, str]
) -> None:
    for count in range(1_000_000):
        path = f"/anna/run{number}/w{worker}/{count}.ttl"
        content = f"<#it> <#count> {count} ; <#padding> '{'x' * 500}' ."
        try:
            answer = await person.put(origin + path, content)
        except httpx.TransportError:
            return
        assert answer.status_code == 201
        kept[path] = content


@pytest.mark.timeout(240 + 40 * KILLS)
async def test_every_acknowledged_write_survives_kill_9(tmp_path: Path, free_port: int, address: str) -> None:
    origin = f"http://localhost:{free_port}"
    settings = PodSettings(data=tmp_path, pod_url=origin, database=address)
    core = open_core(settings, time.time)
    host = PodHost(core, application(core), origin=origin)
    kept: dict[str, str] = {}
    async with httpx.AsyncClient() as http:
        anna = Person(host.core, http, host.anna.webid, origin=origin)
        for number in range(KILLS):
            server = start(tmp_path, address, free_port)
            try:
                await answers(http, origin)
                writers = [write_until_it_dies(anna, origin, worker, number, kept) for worker in range(8)]
                killer = asyncio.get_running_loop().call_later(0.3 + 0.2 * (number % 5), kill, server)
                await asyncio.gather(*writers)
                killer.cancel()
            finally:
                kill(server)
                server.wait()
    await host.aclose()
    assert len(kept) > KILLS
    core = open_core(settings, time.time)
    with core.store.reading() as tx:
        for path, content in kept.items():
            stored = tx.execute("SELECT content, parent FROM resource WHERE name = ?", (path,))
            assert stored == [(content.encode(), path.rpartition("/")[0] + "/")]
        if not address:
            assert tx.execute("PRAGMA integrity_check") == [("ok",)]
        assert tx.execute(ORPHANS) == []
        assert tx.execute(UNANNOUNCED) == [(0,)]
        pod = tx.pod("anna")
        assert pod is not None
        assert tx.usage(pod.key).used == tx.execute(COUNTED, (ENTRY_BYTES, pod.key))[0][0]
        assert activity.verify(tx, pod.key)
    core.close()
