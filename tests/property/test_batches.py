"""Whatever a batch of writes foresees and remembers on PostgreSQL, its jobs see what they would see one after another."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath
from typing import Any

import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pods.errors import Conflict, PodError
from pods.model import Path, WebId
from pods.storage.base import Stored, Transaction
from pods.storage.opening import Database, open_database
from tests.postgres_cluster import Cluster

NAMES = ("a", "b/", "b/c", "b/c.acl", ".acl", "e/f/g")
Step = tuple[str, str, int]
STEPS = st.tuples(
    st.sampled_from(
        ("write", "write", "delete", "get", "get", "rights", "list", "use", "note", "note", "fail")
    ),
    st.sampled_from(NAMES),
    st.integers(0, 99),
)
JOBS = st.lists(st.lists(STEPS, min_size=1, max_size=5), min_size=2, max_size=8)
_numbers = itertools.count()


def shown(stored: Stored | None) -> tuple[Any, ...] | None:
    """What is the same on both databases: the tag of a container is a new one each time."""
    if stored is None:
        return None
    tag = "" if stored.path.endswith("/") else stored.etag
    return stored.path, stored.media_type, stored.content, stored.size, stored.modified, tag


def does(pod: str, step: Step, tx: Transaction) -> Any:
    """Carry out a step and return what it shows."""
    what, name, number = step
    path = Path(f"/{pod}/{name}")
    if what == "write":
        return shown(tx.write(path, "text/plain", b"x" * number, float(number)))
    if what == "delete":
        return tx.delete(path, float(number))
    if what == "get":
        return shown(tx.get(path))
    if what == "rights":
        return shown(tx.first_of([Path(f"/{pod}/b/.acl"), Path(f"/{pod}/.acl")], beside=path))
    if what == "list":
        return [entry.path for entry in tx.children(Path(f"/{pod}/b/"))]
    if what == "note":
        tx.execute("UPDATE resource SET media_type = ? WHERE name = ?", (f"text/{number}", path.rstrip("/")))
        return tx.row_count
    found = tx.pod(pod)
    assert found is not None
    if what == "use":
        return tx.usage(found.key).used
    raise Conflict(f"given up at {number}")


def job(pod: str, steps: list[Step]) -> Callable[[Transaction], list[Any]]:
    return lambda tx: [does(pod, step, tx) for step in steps]


async def outcome(database: Database, pod: str, jobs: list[list[Step]]) -> Any:
    """Submit the jobs at once; return what each gave, and what is there then."""
    await database.commits.submit(lambda tx: tx.add_pod(pod, WebId(f"http://{pod}"), 1.0))
    await database.commits.submit(lambda tx: tx.write(Path(f"/{pod}/b/c"), "text/plain", b"first", 1.0))
    gave = await asyncio.gather(
        *(database.commits.submit(job(pod, steps)) for steps in jobs), return_exceptions=True
    )
    await asyncio.to_thread(database.store.settle)

    def left(tx: Transaction) -> Any:
        own = tx.pod(pod)
        assert own is not None
        rows = tx.execute(
            "SELECT name, media_type, content, size, modified FROM resource WHERE pod = ? ORDER BY name",
            (own.key,),
        )
        told = tx.execute("SELECT path, kind FROM change WHERE pod = ? ORDER BY seq", (own.key,))
        return rows, told, tx.usage(own.key).used

    failed = [(type(one), str(one)) if isinstance(one, PodError) else one for one in gave]
    return failed, await database.store.read(left)


@pytest_asyncio.fixture
async def databases(postgres: Cluster, tmp_path: FilePath) -> AsyncIterator[tuple[Database, Database]]:
    """The same host on SQLite and on PostgreSQL."""
    url = postgres.create()
    both = open_database("", tmp_path), open_database(url, tmp_path)
    yield both
    for one in both:
        await one.commits.drain()
        one.commits.close()
        one.wakeups.close()
        one.store.close()
    postgres.drop(url)


async def test_a_batch_gives_what_its_jobs_give_one_after_another(
    databases: tuple[Database, Database],
) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(jobs=JOBS)
    def same(jobs: list[list[Step]]) -> None:
        pod = f"p{next(_numbers)}"
        here, there = (
            asyncio.run_coroutine_threadsafe(outcome(one, pod, jobs), loop).result(60) for one in databases
        )
        assert there == here

    await asyncio.to_thread(same)
