"""The real purchases: nothing is lost, nothing counts twice, and what is in the pods is what the files say."""

import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path as FilePath

import duckdb
import pyoxigraph
import pytest

from apps.imports import mapping
from apps.imports.completejourney import MARKER, RECEIPTS_A_COMMIT, Counts, Host, Town, load
from apps.imports.source import CompleteJourney, MissingData, Size, installed
from apps.town.events import Calendar
from apps.town.keys import issuer_keys
from apps.town.people import People
from consent.receipts.keys import KeyLookup, key_ring
from consent.receipts.model import ParticipationReceipt, PurchaseReceipt, Receipt
from consent.receipts.signing import MEDIA_TYPE, verify
from pods.identity.accounts import Accounts
from pods.identity.schema_sql import IDENTITY
from pods.model import Path
from pods.provision import create_pod, webid_for
from pods.storage.base import Entry, Stored, Transaction
from pods.storage.sqlite import SqliteStore
from vocab.shapes import SHAPES, cents
from vocab.trade import CATEGORY, SHOP

HOST = "https://pods.example"
SECRET = b"a secret of this installation..."
KEYS = issuer_keys("https://apps.example", SECRET)
TOWN = Town(KEYS, SECRET, People(), Calendar())
RING: KeyLookup = key_ring(key.public() for key in KEYS.values())


@pytest.fixture(scope="module")
def source() -> Iterator[CompleteJourney]:
    journey = CompleteJourney()
    yield journey
    journey.close()


@pytest.fixture
def host(tmp_path: FilePath) -> Iterator[Host]:
    store = SqliteStore(tmp_path / "pods.sqlite", IDENTITY)
    yield Host(store, Accounts(clock=time.time), HOST, time.time)
    store.close()


def documents(tx: Transaction, container: Path) -> Iterator[Entry]:
    for entry in tx.children(container):
        if entry.path.endswith("/"):
            yield from documents(tx, entry.path)
        else:
            yield entry


def receipts(tx: Transaction, pod: str) -> Iterator[tuple[Receipt, Stored, Stored]]:
    for kind in ("purchases", "participation"):
        for entry in documents(tx, Path(f"/{pod}/{kind}/")):
            if entry.media_type == MEDIA_TYPE:
                signed = tx.get(entry.path)
                derived = tx.get(Path(entry.path.removesuffix(".jws") + ".ttl"))
                assert signed is not None
                assert derived is not None
                yield verify(signed.content, RING), signed, derived


def test_the_package_holds_what_we_say_it_holds(source: CompleteJourney) -> None:
    households = source.households()
    assert source.size(households) == Size(2469, 155_848, 1_469_307)
    assert len(source.demographics()) == 801
    assert set(households[:801]) == set(source.demographics())


def test_pods_hold_every_cent_of_every_basket_once(host: Host, source: CompleteJourney) -> None:
    counts = load(host, TOWN, limit=4, source=source)
    households = source.households()[:4]
    expected = (
        duckdb.connect()
        .execute(
            "SELECT household_id, basket_id, store_id, count(*), CAST(sum(round(sales_value * 100)) AS BIGINT), "
            "sum(quantity) FROM read_parquet($file) WHERE household_id IN (SELECT unnest($households)) GROUP BY ALL",
            {"file": source.files["transactions"], "households": households},
        )
        .fetchall()
    )
    found = []
    with host.store.reading() as tx:
        for household in households:
            for receipt, _, _ in receipts(tx, f"h{household:04}"):
                if isinstance(receipt, PurchaseReceipt):
                    basket, quantity = int(receipt.id[1:]), sum(line.quantity for line in receipt.lines)
                    found.append(
                        (household, basket, len(receipt.lines), receipt.total, quantity, receipt.seller)
                    )
    shops = {store: SHOP.by_notation[mapping.shop_of(store)].iri for _, _, store, *_ in expected}
    assert sorted(found) == sorted(
        (household, basket, lines, total, quantity, shops[store])
        for household, basket, store, lines, total, quantity in expected
    )
    assert counts.purchases == len(expected)
    assert counts.lines == sum(row[3] for row in expected)


