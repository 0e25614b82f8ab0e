"""What every store promises: containment, exclusion, the outbox, observers, snapshots and rollback."""

from dataclasses import dataclass, field

import pytest

from pods.errors import Conflict, NotFound, StoreError
from pods.model import Path, WebId
from pods.storage.base import Store, Stored, Transaction, Usage
from pods.storage.opening import Database
from pods.storage.transaction import ENTRY_BYTES
from tests.contract.conftest import Opener

ANNA = WebId("http://localhost:8080/anna/profile/card#me")
TURTLE = "text/turtle"


@pytest.fixture
def store(worker: Database) -> Store:
    return worker.store


def write(store: Store, path: str, content: bytes = b"x", at: float = 2.0) -> Stored:
    with store.writing() as tx:
        return tx.write(Path(path), TURTLE, content, at)


def listed(store: Store, path: str) -> list[str]:
    with store.reading() as tx:
        return [entry.path for entry in tx.children(Path(path))]


def test_a_pod_is_found_by_name_and_by_key(store: Store) -> None:
    with store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        assert (pod.owner, pod.root, tx.pod_by_key(pod.key)) == (ANNA, "/anna/", pod)
        assert tx.pod("bob") is None


def test_a_pod_name_is_given_once(store: Store) -> None:
    with pytest.raises(Conflict, match="anna"), store.writing() as tx:
        tx.add_pod("anna", ANNA, 1.0)


def test_what_is_written_is_read(store: Store) -> None:
    written = write(store, "/anna/a/b", b"content", 5.5)
    with store.reading() as tx:
        assert tx.get(Path("/anna/a/b")) == written
        assert tx.get(Path("/anna/a/b/")) is None
    assert (written.content, written.modified) == (b"content", 5500)


def test_members_come_in_order_and_in_pages(store: Store) -> None:
    for name in ("c", "a/x", "b", "b.acl", "b.meta", ".acl"):
        write(store, f"/anna/{name}")
    assert listed(store, "/anna/") == ["/anna/a/", "/anna/b", "/anna/c"]
    with store.reading() as tx:
        page = tx.children(Path("/anna/"), after=Path("/anna/a/"), limit=1)
        assert [entry.path for entry in page] == ["/anna/b"]


@pytest.mark.parametrize(("first", "second"), [("x", "x/"), ("x/", "x"), ("x", "x/y"), ("x", "x/y/z/")])
def test_a_name_is_a_document_or_a_container(store: Store, first: str, second: str) -> None:
    write(store, f"/anna/{first}")
    with pytest.raises(Conflict):
        write(store, f"/anna/{second}")
    assert listed(store, "/anna/") == [f"/anna/{first}"]


def test_nothing_is_written_outside_a_pod(store: Store) -> None:
    with pytest.raises(NotFound):
        write(store, "/bob/x")


def test_a_container_with_members_stays(store: Store) -> None:
    write(store, "/anna/a/b")
    with pytest.raises(Conflict, match="members"), store.writing() as tx:
        tx.delete(Path("/anna/a/"), 3.0)


def test_auxiliaries_go_with_their_subject(store: Store) -> None:
    for name in ("a", "a.acl", "a.meta"):
        write(store, f"/anna/{name}")
    with store.writing() as tx:
        tx.delete(Path("/anna/a"), 3.0)
        assert tx.first_of([Path("/anna/a"), Path("/anna/a.acl"), Path("/anna/a.meta")]) is None


def test_the_first_of_the_candidates_that_exists_is_found(store: Store) -> None:
    write(store, "/anna/.acl")
    write(store, "/anna/c/.acl")
    with store.reading() as tx:
        found = tx.first_of(
            [Path("/anna/c/d/e.acl"), Path("/anna/c/d/.acl"), Path("/anna/c/.acl"), Path("/anna/.acl")]
        )
    assert found is not None
    assert found.path == "/anna/c/.acl"


def test_what_is_looked_up_beside_is_neither_a_candidate_nor_out_of_date(store: Store) -> None:
    write(store, "/anna/.acl")
    write(store, "/anna/c/a-very-long-name", b"1")
    document = Path("/anna/c/a-very-long-name")
    with store.writing() as tx:
        found = tx.first_of([Path("/anna/c/.acl"), Path("/anna/.acl")], beside=document)
        assert found is not None
        assert found.path == "/anna/.acl"
        tx.write(document, "text/turtle", b"2", 2.0)
        assert (known := tx.get(document)) is not None
        assert known.content == b"2"
        assert tx.first_of([Path("/anna/.acl")], beside=Path("/anna/none")) is not None
        assert tx.get(Path("/anna/none")) is None
        tx.write(Path("/anna/none"), "text/turtle", b"", 3.0)
        assert tx.get(Path("/anna/none")) is not None
        tx.delete(document, 4.0)
        assert tx.get(document) is None
    with store.reading() as tx:
        own = Path("/anna/.acl")
        assert (acl := tx.first_of([own], beside=own)) is not None
        assert tx.get(own) == acl
        tx.first_of([own], beside=Path("/anna/c/"))
        assert tx.get(Path("/anna/c")) is None
        assert tx.get(Path("/anna/c/")) is not None


