"""Backups of a host whose large content lies on S3: it is in them, verified, and comes back to where it is to lie."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pods.storage.blobs import open_blobs
from pods.upkeep.backup import back_up
from pods.upkeep.copies import BadBackup, Listing, target_at
from pods.upkeep.outside import OutsideContent
from pods.upkeep.restoring import restore
from tests.conftest import SettableClock
from tests.pod_host import PodHost
from tests.s3_storage import s3_storage, use

AT = "2026-03-01T12:00:00Z"
LARGE = bytes(range(256)) * (8 * 1024)  # 2 MiB: over what a row holds
PLACE, OTHER = "s3://pods/town", "s3://pods/restored"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An S3 server, and the folder in which it keeps the bucket."""
    bucket = tmp_path_factory.mktemp("s3") / "pods"
    with s3_storage(bucket) as address:
        yield address, bucket


@pytest.fixture
def host(
    s3: tuple[str, Path], tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PodHost]:
    """A host on S3 with a large picture."""
    use(monkeypatch, s3[0])
    opened = PodHost.open(tmp_path / "data", clock, blobs=PLACE)
    asyncio.run(put(opened, "/anna/photo.jpg"))
    yield opened
    asyncio.run(opened.aclose())


async def put(host: PodHost, path: str) -> None:
    assert (await host.anna.put(path, LARGE, "image/jpeg")).status_code == 201


def backed_up(host: PodHost, place: Path, earlier: Path | None = None) -> Listing:
    data = host.core.settings.data
    outside = OutsideContent(host.core.blobs, earlier)
    return back_up(data, target_at(place), at=AT, database="", store=host.core.store, outside=outside)


def content_in(listing: Listing) -> list[str]:
    return [file.name for file in listing.files if file.name.startswith("blobs/")]


def in_bucket(s3: tuple[str, Path], key: str) -> list[Path]:
    return [file for file in s3[1].rglob("*") if key in file.as_posix() and file.is_file()]


async def read(folder: Path, clock: SettableClock, **settings: Any) -> bytes:
    again = PodHost.open(folder, clock, **settings)
    answer = await again.anna.get("/anna/photo.jpg")
    await again.aclose()
    return answer.content


@pytest.mark.parametrize("name", ["copy", "copy.tar"])
def test_content_on_s3_is_in_a_backup_and_comes_back_to_s3_or_to_files(
    host: PodHost, s3: tuple[str, Path], tmp_path: Path, clock: SettableClock, name: str
) -> None:
    (kept,) = content_in(backed_up(host, tmp_path / name))
    restore(tmp_path / name, tmp_path / "on-files")
    assert asyncio.run(read(tmp_path / "on-files", clock)) == LARGE

    place = f"{OTHER}-{name}"  # a bucket that has lost everything
    outside = OutsideContent(open_blobs(place, tmp_path))
    restore(tmp_path / name, tmp_path / "on-s3", outside=outside)
    assert not (tmp_path / "on-s3" / "blobs").exists()
    assert any(f"restored-{name}/" in file.as_posix() for file in in_bucket(s3, Path(kept).name))
    assert asyncio.run(read(tmp_path / "on-s3", clock, blobs=place)) == LARGE


def test_content_that_an_earlier_backup_has_is_not_fetched_again(
    host: PodHost, s3: tuple[str, Path], tmp_path: Path
) -> None:
    first = content_in(backed_up(host, tmp_path / "monday"))
    asyncio.run(put(host, "/anna/second.jpg"))
    for file in in_bucket(s3, Path(first[0]).name):
        file.unlink()  # what is not there any more cannot be fetched
    second = content_in(backed_up(host, tmp_path / "tuesday", tmp_path / "monday"))
    assert set(first) < set(second)
    assert len(second) == 2
    # A copy that was damaged since is not taken over.
    damaged = tmp_path / "tuesday" / first[0]
    damaged.write_bytes(b"x" * len(LARGE))
    with pytest.raises(BadBackup, match="cannot be copied"):
        backed_up(host, tmp_path / "wednesday", tmp_path / "tuesday")
    assert not (tmp_path / "wednesday").exists()


def test_content_that_is_not_what_was_written_is_in_no_backup(host: PodHost, tmp_path: Path) -> None:
    with host.core.store.reading() as tx:
        ((key,),) = tx.execute("SELECT blob FROM resource WHERE blob IS NOT NULL")
    host.core.blobs.remove(key)
    writer = host.core.blobs.create(key)
    writer.write(LARGE[:-1] + b"!")
    writer.finish()
    with pytest.raises(BadBackup, match="not what was written"):
        backed_up(host, tmp_path / "copy")


def test_content_in_the_storage_is_never_overwritten_and_a_failed_restore_leaves_none(
    host: PodHost, s3: tuple[str, Path], tmp_path: Path
) -> None:
    asyncio.run(put(host, "/anna/second.jpg"))
    names = content_in(backed_up(host, tmp_path / "copy"))
    with pytest.raises(BadBackup, match="in the storage already"):
        restore(tmp_path / "copy", tmp_path / "restored", outside=OutsideContent(host.core.blobs))
    assert all(host.core.blobs.size(Path(name).name) == len(LARGE) for name in names)

    other = open_blobs(f"{OTHER}-failed", tmp_path)
    with pytest.raises(BadBackup, match="sqlite"):
        restore(
            tmp_path / "copy",
            tmp_path / "restored",
            database="postgresql://nowhere",
            outside=OutsideContent(other),
        )
    assert all(other.size(Path(name).name) is None for name in names)
    assert not (tmp_path / "restored").exists()


def test_content_may_be_left_where_it_is(host: PodHost, tmp_path: Path) -> None:
    listing = back_up(
        host.core.settings.data, target_at(tmp_path / "copy"), at=AT, database="", store=host.core.store
    )
    assert not content_in(listing)
    assert any(reason.startswith("1 blobs") for reason in listing.left_out)
