"""What every outbox promises: numbers in commit order, none below one that was seen, and somebody woken."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest

from pods.model import Path
from pods.storage.base import Change, Transaction
from pods.storage.opening import Database
from tests.contract.conftest import Opener

SOON = 2.0  # seconds, on a machine with other work to do


def writes(name: str, content: bytes = b"x") -> Callable[[Transaction], str]:
    return lambda tx: tx.write(Path(f"/anna/{name}"), "text/plain", content, 2.0).path


def read(database: Database, after: int, limit: int = 10_000) -> list[Change]:
    database.store.settle()
    with database.store.reading() as tx:
        return tx.changes(after, limit)


async def test_a_follower_misses_nothing_that_two_workers_write(worker: Database, opener: Opener) -> None:
    other, follower = opener(), opener()
    seen: list[Change] = []
    stop = threading.Event()

    def follow() -> None:
        last = False
        while not last:
            last = stop.is_set()
            seen.extend(read(follower, seen[-1].seq if seen else 0, 7))
            last = last and len(read(follower, seen[-1].seq)) == 0

    following = asyncio.ensure_future(asyncio.to_thread(follow))
    jobs = []
    for number in range(60):
        jobs += [
            one.commits.submit(writes(f"{number % 7}-{place}")) for place, one in enumerate((worker, other))
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*jobs)
    stop.set()
    await following
    assert [change.seq for change in seen] == sorted({change.seq for change in seen})
    assert seen == read(worker, 0)
    assert len([change for change in seen if change.path != "/anna/"]) == 120


async def test_the_changes_of_a_path_are_in_the_order_in_which_they_happened(
    worker: Database, opener: Opener
) -> None:
    def creates_or_deletes(tx: Transaction) -> None:
        if tx.get(Path("/anna/x")) is None:
            writes("x")(tx)
        else:
            tx.delete(Path("/anna/x"), 3.0)

    workers = (worker, opener())
    await asyncio.gather(*(one.commits.submit(creates_or_deletes) for _ in range(40) for one in workers))
    kinds = [change.kind for change in read(worker, 0) if change.path == "/anna/x"]
    assert kinds == ["Create", "Delete"] * 40


async def test_what_was_rolled_back_was_never_announced(worker: Database) -> None:
    def fails(tx: Transaction) -> None:
        writes("half")(tx)
        raise ValueError

    await asyncio.gather(
        worker.commits.submit(fails), worker.commits.submit(writes("whole")), return_exceptions=True
    )
    assert [change.path for change in read(worker, 1)] == ["/anna/whole"]


async def test_numbers_go_on_when_rows_are_pruned(worker: Database) -> None:
    await worker.commits.submit(writes("a"))
    newest = read(worker, 0)[-1].seq
    with worker.store.writing() as tx:
        tx.execute("DELETE FROM change WHERE seq < ?", (newest,))
    await worker.commits.submit(writes("b"))
    assert [change.path for change in read(worker, newest)] == ["/anna/b"]


async def test_a_commit_of_this_worker_wakes_at_once(worker: Database) -> None:
    await worker.wakeups.wait(0.5)
    waiting = asyncio.create_task(worker.wakeups.wait(60))
    await asyncio.sleep(0)
    started = time.monotonic()
    await worker.commits.submit(writes("a"))
    await waiting
    assert time.monotonic() - started < SOON


async def test_a_commit_of_another_worker_wakes_everybody_soon(worker: Database, opener: Opener) -> None:
    other = opener()
    await worker.wakeups.wait(0.5)
    waiting = [asyncio.create_task(worker.wakeups.wait(60)) for _ in range(3)]
    await asyncio.sleep(0)
    started = time.monotonic()
    await other.commits.submit(writes("a"))
    await asyncio.gather(*waiting)
    assert time.monotonic() - started < SOON


async def test_what_was_committed_between_reading_and_waiting_is_not_slept_over(
    worker: Database, opener: Opener
) -> None:
    other = opener()
    await worker.wakeups.wait(0.5)
    seen = worker.wakeups.count
    await other.commits.submit(writes("a"))
    started = time.monotonic()
    await worker.wakeups.wait(60, seen=seen)
    assert time.monotonic() - started < SOON


async def test_without_a_commit_the_time_is_kept(worker: Database) -> None:
    await worker.wakeups.wait(0.5)
    started = time.monotonic()
    await worker.wakeups.wait(0.15, seen=worker.wakeups.count)
    assert 0.1 < time.monotonic() - started < SOON


async def test_who_gave_up_waiting_is_forgotten(worker: Database, opener: Opener) -> None:
    other = opener()
    await worker.wakeups.wait(0.5)
    waiting = asyncio.create_task(worker.wakeups.wait(60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await other.commits.submit(writes("a"))
    await worker.wakeups.wait(SOON, seen=-1)
