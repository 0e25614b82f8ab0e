"""The commit queue: a job is alone with its failure, durable when it answers, and never lost among others."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath

import pytest
import pytest_asyncio

from pods.errors import StoreError
from pods.model import Path, WebId
from pods.storage.base import Transaction
from pods.storage.commits import CommitQueue
from pods.storage.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path: FilePath) -> SqliteStore:
    store = SqliteStore(tmp_path / "pods.sqlite")
    with store.writing() as tx:
        tx.add_pod("anna", WebId("http://a"), 1.0)
    return store


@pytest_asyncio.fixture
async def commits(store: SqliteStore) -> AsyncIterator[CommitQueue]:
    queue = CommitQueue(store)
    yield queue
    await queue.drain()
    queue.close()
    store.close()


def writes(name: str) -> Callable[[Transaction], str]:
    return lambda tx: tx.write(Path(f"/anna/{name}"), "text/plain", b"x", 2.0).path


def names(store: SqliteStore) -> set[str]:
    with store.reading() as tx:
        return {entry.path for entry in tx.children(Path("/anna/"))}


async def test_a_job_is_committed_when_it_answers(store: SqliteStore, commits: CommitQueue) -> None:
    assert await commits.submit(writes("a")) == "/anna/a"
    assert names(store) == {"/anna/a"}


async def test_a_job_that_fails_takes_nobody_along(store: SqliteStore, commits: CommitQueue) -> None:
    def fails(tx: Transaction) -> None:
        tx.write(Path("/anna/half"), "text/plain", b"x", 2.0)
        raise ValueError("mine alone")

    one, two, three = commits.submit(writes("a")), commits.submit(fails), commits.submit(writes("b"))
    results = await asyncio.gather(one, two, three, return_exceptions=True)
    assert results[0] == "/anna/a"
    assert isinstance(results[1], ValueError)
    assert names(store) == {"/anna/a", "/anna/b"}


async def test_jobs_run_in_the_order_of_their_arrival(store: SqliteStore, commits: CommitQueue) -> None:
    order: list[int] = []
    await asyncio.gather(*(commits.submit(lambda tx, n=n: order.append(n)) for n in range(500)))  # type: ignore[misc]  # a default binds n
    assert order == list(range(500))


async def test_a_long_job_runs_beside_the_event_loop(store: SqliteStore, commits: CommitQueue) -> None:
    here = threading.get_ident()
    seen = commits.submit(lambda tx: (threading.get_ident(), writes("long")(tx)), long=True)
    short = commits.submit(lambda tx: threading.get_ident())
    assert (await seen)[0] != here
    assert await short == here
    assert names(store) == {"/anna/long"}


async def test_another_writer_is_waited_for(store: SqliteStore, commits: CommitQueue) -> None:
    with store.writing() as tx:
        tx.write(Path("/anna/outside"), "text/plain", b"x", 2.0)
        waiting = asyncio.ensure_future(commits.submit(writes("a")))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    assert names(store) == {"/anna/outside", "/anna/a"}


async def test_two_workers_share_one_database(store: SqliteStore, commits: CommitQueue) -> None:
    other = CommitQueue(store)
    jobs = [queue.submit(writes(f"{n}")) for n in range(100) for queue in (commits, other)]
    assert len(await asyncio.gather(*jobs)) == 200
    await other.drain()
    other.close()
    assert names(store) == {f"/anna/{n}" for n in range(100)}


async def test_a_commit_that_fails_reaches_every_client(store: SqliteStore, commits: CommitQueue) -> None:
    def breaks_the_commit(tx: Transaction) -> None:
        tx.execute("PRAGMA defer_foreign_keys = ON")
        tx.execute(
            "INSERT INTO resource (name, container, pod, media_type, etag, modified, size, content) "
            "VALUES ('/x', 0, 999, 't', 'e', 1, 0, x'')"
        )

    jobs = [commits.submit(writes("a")), commits.submit(breaks_the_commit)]
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [StoreError, StoreError]
    assert names(store) == set()
    assert await commits.submit(writes("b")) == "/anna/b"


async def test_a_closed_queue_takes_nothing(store: SqliteStore) -> None:
    queue = CommitQueue(store)
    await queue.drain()
    queue.close()
    with pytest.raises(StoreError):
        await queue.submit(writes("a"))
    store.close()