def test_what_was_found_once_is_asked_anew_after_a_change(store: Store) -> None:
    candidates = [Path("/anna/c/d.acl"), Path("/anna/c/.acl"), Path("/anna/.acl")]
    write(store, "/anna/.acl", b"root")
    with store.writing() as tx:
        assert (acl := tx.first_of(candidates)) is not None
        assert acl.content == b"root"
        tx.write(Path("/anna/c/.acl"), TURTLE, b"nearer", 2.0)
        assert (acl := tx.first_of(candidates[1:])) is not None
        assert acl.content == b"nearer"
        tx.execute("UPDATE resource SET content = ? WHERE name = ?", (b"changed", "/anna/c/.acl"))
        assert (acl := tx.first_of(candidates)) is not None
        assert acl.content == b"changed"
        tx.delete(Path("/anna/c/.acl"), 3.0)
        assert (acl := tx.first_of(candidates)) is not None
        assert acl.content == b"root"


def test_what_a_pod_uses_is_told_as_it_is_within_the_transaction_too(store: Store) -> None:
    with store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        before = tx.usage(pod.key).used
        tx.write(Path("/anna/a"), TURTLE, b"12345", 2.0)
        assert tx.usage(pod.key).used == before + ENTRY_BYTES + 5
        tx.execute("UPDATE pod SET quota = ? WHERE key = ?", (77, pod.key))
        assert tx.usage(pod.key) == Usage(before + ENTRY_BYTES + 5, 77)
        tx.write(Path("/anna/a"), TURTLE, b"1", 3.0)
        assert tx.usage(pod.key) == Usage(before + ENTRY_BYTES + 1, 77)
        bob = tx.add_pod("bob", ANNA, 4.0)
        assert tx.usage(pod.key) == Usage(before + ENTRY_BYTES + 1, 77)
        assert tx.usage(bob.key) == Usage(ENTRY_BYTES, None)


def test_equal_content_has_an_equal_tag_and_containers_have_new_ones(store: Store) -> None:
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


def test_every_change_is_in_the_outbox_in_order(store: Store) -> None:
    write(store, "/anna/a/b")
    write(store, "/anna/a/b", b"2")
    with store.writing() as tx:
        tx.delete(Path("/anna/a/b"), 4.0)
    store.settle()
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


def test_observers_are_told_inside_the_transaction(store: Store) -> None:
    seen = Seen()
    store.observe(seen)
    write(store, "/anna/a")
    with store.writing() as tx:
        tx.delete(Path("/anna/a"), 3.0)
    assert seen.told == [("/anna/a", "Create", True), ("/anna/a", "Delete", False)]


def test_what_an_observer_refuses_is_not_written(store: Store) -> None:
    store.observe(Seen(refuse=True))
    with pytest.raises(ValueError, match="no"):
        write(store, "/anna/a")
    assert listed(store, "/anna/") == []


