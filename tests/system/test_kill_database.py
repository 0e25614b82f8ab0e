"""A PostgreSQL that is killed under write load: acknowledged writes stay, nothing stays by halves, the workers go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from pods.main import application, open_core
from pods.settings import PodSettings
from pods.storage.postgres_connection import PATIENCE
from tests.pod_host import Person, PodHost
from tests.postgres_cluster import Cluster, NoPostgres, cluster, wait_until_ready
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

KILLS = int(os.environ.get("PORTICO_KILLS", "3"))
AGAIN_SECONDS = 60.0  # from the first answer of the database until every writer is served; a second, usually
ACKNOWLEDGED = 10  # writes of a run before the database is killed
LONG = PATIENCE + 2.0  # seconds that it stays away in each fourth run: no request waits so long for it


def all_of_it(fragile: Cluster, away: float) -> None:
    fragile.kill()
    time.sleep(away)
    fragile.start()


def immediate_shutdown(fragile: Cluster, away: float) -> None:
    fragile.stop("immediate")
    time.sleep(away)
    fragile.start()


def one_backend(fragile: Cluster, _: float) -> None:
    """Kill a process that writes: the server ends all others, recovers and goes on by itself."""
    with psycopg.connect(fragile.url(), autocommit=True) as own:
        found = own.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'portico'"
            " AND backend_type = 'client backend' ORDER BY query_start DESC LIMIT 1"
        ).fetchone()
        assert found is not None
        os.kill(found[0], signal.SIGKILL)
        with suppress(psycopg.OperationalError):
            while True:  # until this connection is ended too
                own.execute("SELECT 1")
    wait_until_ready(fragile)


WAYS: tuple[Callable[[Cluster, float], None], ...] = (all_of_it, immediate_shutdown, one_backend)


@pytest.fixture
def fragile() -> Iterator[Cluster]:
    """A server that a test may kill."""
    try:
        with cluster() as running:
            yield running
    except NoPostgres as missing:
        pytest.skip(str(missing))


@pytest.mark.timeout(240 + 90 * KILLS)
async def test_every_acknowledged_write_survives_a_crash_of_the_database(
    tmp_path: Path, free_port: int, fragile: Cluster
) -> None:
    origin = f"http://localhost:{free_port}"
    settings = PodSettings(data=tmp_path, pod_url=origin, database=fragile.create())
    core = open_core(settings, time.time)
    host = PodHost(core, application(core), origin=origin)
    kept: dict[str, str] = {}
    tried: dict[str, str] = {}
    refused: Counter[int] = Counter()

    async def write(person: Person, run: int, writer: int) -> None:
        """Write until the database has been away and is back."""
        for number in range(1_000_000):
            path, content = document(run, writer, number)
            tried[path] = content
            answer = await person.put(origin + path, content)
            if answer.status_code == 201:
                kept[path] = content
                if back.is_set():
                    return
            else:
                assert answer.status_code == 503, answer.text
                refused[run] += 1
            if len(kept) >= enough:
                loaded.set()

    server = start(tmp_path, settings.database, free_port)
    try:
        async with httpx.AsyncClient(timeout=START_SECONDS) as http:
            await answers(http, origin)
            anna = Person(host.core, http, host.anna.webid, origin=origin)
            for run in range(KILLS):
                enough, loaded, back = len(kept) + ACKNOWLEDGED, asyncio.Event(), asyncio.Event()
                before = len(kept)
                async with asyncio.TaskGroup() as writing:
                    for writer in range(WRITERS):
                        writing.create_task(write(anna, run, writer))
                    await loaded.wait()
                    way = WAYS[run % len(WAYS)]
                    await asyncio.to_thread(way, fragile, LONG if run % 4 == 3 else 0.0)
                    back.set()
                    began = time.monotonic()
                print(
                    f"{way.__name__} {run + 1} of {KILLS}: {len(kept) - before} writes were acknowledged,"
                    f" {refused[run]} refused; all were served again after {time.monotonic() - began:.1f} s"
                )
                assert time.monotonic() - began < AGAIN_SECONDS
    finally:
        kill(server)
        server.wait()
    await host.aclose()
    core = open_core(settings, time.time)
    require_whole(core, kept, tried=tried, sqlite=False)
    core.close()
