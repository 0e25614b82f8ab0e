"""A disk that is full or fails: what cannot be stored is refused clearly, what was acknowledged stays, readers go on."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.cli.doctor import examine
from pods.authn.replay import FileReplayGuard
from pods.errors import StoreError, StoreUnavailable
from pods.http.problem import status_of
from pods.main import BLOBS
from pods.protocol.dpop import Proof
from pods.storage.commits import CommitQueue
from pods.storage.disk import Disk
from pods.storage.opening import SQLITE
from pods.storage.sqlite import SqliteStore
from tests.pod_host import PodHost

KEPT, WANTED = "/anna/kept.txt", "/anna/wanted.txt"
LARGE = b"x" * 600_000  # in a row of the database
UPLOAD = b"x" * 3_000_000  # beside it


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[PodHost]:
    """A host on SQLite, with a document that was acknowledged."""
    made = PodHost.open(tmp_path, time.time)
    assert (await made.anna.put(KEPT, "kept", "text/plain")).status_code == 201
    yield made
    await made.aclose()


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """Let writes beyond this size fail in this process, as on a disk that has no more room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def nothing_was_lost(host: PodHost, content: bytes) -> None:
    """Look at everything, and write what could not be written."""
    assert (await host.anna.get(KEPT)).text == "kept"
    assert (await host.anna.get(WANTED)).status_code == 404
    assert (await host.anna.put(WANTED, content, "text/plain")).status_code == 201
    assert (await host.anna.get(WANTED)).content == content
    assert [found for found in examine(host.core) if found.check != "permissions"] == []
    with host.core.store.reading() as tx:
        assert tx.execute("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("content", [LARGE, UPLOAD], ids=["a row", "a file"])
async def test_what_the_disk_has_no_room_for_is_refused_and_nothing_else_is_lost(
    host: PodHost, content: bytes
) -> None:
    size = (host.core.settings.data / f"{SQLITE}-wal").stat().st_size
    with no_file_grows_beyond(size + len(content) // 2):
        refused = await host.anna.put(WANTED, content, "text/plain")
        assert (refused.status_code, refused.json()["code"]) == (500, "store-error")
        assert (await host.anna.get(KEPT)).text == "kept"
    await nothing_was_lost(host, content)
    left = [file for file in (host.core.settings.data / BLOBS).rglob("*") if file.is_file()]
    assert len(left) == (content is UPLOAD)


async def test_a_full_database_says_who_must_do_what(host: PodHost) -> None:
    assert isinstance(host.core.store, SqliteStore)
    commits = queue_of_a_full_database(host.core.store)
    # SQLite rolls back all of the transaction, so all who share it are told so.
    jobs = ("UPDATE pod SET used = used + 1", f"INSERT INTO gone_pod VALUES (zeroblob({len(LARGE)}), 1.0)")
    for refused in await asyncio.gather(
        *(commits.submit(lambda tx, sql=sql: tx.execute(sql)) for sql in jobs),  # type: ignore[misc]  # a default binds
        return_exceptions=True,
    ):
        assert isinstance(refused, StoreUnavailable)
        assert (status_of(refused), "disk of the host is full" in str(refused)) == (503, True)
        assert dict(refused.headers)["retry-after"]
    await commits.drain()
    commits.close()
    await nothing_was_lost(host, LARGE)


def queue_of_a_full_database(store: SqliteStore) -> CommitQueue:
    """Return commits to a database that may not grow: SQLite reports what it reports when the disk is full."""
    commits = CommitQueue(store)
    (pages,) = commits._connection.execute("PRAGMA page_count").fetchone()
    commits._connection.execute(f"PRAGMA max_page_count = {pages}")
    return commits


async def test_after_an_error_of_the_disk_nothing_is_acknowledged_any_more(
    host: PodHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: Disk, file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr(Disk, "durable", fails)
        lost = await host.anna.put(WANTED, "lost", "text/plain")
        assert (lost.status_code, lost.json()["code"]) == (500, "store-error")
    # The disk says that it works again, and may have forgotten what it did not take.
    again = await host.anna.put("/anna/other.txt", "x", "text/plain")
    assert (again.status_code, "started anew" in again.json()["detail"]) == (500, True)
    assert (await host.anna.get(KEPT)).text == "kept"
    assert (await host.anna.get("/anna/other.txt")).status_code == 404


async def test_a_database_that_can_only_be_read_is_served_and_says_so(host: PodHost) -> None:
    assert isinstance(host.core.store, SqliteStore)
    commits = queue_of_a_read_only_database(host.core.store)
    with pytest.raises(StoreError, match="can only be read"):
        await commits.submit(lambda tx: tx.execute("UPDATE pod SET used = used + 1"))
    commits.close()
    await nothing_was_lost(host, LARGE)


def queue_of_a_read_only_database(store: SqliteStore) -> CommitQueue:
    """Return commits to a database that was mounted to be read only."""
    commits = CommitQueue(store)
    commits._connection.close()
    commits._connection = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True, isolation_level=None)
    return commits


def test_the_memory_of_proofs_has_its_room_before_it_needs_it(tmp_path: Path) -> None:
    guard = FileReplayGuard(tmp_path)
    (file,) = (file for file in tmp_path.glob("*.lmdb"))
    taken = file.stat().st_blocks * 512
    for number in range(30_000):
        guard.first_use(Proof("key", str(number), 1_000.0 + number / 1_000), 1_000.0)
    grown = file.stat().st_blocks * 512
    used = number * 40
    guard.close()
    # A page without a place on a full disk would end the process, and not with an error.
    assert taken >= 1 << 20
    assert grown > max(taken, used)
