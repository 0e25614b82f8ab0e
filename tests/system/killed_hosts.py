"""A host of two workers that is killed, or loses its database, while many write; and what must be there afterwards."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from pods import activity
from pods.main import Core
from pods.storage.transaction import ENTRY_BYTES

START_SECONDS = (
    120.0  # two processes load their modules in two seconds, and in a minute on a machine that is busy
)
ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
WRITERS = 8

ORPHANS = (
    "SELECT name FROM resource AS r WHERE parent IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM resource AS c WHERE c.container = 1 AND c.name || '/' = r.parent)"
)
WRITTEN = "SELECT name, content, parent FROM resource WHERE name LIKE '/anna/run%.ttl'"
UNANNOUNCED = (
    "SELECT count(*) FROM resource WHERE name LIKE '/anna/run%.ttl' AND name NOT IN (SELECT path FROM change)"
)
COUNTED = "SELECT sum(size) + ? * count(*) FROM resource WHERE pod = ?"


def start(data: Path, database: str, port: int, workers: int = WORKERS) -> subprocess.Popen[bytes]:
    """Start a plain pod host in a process group of its own."""
    environment = {
        **os.environ,
        "PORTICO_DATA": str(data),
        "PORTICO_DATABASE": database,
        "PORTICO_POD_URL": f"http://localhost:{port}",
        "PORTICO_WORKERS": str(workers),
        "PYTHONPATH": str(ROOT),
    }
    command = [
        *("-m", "uvicorn", "--factory", "pods.main:create_app"),
        *("--port", str(port), "--workers", str(workers), "--log-level", "critical"),
    ]
    return subprocess.Popen([sys.executable, *command], env=environment, cwd=ROOT, start_new_session=True)


def kill(server: subprocess.Popen[bytes]) -> None:
    """Kill the workers and their parent at once."""
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)


async def answers(http: httpx.AsyncClient, origin: str) -> None:
    """Wait until the host answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            await http.get(f"{origin}/.well-known/openid-configuration")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server did not start")


def document(run: int, writer: int, number: int) -> tuple[str, str]:
    """Return the path and the content of a document that tells where it belongs."""
    content = f"<#it> <#run> {run} ; <#number> {number} ; <#padding> '{'x' * 500}' ."
    return f"/anna/run{run}/w{writer}/{number}.ttl", content


def require_whole(core: Core, kept: dict[str, str], *, tried: dict[str, str], sqlite: bool) -> None:
    """Fail unless every write that was acknowledged is there, none by halves, and all that is derived from them."""
    with core.store.reading() as tx:
        there = {name: content.decode() for name, content, _ in tx.execute(WRITTEN)}
        assert {path: there.get(path) for path in kept} == kept
        assert there.items() <= tried.items()  # what nobody heard of is there as it was sent, or not at all
        assert all(parent == name.rpartition("/")[0] + "/" for name, _, parent in tx.execute(WRITTEN))
        if sqlite:
            assert tx.execute("PRAGMA integrity_check") == [("ok",)]
        assert tx.execute(ORPHANS) == []
        assert tx.execute(UNANNOUNCED) == [(0,)]
        pod = tx.pod("anna")
        assert pod is not None
        assert tx.usage(pod.key).used == tx.execute(COUNTED, (ENTRY_BYTES, pod.key))[0][0]
        assert activity.verify(tx, pod.key)
