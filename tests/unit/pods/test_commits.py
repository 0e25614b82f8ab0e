"""The commit queue on SQLite: where jobs run, and what a commit that fails means; the rest is tests/contract."""

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


async def test_a_long_job_runs_beside_the_event_loop(store: SqliteStore, commits: CommitQueue) -> None:
    here = threading.get_ident()
    seen = commits.submit(lambda tx: (threading.get_ident(), writes("long")(tx)), long=True)
    short = commits.submit(lambda tx: threading.get_ident())
    assert (await seen)[0] != here
    assert await short == here
    assert names(store) == {"/anna/long"}


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