def test_a_failed_block_leaves_nothing(store: Store) -> None:
    def write_and_fail() -> None:
        with store.writing() as tx:
            tx.write(Path("/anna/a/b"), TURTLE, b"x", 2.0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert listed(store, "/anna/") == []


def test_a_snapshot_sees_nothing_that_comes_later(store: Store) -> None:
    with store.reading() as tx:
        assert tx.children(Path("/anna/")) == []
        write(store, "/anna/a")
        assert tx.children(Path("/anna/")) == []
    assert listed(store, "/anna/") == ["/anna/a"]


def test_what_a_transaction_did_is_seen_by_itself(store: Store) -> None:
    with store.writing() as tx:
        tx.write(Path("/anna/a/b"), TURTLE, b"x", 2.0)
        assert [entry.path for entry in tx.children(Path("/anna/a/"))] == ["/anna/a/b"]
        assert tx.get(Path("/anna/a/b")) is not None


def test_names_are_ordered_by_their_bytes(store: Store) -> None:
    for name in ("b", "B", "a-b", "a.b", "a1", "%C3%A0", "Z", "_"):
        write(store, f"/anna/{name}")
    assert listed(store, "/anna/") == sorted(listed(store, "/anna/"))
    with store.reading() as tx:
        assert next(iter(tx.children(Path("/anna/"), after=Path("/anna/Z")))).path == "/anna/_"


def test_content_of_any_bytes_comes_back(store: Store) -> None:
    content = bytes(range(256)) * 64
    write(store, "/anna/bytes", content)
    with store.reading() as tx:
        stored = tx.get(Path("/anna/bytes"))
    assert stored is not None
    assert stored.content == content


async def test_a_job_reads_a_snapshot(store: Store) -> None:
    write(store, "/anna/a", b"content")
    assert await store.read(lambda tx: tx.get(Path("/anna/a"))) is not None


async def test_a_reading_job_fails_with_its_own_error(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        raise NotFound("mine")

    with pytest.raises(NotFound, match="mine"):
        await store.read(fails)


def test_values_come_back_as_they_went_in(opener: Opener) -> None:
    schema = (
        "layer-1",
        ("CREATE TABLE layer (id INTEGER PRIMARY KEY, whole INTEGER, real REAL, text TEXT, bytes BLOB)",),
    )
    row = (1 << 40, 1234567890.123456, "Zoë's — 'text'", b"\0\xff")
    with opener([schema]).store.writing() as tx:
        tx.execute("INSERT INTO layer (whole, real, text, bytes) VALUES (?, ?, ?, ?)", row)
        assert tx.row_count == 1
        assert tx.execute("SELECT whole, real, text, bytes FROM layer") == [row]
        tx.execute("UPDATE layer SET whole = ?, text = ? WHERE real = ?", (True, None, row[1]))
        assert tx.execute("SELECT whole, text FROM layer WHERE text IS ?", (None,)) == [(1, None)]
        tx.execute_many("INSERT INTO layer (whole) VALUES (?)", [(n,) for n in range(10)])
        assert tx.execute("SELECT sum(whole), count(*) FROM layer") == [(46, 11)]
        assert isinstance(tx.execute("SELECT sum(whole) FROM layer")[0][0], int)


def test_an_address_is_found_whatever_the_case_of_its_letters(opener: Opener) -> None:
    schema = ("layer-1", ("CREATE TABLE layer (email TEXT COLLATE NOCASE UNIQUE)",))
    with opener([schema]).store.writing() as tx:
        tx.execute("INSERT INTO layer (email) VALUES (?)", ("Anna@Example.org",))
        tx.execute("INSERT INTO layer (email) VALUES (?) ON CONFLICT DO NOTHING", ("anna@example.ORG",))
        assert tx.row_count == 0
        assert tx.execute("SELECT email FROM layer WHERE email = ?", ("anna@example.org",)) == [
            ("Anna@Example.org",)
        ]


def test_months_and_lists_of_numbers_are_read_alike(opener: Opener) -> None:
    with opener().store.writing() as tx:
        assert tx.execute(
            "SELECT asked.value + 1 FROM json_each(?) AS asked ORDER BY 1", ("[1, 4294967296]",)
        ) == [(2,), (4294967297,)]
        assert tx.execute(
            "SELECT strftime('%Y-%m', at, 'unixepoch') FROM (SELECT CAST(? AS REAL) AS at) AS line",
            (1772366399.5,),
        ) == [("2026-03",)]


@pytest.mark.parametrize("key", [1, "x"])
def test_an_unknown_key_is_no_error(store: Store, key: int | str) -> None:
    with store.reading() as tx:
        assert tx.first_of([Path(f"/nobody/{key}")]) is None
        assert tx.pod_by_key(999_999) is None


def test_what_the_database_refuses_is_a_store_error(store: Store) -> None:
    with pytest.raises(StoreError), store.writing() as tx:
        tx.execute("INSERT INTO access_line (pod) VALUES (NULL)")
    assert listed(store, "/anna/") == []


def test_tables_of_layers_above_are_made_once(opener: Opener) -> None:
    schema = ("layer-1", ("CREATE TABLE layer (x INTEGER)", "INSERT INTO layer VALUES (1)"))
    for _ in range(2):
        with opener([schema]).store.reading() as tx:
            assert tx.execute("SELECT x FROM layer") == [(1,)]


def test_a_step_that_fails_is_not_half_done(opener: Opener) -> None:
    broken = ("layer-1", ("CREATE TABLE layer (x INTEGER)", "INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(Exception, match="nowhere"):
        opener([broken])
    whole = ("layer-1", ("CREATE TABLE layer (x INTEGER)",))
    with opener([whole]).store.reading() as tx:
        assert tx.execute("SELECT x FROM layer") == []
