"""Waiting for commits: of this process at once, of another one soon, and never longer than was asked."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path as FilePath

import pytest
import pytest_asyncio

from pods.model import Path, WebId
from pods.storage.base import Transaction
from pods.storage.commits import CommitQueue
from pods.storage.sqlite import SqliteStore
from pods.storage.wakeups import FileWakeups

SOON = 1.0  # seconds; twenty looks, on a machine with other work to do


@pytest.fixture
def store(tmp_path: FilePath) -> SqliteStore:
    store = SqliteStore(tmp_path / "pods.sqlite")
    with store.writing() as tx:
        tx.add_pod("anna", WebId("http://a"), 1.0)
    return store


@pytest_asyncio.fixture
async def wakeups(store: SqliteStore) -> AsyncIterator[FileWakeups]:
    wakeups = FileWakeups(store.connect)
    await wakeups.wait(0)  # from here on it knows what is old
    yield wakeups
    wakeups.close()
    store.close()


def writes(tx: Transaction) -> None:
    tx.write(Path("/anna/a"), "text/plain", b"x", 2.0)


async def seconds_of(waiting: asyncio.Task[None]) -> float:
    started = time.monotonic()
    await waiting
    return time.monotonic() - started


async def test_a_commit_of_this_process_wakes(store: SqliteStore, wakeups: FileWakeups) -> None:
    commits = CommitQueue(store, wakeups.committed)
    waiting = asyncio.create_task(wakeups.wait(60))
    await asyncio.sleep(0)
    await commits.submit(writes)
    assert await seconds_of(waiting) < SOON
    await commits.drain()
    commits.close()


async def test_a_commit_of_another_connection_wakes_everybody(
    store: SqliteStore, wakeups: FileWakeups
) -> None:
    waiting = [asyncio.create_task(wakeups.wait(60)) for _ in range(3)]
    await asyncio.sleep(0)
    with store.writing() as tx:
        writes(tx)
    assert await seconds_of(asyncio.create_task(wait_for_all(waiting))) < SOON


async def wait_for_all(tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)


async def test_what_was_committed_between_reading_and_waiting_is_not_slept_over(
    store: SqliteStore, wakeups: FileWakeups
) -> None:
    seen = wakeups.count
    with store.writing() as tx:
        writes(tx)
    assert await seconds_of(asyncio.create_task(wakeups.wait(60, seen=seen))) < SOON


async def test_without_a_commit_the_time_is_kept(wakeups: FileWakeups) -> None:
    started = time.monotonic()
    await wakeups.wait(0.15, seen=wakeups.count)
    assert 0.14 < time.monotonic() - started < SOON


async def test_who_gave_up_waiting_is_forgotten(store: SqliteStore, wakeups: FileWakeups) -> None:
    waiting = asyncio.create_task(wakeups.wait(60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with store.writing() as tx:
        writes(tx)
    await wakeups.wait(SOON, seen=-1)
