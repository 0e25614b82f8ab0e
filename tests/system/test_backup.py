"""Backups while people write: what was acknowledged before is in them, nothing is half there, and a restored host serves."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pods import activity
from pods.main import Core, open_core
from pods.model import Agent, WebId
from pods.model import Path as ResourcePath
from pods.settings import PodSettings
from pods.storage.opening import open_database
from pods.upkeep.backup import back_up
from pods.upkeep.copies import BadBackup, target_at
from pods.upkeep.restoring import restore
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, PodHost
from tests.postgres_cluster import Cluster

AT = "2026-03-01T12:00:00Z"


@pytest.fixture
def host(tmp_path: Path, clock: SettableClock) -> Iterator[PodHost]:
    opened = PodHost.open(tmp_path / "data", clock)
    opened.write("/anna/notes/one.ttl", "<> a <http://example.org/Note>.")
    yield opened
    asyncio.run(opened.aclose())


def backed_up(host: PodHost, place: Path) -> Path:
    """Make a backup of a host that is open."""
    settings = host.core.settings
    back_up(settings.data, target_at(place), at=AT, database="", store=host.core.store)
    return place


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_a_restored_host_serves_and_its_logs_hold(
    host: PodHost, tmp_path: Path, clock: SettableClock, name: str
) -> None:
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for number in range(20):
            reader = Agent(WebId(f"https://{number}.example/me"))
            activity.append(
                *(tx, pod.key), agent=reader, path="/anna/x", action="read", decision="permit", at=clock()
            )
    restore(backed_up(host, tmp_path / name), tmp_path / "restored")

    async def read() -> None:
        again = PodHost.open(tmp_path / "restored", clock)
        answer = await again.anna.get("/anna/notes/one.ttl")
        assert answer.status_code == 200
        # A token that the host signed before is good after: the keys are the same.
        assert again.core.keys.jwks() == host.core.keys.jwks()
        with again.core.store.reading() as tx:
            assert activity.verify(tx, pod.key)
            assert len(activity.lines(tx, pod.key, limit=100)) == 20
        await again.aclose()

    asyncio.run(read())


def test_writes_that_were_acknowledged_before_are_in_it_and_none_is_half_there(
    host: PodHost, tmp_path: Path, clock: SettableClock
) -> None:
    stop, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        with closing(sqlite3.connect(host.core.settings.data / "apps.sqlite")) as other:
            other.execute("CREATE TABLE t (n INTEGER)")
            database = open_database("", host.core.settings.data)
            while not stop.is_set():
                with database.store.writing() as tx:  # two resources at a time: a half would show
                    for letter in "ab":
                        tx.write(
                            ResourcePath(f"/anna/load/{written}{letter}"), "text/plain", b"x" * 500, clock()
                        )
                other.execute("INSERT INTO t VALUES (?)", (written,))
                other.commit()
                written += 1
            database.commits.close()
            database.wakeups.close()
            database.store.close()

    writer = threading.Thread(target=write)
    writer.start()
    copies: list[tuple[int, Path]] = []
    try:
        for number in range(5):
            while written < 20 * (number + 1):
                stop.wait(0.01)
            before = written
            copies.append((before, backed_up(host, tmp_path / f"copy{number}.tar")))
    finally:
        stop.set()
        writer.join()
    for number, (before, copy) in enumerate(copies):
        restored = tmp_path / f"restored{number}"
        restore(copy, restored)
        with closing(sqlite3.connect(restored / "pods.sqlite")) as pods:
            names = [
                name for (name,) in pods.execute("SELECT name FROM resource WHERE name LIKE '/anna/load/%'")
            ]
        with closing(sqlite3.connect(restored / "apps.sqlite")) as other:
            told = other.execute("SELECT count(*) FROM t").fetchone()[0]
        assert len(names) >= 2 * before
        assert len(names) % 2 == 0
        assert told <= len(names) / 2  # what an app says that it delivered is in the pods


def test_a_backup_holds_keys_and_no_passing_files(host: PodHost, tmp_path: Path) -> None:
    (host.core.settings.data / "organisations").mkdir()
    (host.core.settings.data / "organisations" / "coop.json").write_text("{}")
    with tarfile.open(backed_up(host, tmp_path / "copy.tar")) as tar:
        names = set(tar.getnames())
        assert {one.mode for one in tar.getmembers()} == {0o600}
        listing = json.load(tar.extractfile("backup.json"))  # type: ignore[arg-type]  # it is a file
    assert names == {"pods.sqlite", "signing-keys.json", "organisations/coop.json", "backup.json"}
    assert any(reason.startswith("replay:") for reason in listing["left_out"])
    assert {path.name for path in tmp_path.iterdir()} == {"data", "copy.tar"}


def test_nothing_is_ever_overwritten(host: PodHost, tmp_path: Path) -> None:
    copy = backed_up(host, tmp_path / "copy")
    with pytest.raises(BadBackup, match="exists"):
        backed_up(host, copy)
    with pytest.raises(BadBackup, match="not empty"):
        restore(copy, host.core.settings.data)
    (tmp_path / "empty").mkdir()
    restore(copy, tmp_path / "empty")


@pytest.mark.parametrize("name", ["pods.sqlite", "signing-keys.json"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(host: PodHost, tmp_path: Path, name: str) -> None:
    copy = backed_up(host, tmp_path / "copy")
    file = copy / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(BadBackup, match="digest differs"):
        restore(copy, tmp_path / "restored")
    file.unlink()
    with pytest.raises(BadBackup, match="missing"):
        restore(copy, tmp_path / "restored")
    assert {path.name for path in tmp_path.iterdir()} == {"data", "copy"}


def test_a_backup_that_was_cut_off_is_refused(host: PodHost, tmp_path: Path) -> None:
    copy = backed_up(host, tmp_path / "copy.tar")
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    with pytest.raises(BadBackup):
        restore(copy, tmp_path / "restored")


@pytest.mark.parametrize("name", ["../outside", "/tmp/outside"])
def test_a_tar_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(BadBackup):
        restore(tmp_path / "bad.tar", tmp_path / "restored")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_a_tar_that_holds_anything_but_files_is_refused(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        odd = tarfile.TarInfo("pods.sqlite")
        odd.type, odd.linkname = kind, "/etc/passwd"
        tar.addfile(odd)
    with pytest.raises(BadBackup, match="no file of a backup"):
        restore(tmp_path / "bad.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_a_host_on_postgresql_goes_through_its_own_programs(
    postgres: Cluster, tmp_path: Path, clock: SettableClock
) -> None:
    first, second = postgres.create(), postgres.create()

    def core_on(url: str, folder: Path) -> Core:
        return open_core(PodSettings(data=folder, pod_url=ORIGIN, database=url), clock)

    core = core_on(first, tmp_path / "data")
    with core.store.writing() as tx:
        tx.add_pod("anna", WebId("https://anna.example/me"), clock())
        tx.write(ResourcePath("/anna/note"), "text/plain", b"kept", clock())
    back_up(core.settings.data, target_at(tmp_path / "copy.tar"), at=AT, database=first, store=core.store)
    with core.store.writing() as tx:
        tx.write(ResourcePath("/anna/later"), "text/plain", b"not in it", clock())
    with pytest.raises(BadBackup, match="not empty"):
        restore(tmp_path / "copy.tar", tmp_path / "restored", database=first)
    with pytest.raises(BadBackup, match="postgresql"):
        restore(tmp_path / "copy.tar", tmp_path / "restored")
    assert not (tmp_path / "restored").exists()
    restore(tmp_path / "copy.tar", tmp_path / "restored", database=second)
    again = core_on(second, tmp_path / "restored")
    with again.store.reading() as tx:
        kept = tx.get(ResourcePath("/anna/note"))
        assert kept is not None
        assert kept.content == b"kept"
        assert tx.get(ResourcePath("/anna/later")) is None
    assert again.keys.jwks() == core.keys.jwks()
    again.close()
    core.close()
    postgres.drop(first)
    postgres.drop(second)
