"""The commit queue on SQLite: where jobs run, and what a commit that fails means; the rest is tests/contract."""

import asyncio
import errno
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path as FilePath

import pytest
import pytest_asyncio

from pods.errors import StoreError, StoreUnavailable
from pods.model import Path, WebId
from pods.storage import commits as commits_module
from pods.storage import write_log
from pods.storage.base import Transaction
from pods.storage.commits import CommitQueue
from pods.storage.disk import Disk
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


async def stored(store: SqliteStore, *paths: str) -> None:
    """Return once these can be read."""
    for _ in range(5_000):
        if names(store) >= set(paths):
            return
        await asyncio.sleep(0.001)
    raise TimeoutError(paths)


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


async def test_what_the_disk_did_not_take_is_not_answered_for_and_nothing_is_written_behind_it(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: Disk, file: int) -> None:
        raise OSError(errno.EIO, "the disk")

    assert await commits.submit(writes("before"))
    monkeypatch.setattr(Disk, "durable", fails)
    with pytest.raises(StoreError):
        await commits.submit(writes("lost"))
    monkeypatch.undo()
    # A disk that failed may say that all is well the next time, and have forgotten what it did not take.
    with pytest.raises(StoreError):
        await commits.submit(writes("behind"))
    assert "/anna/behind" not in names(store)


async def test_every_answer_has_waited_for_the_disk(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []
    durable = Disk.durable

    async def noting(disk: Disk, file: int) -> None:
        await durable(disk, file)
        waited.append(os.fstat(file).st_ino)

    monkeypatch.setattr(Disk, "durable", noting)
    for number in range(3):
        await commits.submit(writes(f"{number}"))
        assert len(waited) == number + 1
    assert set(waited) == {store.path.with_name("pods.sqlite-wal").stat().st_ino}


async def test_the_log_is_folded_in_when_it_has_grown(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_log, "LOG_BYTES", 256 * 1024)
    queue = CommitQueue(store)
    log = store.path.with_name("pods.sqlite-wal")

    def large(number: int) -> Callable[[Transaction], object]:
        return lambda tx: tx.write(Path(f"/anna/{number}"), "text/plain", bytes(64 * 1024), 2.0)

    sizes = []
    for number in range(40):
        await asyncio.gather(queue.submit(large(number)), commits.submit(large(number + 100)))
        sizes.append(log.stat().st_size)
    await queue.drain()
    queue.close()
    # 5 MiB went through it, from two writers.
    assert max(sizes) < 1024 * 1024
    assert len(names(store)) == 80


async def test_whoever_stops_while_it_is_its_turn_stops_nobody(
    store: SqliteStore, commits: CommitQueue
) -> None:
    script = "import sys; from pathlib import Path; from pods.storage.write_log import Turn\n"
    script += "turn = Turn(Path(sys.argv[1])); turn.wait(); print('taken', flush=True); sys.stdin.read()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(store.path)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"taken\n"
    waiting = asyncio.ensure_future(commits.submit(writes("a")))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    process.kill()
    assert await waiting == "/anna/a"
    await process.wait()


async def test_a_turn_that_comes_too_late_is_passed_on(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits_module, "BUSY_SECONDS", 0.05)
    first, second = write_log.Turn(store.path), write_log.Turn(store.path)
    first.wait()
    with pytest.raises(StoreUnavailable):
        await commits.submit(writes("a"))
    first.give()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if second.taken():
            break
    else:
        pytest.fail("the turn was kept by a queue with nothing to write")
    second.give()
    assert await commits.submit(writes("b")) == "/anna/b"
    first.close()
    second.close()


async def test_the_next_batch_runs_while_the_disk_is_waited_for(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, seen = asyncio.Event(), asyncio.Event()
    durable = Disk.durable

    async def slow(it: Disk, file: int) -> None:
        seen.set()
        await disk.wait()
        await durable(it, file)

    monkeypatch.setattr(Disk, "durable", slow)
    first = asyncio.ensure_future(commits.submit(writes("a")))
    await seen.wait()
    second = asyncio.ensure_future(commits.submit(writes("b")))
    await stored(store, "/anna/a", "/anna/b")
    assert not first.done()
    assert not second.done()  # the wait that is under way began before its commit
    disk.set()
    assert (await first, await second) == ("/anna/a", "/anna/b")


async def test_what_was_committed_behind_a_failure_of_the_disk_is_not_called_durable(
    store: SqliteStore, commits: CommitQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, seen = asyncio.Event(), asyncio.Event()

    async def fails_once(_: Disk, file: int) -> None:
        if not seen.is_set():
            seen.set()
            await disk.wait()
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Disk, "durable", fails_once)
    first = asyncio.ensure_future(commits.submit(writes("a")))
    await seen.wait()
    second = asyncio.ensure_future(commits.submit(writes("b")))
    await stored(store, "/anna/b")
    disk.set()
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert all(isinstance(one, StoreError) for one in outcomes), outcomes
