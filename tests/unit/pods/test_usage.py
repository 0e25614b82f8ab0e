"""What a pod uses is counted in the transaction that writes, and content may lie outside the rows."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pods.errors import Conflict, NotFound, StoreError
from pods.model import Path, WebId
from pods.storage import blobs_sql
from pods.storage.base import Blob, Transaction
from pods.storage.migrations import PODS_1
from pods.storage.sqlite import SqliteStore
from pods.storage.transaction import DROPPED_SECONDS, ENTRY_BYTES

ANNA = WebId("http://localhost:8080/anna/profile/card#me")
PHOTO = Path("/anna/photo")
JPEG = "image/jpeg"
PLACES = st.sampled_from(["a", "a.acl", "b/", "b/.acl", "b/c", "b/c.meta", "b/d/e"])


@pytest.fixture
def store(tmp_path: FilePath) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "pods.sqlite")
    with store.writing() as tx:
        tx.add_pod("anna", ANNA, 1.0)
    yield store
    store.close()


def used(tx: Transaction) -> int:
    pod = tx.pod("anna")
    assert pod is not None
    return tx.usage(pod.key).used


def counted_anew(tx: Transaction) -> int:
    size, count = tx.execute("SELECT coalesce(sum(size), 0), count(*) FROM resource")[0]
    return int(size + ENTRY_BYTES * count)


def dropped(tx: Transaction) -> list[tuple[object, ...]]:
    return tx.execute("SELECT key, due, removing FROM dropped_blob ORDER BY key")


def upload(tx: Transaction, key: str, size: int = 5_000_000) -> Blob:
    blobs_sql.expect(tx, key, 100.0)
    return Blob(key, size, f"tag-of-{key}")


@given(st.lists(st.tuples(PLACES, st.one_of(st.none(), st.integers(0, 3_000)), st.booleans())))
@settings(max_examples=60, deadline=None)
def test_what_is_counted_is_what_is_there_after_any_writes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int | None, bool]]
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("pods") / "pods.sqlite")
    try:
        with store.writing() as tx:
            tx.add_pod("anna", ANNA, 1.0)
            for number, (place, size, large) in enumerate(steps):
                path = Path(f"/anna/{place}")
                try:
                    if size is None:
                        tx.delete(path, 2.0)
                    elif large and not path.endswith("/"):
                        tx.write(path, JPEG, b"", 2.0, blob=upload(tx, f"key-{number}", size + 1_000_000))
                    else:
                        tx.write(path, JPEG, bytes(size), 2.0)
                except (Conflict, NotFound):
                    pass  # what is not there cannot be deleted, nor what has members
                assert used(tx) == counted_anew(tx)
            named = tx.execute("SELECT count(*) FROM resource WHERE blob IS NOT NULL")[0][0]
            uploads = sum(
                size is not None and large and not place.endswith("/") for place, size, large in steps
            )
            assert named + len(dropped(tx)) == uploads
    finally:
        store.close()


def test_a_write_that_is_rolled_back_counts_nothing(store: SqliteStore) -> None:
    with store.reading() as tx:
        before = used(tx)

    def fail() -> None:
        with store.writing() as tx:
            tx.write(PHOTO, JPEG, b"x" * 1000, 2.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.reading() as tx:
        assert used(tx) == before


def test_content_in_the_blob_store_is_read_back_with_its_key_size_and_tag(store: SqliteStore) -> None:
    with store.writing() as tx:
        written = tx.write(PHOTO, JPEG, b"", 2.0, blob=upload(tx, "k1"))
    with store.reading() as tx:
        assert tx.get(PHOTO) == written
        assert dropped(tx) == []
        assert [entry.size for entry in tx.children(Path("/anna/"))] == [5_000_000]
    assert (written.blob, written.size, written.etag, written.content) == ("k1", 5_000_000, "tag-of-k1", b"")


@pytest.mark.parametrize("what_next", ["inline", "another blob", "delete"])
def test_a_blob_that_no_row_names_any_longer_is_dropped(store: SqliteStore, what_next: str) -> None:
    with store.writing() as tx:
        tx.write(PHOTO, JPEG, b"", 2.0, blob=upload(tx, "k1"))
        if what_next == "delete":
            tx.delete(PHOTO, 3.0)
        elif what_next == "inline":
            assert tx.write(PHOTO, JPEG, b"small", 3.0).blob is None
        else:
            tx.write(PHOTO, JPEG, b"", 3.0, blob=upload(tx, "k2"))
        assert dropped(tx) == [("k1", 3.0 + DROPPED_SECONDS, 0)]


def test_an_upload_that_was_given_up_never_becomes_content(store: SqliteStore) -> None:
    with store.writing() as tx:
        late = upload(tx, "k1")
        assert blobs_sql.take_due(tx, 100.0, 10) == ["k1"]
        assert not blobs_sql.prolong(tx, "k1", 200.0)
        with pytest.raises(StoreError, match="send it again"):
            tx.write(PHOTO, JPEG, b"", 101.0, blob=late)
        blobs_sql.forget(tx, ["k1"])
        with pytest.raises(StoreError, match="send it again"):
            tx.write(PHOTO, JPEG, b"", 101.0, blob=late)


def test_an_upload_that_goes_on_is_given_more_time(store: SqliteStore) -> None:
    with store.writing() as tx:
        upload(tx, "k1")
        assert blobs_sql.prolong(tx, "k1", 200.0)
        assert blobs_sql.take_due(tx, 150.0, 10) == []
        assert blobs_sql.take_due(tx, 200.0, 10) == ["k1"]


def test_a_database_of_the_first_schema_is_counted_when_it_is_opened(tmp_path: FilePath) -> None:
    file = tmp_path / "pods.sqlite"
    old = sqlite3.connect(file)
    old.execute("CREATE TABLE migration (name TEXT PRIMARY KEY)")
    for statement in PODS_1[1]:
        old.execute(statement)
    old.execute("INSERT INTO migration VALUES ('pods-1')")
    old.executemany("INSERT INTO pod VALUES (?, ?, ?, 1.0)", [(1, "anna", ANNA), (2, "bob", ANNA)])
    row = "INSERT INTO resource VALUES (NULL, ?, 0, NULL, 1, 'text/plain', 'tag', 1, ?, ?)"
    old.executemany(row, [("/anna/a", 3, b"abc"), ("/anna/b", 4, b"abcd")])
    old.commit()
    old.close()
    store = SqliteStore(file)
    with store.reading() as tx:
        assert [tx.usage(1).used, tx.usage(2).used] == [7 + 2 * ENTRY_BYTES, 0]
        found = tx.get(Path("/anna/b"))
        assert found is not None
        assert (found.content, found.blob, found.size) == (b"abcd", None, 4)
    store.close()