def test_the_rdf_in_the_pods_adds_up_to_the_files_by_category_and_month(
    host: Host, source: CompleteJourney
) -> None:
    load(host, TOWN, limit=3, source=source)
    chosen = source.households()[:3]
    tables = mapping.mapping_tables(
        TOWN.people.households(chosen, source.demographics()), source.stores(), source.departments()
    )
    database = duckdb.connect()
    for name, table in tables.items():
        database.register(name, table)
    expected = database.execute(
        "SELECT strftime(transaction_timestamp, '%Y-%m'), category, "
        "CAST(sum(round(sales_value * 100)) AS BIGINT) "
        "FROM read_parquet($transactions) JOIN people USING (household_id) "
        "LEFT JOIN read_parquet($products) p USING (product_id) "
        "JOIN categories ON categories.department = coalesce(p.department, '') GROUP BY ALL",
        {name: source.files[name] for name in ("transactions", "products")},
    ).fetchall()
    found: Counter[tuple[str, str]] = Counter()
    schema, line = "http://schema.org/", SHAPES["Purchase"].by_name["category"].path
    with host.store.reading() as tx:
        for household in chosen:
            for receipt, _, derived in receipts(tx, f"h{household:04}"):
                if not isinstance(receipt, PurchaseReceipt):
                    continue
                graph = pyoxigraph.Store()
                graph.load(derived.content, pyoxigraph.RdfFormat.TURTLE, base_iri=HOST + derived.path)
                rows = graph.query(
                    f"SELECT ?moment ?category ?price {{ ?it <{schema}orderDate> ?moment ; <{line[0]}> ?line . "
                    f"?line <{line[1]}> ?category ; <{schema}price> ?price }}"
                )
                assert isinstance(rows, pyoxigraph.QuerySolutions)
                for row in rows:
                    code = CATEGORY.by_iri[row["category"].value]
                    found[row["moment"].value[:7], code.notation] += cents(row["price"].value)
    assert sorted((month, category, total) for (month, category), total in found.items()) == sorted(expected)


def test_each_receipt_has_its_bytes_and_the_rdf_derived_from_them(
    host: Host, source: CompleteJourney
) -> None:
    counts = load(host, TOWN, limit=2, source=source)
    number = 0
    with host.store.reading() as tx:
        for household in source.households()[:2]:
            for receipt, signed, derived in receipts(tx, f"h{household:04}"):
                number += 1
                assert f"<{signed.path.rpartition('/')[2]}>".encode() in derived.content
                assert receipt.nonce.encode() in derived.content
                month = receipt.ordered_at if isinstance(receipt, PurchaseReceipt) else receipt.started_at
                assert f"/{month[:7]}/" in signed.path
    assert number == counts.receipts


def test_participation_is_signed_by_associations_and_purchases_by_shops(
    host: Host, source: CompleteJourney
) -> None:
    load(host, TOWN, limit=6, source=source)
    with host.store.reading() as tx:
        for household in source.households()[:6]:
            for receipt, _, _ in receipts(tx, f"h{household:04}"):
                path = "checkin" if isinstance(receipt, ParticipationReceipt) else "valueback/shops"
                assert receipt.issuer.startswith(f"https://apps.example/{path}/")


def test_a_household_gets_a_pod_with_account_profile_and_marker(host: Host, source: CompleteJourney) -> None:
    load(host, TOWN, limit=1, source=source)
    with host.store.reading() as tx:
        pod = tx.pod("h0001")
        assert pod is not None
        assert pod.owner == f"{HOST}/h0001/profile/card#me"
        assert host.accounts.by_webid(tx, pod.owner) is not None
        profile = tx.get(Path("/h0001/profile/private.ttl"))
        assert profile is not None
        assert b"age-class#65+" in profile.content
        marker = tx.get(Path(f"/h0001/{MARKER}"))
        assert marker is not None
        assert b'"1"' in marker.content


def test_a_second_run_changes_nothing(host: Host, source: CompleteJourney) -> None:
    load(host, TOWN, limit=3, source=source)
    with host.store.reading() as tx:
        before = len(tx.changes(0, 1_000_000))
    again = load(host, TOWN, limit=3, source=source)
    assert again == Counts(present=3)
    with host.store.reading() as tx:
        assert len(tx.changes(0, 1_000_000)) == before


class Interrupted(Exception):
    """What a test throws to stop a run."""


