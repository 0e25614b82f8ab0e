"""A server that is killed in the middle of writes keeps every write that it acknowledged, and nothing by halves."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pods import activity
from pods.main import open_core
from pods.settings import PodSettings
from tests.pod_host import Person, PodHost

pytestmark = pytest.mark.system

ROUNDS = 3
START_SECONDS = 30.0
ROOT = Path(__file__).resolve().parents[2]


def start(data: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "PORTICO_DATA": str(data),
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
        "--log-level",
        "error",
    ]
    return subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT)


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


async def test_every_acknowledged_write_survives_kill_9(tmp_path: Path, free_port: int) -> None:
    origin = f"http://localhost:{free_port}"
    host = PodHost.open(tmp_path, time.time, origin=origin)
    kept: dict[str, str] = {}
    async with httpx.AsyncClient() as http:
        anna = Person(host.core, http, host.anna.webid, origin=origin)
        for number in range(ROUNDS):
            server = start(tmp_path, free_port)
            try:
                await answers(http, origin)
                writers = [write_until_it_dies(anna, origin, worker, number, kept) for worker in range(8)]
                killer = asyncio.get_running_loop().call_later(
                    0.3 + 0.2 * number, server.send_signal, signal.SIGKILL
                )
                await asyncio.gather(*writers)
                killer.cancel()
            finally:
                server.kill()
                server.wait()
    await host.aclose()
    assert len(kept) > ROUNDS
    core = open_core(PodSettings(data=tmp_path, pod_url=origin), time.time)
    with core.store.reading() as tx:
        for path, content in kept.items():
            stored = tx.execute("SELECT content, parent FROM resource WHERE name = ?", (path,))
            assert stored == [(content.encode(), path.rpartition("/")[0] + "/")]
        assert tx.execute("PRAGMA integrity_check") == [("ok",)]
        orphans = "SELECT name FROM resource r WHERE parent IS NOT NULL AND NOT EXISTS (SELECT 1 FROM resource c WHERE c.container AND c.name || '/' = r.parent)"
        assert tx.execute(orphans) == []
        unannounced = "SELECT count(*) FROM resource WHERE name LIKE '/anna/run%.ttl' AND name NOT IN (SELECT path FROM change)"
        assert tx.execute(unannounced) == [(0,)]
        pod = tx.pod("anna")
        assert pod is not None
        assert activity.verify(tx, pod.key)
    core.close()
