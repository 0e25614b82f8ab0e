"""What every blob store does: on the file system, and on storage that speaks S3 (a server on loopback)."""

import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pods.errors import StoreError
from pods.storage.blobs import PIECE, BlobStore, FileBlobs, open_blobs
from tests.s3_storage import s3_storage, use

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the S3 server keeps the bucket `pods`."""
    return tmp_path_factory.mktemp("s3") / "pods"


@pytest.fixture(scope="module")
def s3(bucket: Path) -> Iterator[str]:
    """An S3 server that checks signatures; gives its address."""
    with s3_storage(bucket) as address:
        yield address


@pytest.fixture(params=["files", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BlobStore:
    if request.param == "files":
        return open_blobs("", tmp_path / "blobs")
    use(monkeypatch, request.getfixturevalue("s3"))
    return open_blobs("s3://pods/of/the-town", tmp_path)


def parts_of(bucket: Path) -> set[Path]:
    """Return the large files in which the server keeps what came of uploads."""
    return {file for file in bucket.parent.rglob("*") if file.is_file() and file.stat().st_size >= 8 * MIB}


def put(blobs: BlobStore, content: bytes, piece: int = MIB) -> str:
    key = secrets.token_hex(16)
    writer = blobs.create(key)
    for start in range(0, len(content), piece):
        writer.write(content[start : start + piece])
    writer.finish()
    return key


def pieces(blobs: BlobStore, key: str, first: int = 0, last: int | None = None) -> list[bytes]:
    reader = blobs.open(key, first, last)
    found = []
    while piece := reader.read():
        found.append(piece)
    reader.close()
    return found


@pytest.mark.parametrize("size", [1, PIECE, 3 * MIB, 20 * MIB])
def test_what_went_in_comes_out_in_pieces(blobs: BlobStore, size: int) -> None:
    content = os.urandom(size)
    key = put(blobs, content)
    found = pieces(blobs, key)
    assert b"".join(found) == content
    assert max(len(piece) for piece in found) <= PIECE
    assert blobs.size(key) == size


@pytest.mark.parametrize(
    ("first", "last"), [(0, 0), (5, 104), (MIB - 1, MIB + PIECE), (3 * MIB - 1, 3 * MIB - 1)]
)
def test_a_part_is_read_alone(blobs: BlobStore, first: int, last: int) -> None:
    content = os.urandom(3 * MIB)
    assert b"".join(pieces(blobs, put(blobs, content), first, last)) == content[first : last + 1]


def test_the_end_is_read_from_any_position(blobs: BlobStore) -> None:
    content = os.urandom(2 * MIB)
    assert b"".join(pieces(blobs, put(blobs, content), MIB + 7)) == content[MIB + 7 :]


def test_what_is_removed_is_gone_and_may_be_removed_again(blobs: BlobStore) -> None:
    key = put(blobs, b"content")
    blobs.remove(key)
    blobs.remove(key)
    assert blobs.size(key) is None
    with pytest.raises(StoreError):
        blobs.open(key).read()


def test_nothing_is_seen_of_an_upload_before_its_end(blobs: BlobStore) -> None:
    key = secrets.token_hex(16)
    writer = blobs.create(key)
    writer.write(bytes(9 * MIB))
    assert blobs.size(key) is None
    writer.abandon()
    writer.abandon()
    assert blobs.size(key) is None


def test_an_abandoned_upload_leaves_no_parts_on_s3(
    s3: str, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, s3)
    before = parts_of(bucket)
    writer = open_blobs("s3://pods", Path()).create("ab" * 16)
    writer.write(bytes(17 * MIB))
    deadline = time.monotonic() + 20  # parts are sent while we write on
    while not parts_of(bucket) > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert parts_of(bucket) > before
    writer.abandon()
    assert parts_of(bucket) == before


def test_a_wrong_secret_is_a_store_error(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, s3)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    blobs = open_blobs("s3://pods", Path())
    with pytest.raises(StoreError):
        put(blobs, b"content")


def test_storage_that_is_away_is_a_store_error_that_tells_no_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, "http://127.0.0.1:1")
    blobs = open_blobs("s3://pods", Path())
    with pytest.raises(StoreError) as failure:
        blobs.open("ab" * 16)
    assert "secret-of-a-test" not in f"{failure.value!r} {failure.value.__cause__!r}"


def test_the_folder_and_the_files_are_the_operators_alone(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "blobs")
    key = put(blobs, b"content")
    place = tmp_path / "blobs" / key[:2] / key[2:4] / key
    assert [oct(each.stat().st_mode & 0o777) for each in (place, place.parent, place.parent.parent)] == [
        "0o600",
        "0o700",
        "0o700",
    ]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "AB" * 16, "ab" * 16 + "\n"])
def test_a_key_that_no_host_made_reaches_no_file(tmp_path: Path, key: str) -> None:
    with pytest.raises(StoreError, match="key"):
        FileBlobs(tmp_path).open(key)


@pytest.mark.parametrize("place", ["s3://", "file:///tmp", "bucket", "http://pods"])
def test_a_place_of_no_known_kind_is_refused(tmp_path: Path, place: str) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        open_blobs(place, tmp_path)