def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_never_stopped(
    host: Host, source: CompleteJourney, tmp_path: FilePath
) -> None:
    def stop(_done: Counts, _whole: Size) -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        load(host, TOWN, limit=12, source=source, progress=stop)
    rest = load(host, TOWN, limit=12, source=source)
    assert 0 < rest.present < 12
    assert rest.present + rest.households == 12

    other = SqliteStore(tmp_path / "whole.sqlite", IDENTITY)
    whole = Host(other, Accounts(clock=time.time), HOST, time.time)
    load(whole, TOWN, limit=12, source=source)
    with host.store.reading() as tx, other.reading() as wanted:
        assert contents(tx, source) == contents(wanted, source)
    other.close()


def contents(tx: Transaction, source: CompleteJourney) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for household in source.households()[:12]:
        for entry in documents(tx, Path(f"/h{household:04}/")):
            stored = tx.get(entry.path)
            assert stored is not None
            found[entry.path] = stored.content
    return found


class Watcher:
    """An observer that keeps what it was told."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def changed(self, tx: Transaction, path: Path, kind: str, stored: Stored | None) -> None:
        self.paths.append(path)


def test_observers_and_the_outbox_hear_of_every_resource(host: Host, source: CompleteJourney) -> None:
    watcher = Watcher()
    assert isinstance(host.store, SqliteStore)
    host.store.observe(watcher)
    counts = load(host, TOWN, limit=1, source=source)
    assert sum(path.endswith(".jws") for path in watcher.paths) == counts.receipts
    with host.store.reading() as tx:
        assert {change.path for change in tx.changes(0, 1_000_000)} == set(watcher.paths)
        for path in watcher.paths:
            parent = path.rstrip("/").rpartition("/")[0] + "/"
            assert parent == "/" or tx.get(Path(parent)) is not None


def test_progress_counts_up_to_the_whole(host: Host, source: CompleteJourney) -> None:
    seen: list[tuple[Counts, Size]] = []
    counts = load(
        host, TOWN, limit=12, source=source, progress=lambda done, whole: seen.append((done, whole))
    )
    assert seen[-1][0] == counts
    assert seen[-1][1] == Size(counts.households, counts.purchases, counts.lines)
    assert len(seen) > 1
    assert all(
        later.receipts - earlier.receipts >= RECEIPTS_A_COMMIT
        for (earlier, _), (later, _) in pairwise(seen[:-1])
    )


def test_a_demo_log_in_that_has_a_pod_already_keeps_it(host: Host, source: CompleteJourney) -> None:
    with host.store.writing() as tx:
        owner = webid_for(HOST, "giulia")
        create_pod(tx, "giulia", owner, base=HOST, issuer=HOST + "/", display_name="Giulia", at=time.time())
    town = Town(KEYS, SECRET, People(aliases={1: "giulia"}), Calendar())
    counts = load(host, town, limit=2, source=source)
    assert counts.households == 2
    with host.store.reading() as tx:
        assert tx.pod("h0001") is None
        assert any(isinstance(receipt, PurchaseReceipt) for receipt, _, _ in receipts(tx, "giulia"))


def test_every_word_of_the_survey_and_every_department_has_a_place(source: CompleteJourney) -> None:
    for facts in source.demographics().values():
        for name, notation in (
            ("ageClass", facts.age_class),
            ("income", facts.income),
            ("children", facts.children),
        ):
            codes = SHAPES["Profile"].by_name[name].codes
            assert codes is not None
            assert notation in codes
    assert {mapping.category_of(name) for name in source.departments()} == set(CATEGORY.notations)


@pytest.mark.parametrize("word", ["12K", ""])
def test_an_unknown_word_of_the_survey_is_not_guessed(word: str) -> None:
    with pytest.raises(KeyError):
        mapping.demographics_of("65+", word, None, None, "1", "0")


def test_shops_lie_in_every_part_of_the_town(source: CompleteJourney) -> None:
    districts = {mapping.shop_district(mapping.shop_of(store)) for store in source.stores()}
    assert len(districts) == 10


def test_missing_data_are_named(tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingData, match="no_such_package is not installed"):
        installed("no_such_package")
    (tmp_path / "empty_package").mkdir()
    (tmp_path / "empty_package" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingData, match=r"transactions\.parquet"):
        installed("empty_package")
