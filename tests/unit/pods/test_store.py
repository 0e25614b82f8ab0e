"""The store: containment, exclusion, the outbox, observers, snapshots and rollback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath

import pytest

from pods.errors import Conflict, NotFound
from pods.model import Path, WebId
from pods.storage.base import Stored, Transaction
from pods.storage.sqlite import SqliteStore

ANNA = WebId("http://localhost:8080/anna/profile/card#me")
TURTLE = "text/turtle"


@pytest.fixture
def store(tmp_path: FilePath) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "pods.sqlite")
    with store.writing() as tx:
        tx.add_pod("anna", ANNA, 1.0)
    yield store
    store.close()


def write(store: SqliteStore, path: str, content: bytes = b"x", at: float = 2.0) -> Stored:
    with store.writing() as tx:
        return tx.write(Path(path), TURTLE, content, at)


def listed(store: SqliteStore, path: str) -> list[str]:
    with store.reading() as tx:
        return [entry.path for entry in tx.children(Path(path))]


def test_a_pod_is_found_by_name_and_by_key(store: SqliteStore) -> None:
    with store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        assert (pod.owner, pod.root, tx.pod_by_key(pod.key)) == (ANNA, "/anna/", pod)
        assert tx.pod("bob") is None


def test_a_pod_name_is_given_once(store: SqliteStore) -> None:
    with pytest.raises(Conflict, match="anna"), store.writing() as tx:
        tx.add_pod("anna", ANNA, 1.0)


def test_what_is_written_is_read(store: SqliteStore) -> None:
    written = write(store, "/anna/a/b", b"content", 5.5)
    with store.reading() as tx:
        assert tx.get(Path("/anna/a/b")) == written
        assert tx.get(Path("/anna/a/b/")) is None
    assert (written.content, written.modified) == (b"content", 5500)


def test_members_come_in_order_and_in_pages(store: SqliteStore) -> None:
    for name in ("c", "a/x", "b", "b.acl", "b.meta", ".acl"):
        write(store, f"/anna/{name}")
    assert listed(store, "/anna/") == ["/anna/a/", "/anna/b", "/anna/c"]
    with store.reading() as tx:
        page = tx.children(Path("/anna/"), after=Path("/anna/a/"), limit=1)
        assert [entry.path for entry in page] == ["/anna/b"]


@pytest.mark.parametrize(("first", "second"), [("x", "x/"), ("x/", "x"), ("x", "x/y"), ("x", "x/y/z/")])
def test_a_name_is_a_document_or_a_container(store: SqliteStore, first: str, second: str) -> None:
    write(store, f"/anna/{first}")
    with pytest.raises(Conflict):
        write(store, f"/anna/{second}")
    assert listed(store, "/anna/") == [f"/anna/{first}"]


def test_nothing_is_written_outside_a_pod(store: SqliteStore) -> None:
    with pytest.raises(NotFound):
        write(store, "/bob/x")


def test_a_container_with_members_stays(store: SqliteStore) -> None:
    write(store, "/anna/a/b")
    with pytest.raises(Conflict, match="members"), store.writing() as tx:
        tx.delete(Path("/anna/a/"), 3.0)


def test_auxiliaries_go_with_their_subject(store: SqliteStore) -> None:
    for name in ("a", "a.acl", "a.meta"):
        write(store, f"/anna/{name}")
    with store.writing() as tx:
        tx.delete(Path("/anna/a"), 3.0)
        assert tx.first_of([Path("/anna/a"), Path("/anna/a.acl"), Path("/anna/a.meta")]) is None


def test_the_longest_of_the_candidates_is_found(store: SqliteStore) -> None:
    write(store, "/anna/.acl")
    write(store, "/anna/c/.acl")
    with store.reading() as tx:
        found = tx.first_of(
            [Path("/anna/c/d/e.acl"), Path("/anna/c/d/.acl"), Path("/anna/c/.acl"), Path("/anna/.acl")]
        )
    assert found is not None
    assert found.path == "/anna/c/.acl"


def test_equal_content_has_an_equal_tag_and_containers_have_new_ones(store: SqliteStore) -> None:
    assert write(store, "/anna/a", b"1").etag == write(store, "/anna/b", b"1").etag
    assert write(store, "/anna/a", b"1").etag != write(store, "/anna/a", b"2").etag
    with store.reading() as tx:
        before = tx.get(Path("/anna/"))
    write(store, "/anna/a", b"3")
    with store.reading() as tx:
        after = tx.get(Path("/anna/"))
    assert before is not None
    assert after is not None
    assert before.etag != after.etag


def test_every_change_is_in_the_outbox_in_order(store: SqliteStore) -> None:
    write(store, "/anna/a/b")
    write(store, "/anna/a/b", b"2")
    with store.writing() as tx:
        tx.delete(Path("/anna/a/b"), 4.0)
    with store.reading() as tx:
        changes = tx.changes(after=1, limit=10)
    kinds = [
        ("/anna/a/", "Create"),
        ("/anna/a/b", "Create"),
        ("/anna/a/b", "Update"),
        ("/anna/a/b", "Delete"),
    ]
    assert [(change.path, change.kind) for change in changes] == kinds
    assert [change.seq for change in changes] == [2, 3, 4, 5]


@dataclass
class Seen:
    """Remembers what it was told, and can refuse."""

    told: list[tuple[str, str, bool]] = field(default_factory=list)
    refuse: bool = False

    def changed(self, tx: Transaction, path: Path, kind: str, stored: Stored | None) -> None:
        assert (tx.get(path) is None) == (kind == "Delete")
        self.told.append((path, kind, stored is not None))
        if self.refuse:
            raise ValueError("no")


def test_observers_are_told_inside_the_transaction(store: SqliteStore) -> None:
    seen = Seen()
    store.observe(seen)
    write(store, "/anna/a")
    with store.writing() as tx:
        tx.delete(Path("/anna/a"), 3.0)
    assert seen.told == [("/anna/a", "Create", True), ("/anna/a", "Delete", False)]


def test_what_an_observer_refuses_is_not_written(store: SqliteStore) -> None:
    store.observe(Seen(refuse=True))
    with pytest.raises(ValueError, match="no"):
        write(store, "/anna/a")
    assert listed(store, "/anna/") == []


def test_a_failed_block_leaves_nothing(store: SqliteStore) -> None:
    def write_and_fail() -> None:
        with store.writing() as tx:
            tx.write(Path("/anna/a/b"), TURTLE, b"x", 2.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert listed(store, "/anna/") == []


def test_a_snapshot_sees_nothing_that_comes_later(store: SqliteStore) -> None:
    with store.reading() as tx:
        assert tx.children(Path("/anna/")) == []
        write(store, "/anna/a")
        assert tx.children(Path("/anna/")) == []
    assert listed(store, "/anna/") == ["/anna/a"]


def test_tables_of_layers_above_are_made_once(tmp_path: FilePath) -> None:
    schema = ("layer-1", ("CREATE TABLE layer (x INTEGER)", "INSERT INTO layer VALUES (1)"))
    for _ in range(2):
        store = SqliteStore(tmp_path / "s.sqlite", [schema])
        with store.reading() as tx:
            assert tx.execute("SELECT x FROM layer") == [(1,)]
        store.close()


def test_a_step_that_fails_is_not_half_done(tmp_path: FilePath) -> None:
    broken = ("layer-1", ("CREATE TABLE layer (x INTEGER)", "NONSENSE"))
    with pytest.raises(Exception, match="NONSENSE"):
        SqliteStore(tmp_path / "s.sqlite", [broken])
    store = SqliteStore(tmp_path / "s.sqlite")
    with store.reading() as tx:
        assert tx.execute("SELECT name FROM sqlite_master WHERE name = 'layer'") == []
    store.close()
