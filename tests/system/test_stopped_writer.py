"""A process that is stopped while it has the turn to write: others read on, are told to come back, and it is named."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from apps.cli.doctor import examine
from consent.main import schemas
from pods.main import application, open_core
from pods.settings import PodSettings
from pods.storage.commits import CommitQueue
from pods.storage.lock_holders import blocked, holder
from pods.storage.sqlite import SqliteStore
from pods.upkeep.doctor import writers
from tests.pod_host import ORIGIN, PodHost

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 0.3  # seconds in which a stopped process does not come back
TURN = "Turn(path).wait()"
LOCK = "connection = sqlite3.connect(path); connection.execute('BEGIN IMMEDIATE')"
BOTH = f"turn = Turn(path); turn.wait(); {LOCK}"  # as in the middle of a commit
HANGS = """
import sqlite3, sys, time
from pathlib import Path
from pods.storage.write_log import Turn
path = Path(sys.argv[1])
{held}
print("has it", flush=True)
time.sleep(600)
"""


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[PodHost]:
    """A host whose writers wait for less than half a minute."""
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN), time.time, schemas=schemas())
    assert isinstance(core.store, SqliteStore)
    core.commits.close()
    core = replace(core, commits=CommitQueue(core.store, patience=PATIENCE))
    made = PodHost(core, application(core))
    yield made
    await made.aclose()


@pytest.fixture(params=[TURN, LOCK, BOTH], ids=["the turn", "the lock", "both"])
def stopped(request: pytest.FixtureRequest, host: PodHost) -> Iterator[subprocess.Popen[str]]:
    """A process that has what a writer needs, and is stopped."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANGS.format(held=request.param), str(path_of(host))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "has it\n"
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def path_of(host: PodHost) -> Path:
    assert isinstance(host.core.store, SqliteStore)
    return host.core.store.path


async def test_readers_go_on_and_writers_are_told_what_to_do(
    host: PodHost, stopped: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("/anna/profile/card", "/anna/settings/prefs.ttl", "/anna/"):
        assert (await host.anna.get(path)).status_code == 200
    refused = await host.anna.put("/anna/new.ttl", "<#a> <#b> <#c> .")
    assert (refused.status_code, refused.json()["code"]) == (503, "store-unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert "portico doctor" in refused.json()["detail"]
    assert str(stopped.pid) not in refused.text, "who runs on the host is nothing for strangers"
    assert f"process {stopped.pid}, which is stopped" in caplog.text
    assert (await host.anna.get("/anna/new.ttl")).status_code == 404
    stopped.kill()
    stopped.wait()
    assert (await host.anna.put("/anna/new.ttl", "<#a> <#b> <#c> .")).status_code == 201


async def test_it_is_named_and_who_comes_anew_can_read(host: PodHost, stopped: subprocess.Popen[str]) -> None:
    said = f"process {stopped.pid}, which is stopped"
    assert str(holder(path_of(host))) == said
    (finding,) = await asyncio.to_thread(lambda: list(writers(path_of(host), PATIENCE)))
    assert said in finding.what
    beside = open_core(host.core.settings, time.time, schemas=schemas())  # as another worker, or the doctor
    with beside.store.reading() as tx:
        assert tx.pod("anna") is not None
    beside.close()


async def test_where_writers_take_turns_nobody_is_named(host: PodHost) -> None:
    assert holder(path_of(host)) is None
    assert await asyncio.to_thread(blocked, path_of(host), PATIENCE) is None
    assert examine(host.core) == []
