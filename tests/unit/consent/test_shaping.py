"""The index of instances follows every write, in the same transaction, and a view trusts nothing but the document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath

import pytest

from consent import shaped_sql
from consent.receipts.derive import turtle
from consent.receipts.keys import IssuerKey
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from consent.schema_sql import SCHEMAS
from consent.shaping import Shaping, shape_for
from pods.errors import NotFound
from pods.model import Path, WebId
from pods.storage.base import Transaction
from pods.storage.sqlite import SqliteStore
from tests.pod_host import ORIGIN

NOW = 1_772_366_400.0
ANNA = f"{ORIGIN}/anna/profile/card#me"
ORDER = b"<#it> a <http://schema.org/Order> ."
AS_JSON = b'{"@id": "#it", "@type": "http://schema.org/Order"}'
OF_A_GRAPH = b'{"@id": "urn:g", "@graph": [{"@id": "#it", "@type": "http://schema.org/Order"}]}'
AS_NTRIPLES = b"<urn:it> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://schema.org/Order> ."
ESCAPED = rb"<#it> a <http://schema.org/\u004Frder> ."


@pytest.fixture
def tx(tmp_path: FilePath) -> Iterator[Transaction]:
    store = SqliteStore(tmp_path / "pods.sqlite", SCHEMAS, [Shaping(ORIGIN)])
    with store.writing() as tx:
        tx.add_pod("anna", WebId(ANNA), NOW)
        yield tx
    store.close()


def shape(tx: Transaction, path: str) -> str | None:
    return shaped_sql.shape_of(tx, Path(path))


@pytest.mark.parametrize(
    ("path", "media_type", "content", "expected"),
    [
        ("/anna/purchases/a.ttl", "text/turtle", ORDER, "Purchase"),
        ("/anna/purchases/2017/10/a", "text/turtle", ORDER, "Purchase"),
        ("/anna/purchases/a.jsonld", "application/ld+json", AS_JSON, "Purchase"),
        ("/anna/purchases/a.jsonld", "application/ld+json", OF_A_GRAPH, None),
        ("/anna/purchases/a.nt", "application/n-triples", AS_NTRIPLES, "Purchase"),
        ("/anna/purchases/a.ttl", "text/turtle", ESCAPED, "Purchase"),
        ("/anna/purchases/a.ttl", "text/turtle", b"<#it> <urn:p> 'a schema:Order'.", None),
        ("/anna/purchases/a.ttl", "text/plain", ORDER, None),
        ("/anna/purchases/a.jws", "application/jose", ORDER, None),
        ("/anna/participation/a.ttl", "text/turtle", ORDER, None),
        ("/anna/inbox/a.ttl", "text/turtle", ORDER, None),
        ("/anna/a.ttl", "text/turtle", ORDER, None),
        ("/anna/purchases/.acl", "text/turtle", ORDER, None),
        ("/anna/purchases/a.ttl.meta", "text/turtle", ORDER, None),
        ("/anna/purchases/b/", "text/turtle", ORDER, None),
        (
            "/anna/profile/private.ttl",
            "text/turtle",
            f"<{ANNA}> a <http://www.w3.org/2006/vcard/ns#Individual> .".encode(),
            "Profile",
        ),
        (
            "/anna/profile/private.ttl",
            "text/turtle",
            b"<urn:bob> a <http://www.w3.org/2006/vcard/ns#Individual> .",
            None,
        ),
        (
            "/anna/profile/other.ttl",
            "text/turtle",
            f"<{ANNA}> a <http://www.w3.org/2006/vcard/ns#Individual> .".encode(),
            None,
        ),
    ],
)
def test_an_instance_is_known_by_its_class_and_its_container(
    tx: Transaction, path: str, media_type: str, content: bytes, expected: str | None
) -> None:
    tx.write(Path(path), media_type, content, NOW)
    assert shape(tx, path) == expected


def test_a_document_that_loses_its_class_is_no_instance_any_more(tx: Transaction) -> None:
    path = Path("/anna/purchases/a.ttl")
    tx.write(path, "text/turtle", ORDER, NOW)
    tx.write(path, "text/turtle", b"<#it> a <urn:other> .", NOW)
    assert shape(tx, path) is None
    tx.write(path, "text/turtle", ORDER, NOW)
    tx.write(path, "application/octet-stream", b"\x00", NOW)
    assert shape(tx, path) is None


def test_what_is_deleted_is_forgotten(tx: Transaction) -> None:
    path = Path("/anna/purchases/a.ttl")
    tx.write(path, "text/turtle", ORDER, NOW)
    tx.delete(path, NOW)
    assert shape(tx, path) is None
    with pytest.raises(NotFound):
        tx.delete(path, NOW)


def test_what_the_host_derives_from_receipts_carries_the_mark_that_saves_parsing(tx: Transaction) -> None:
    at = Instant("2017-10-03T09:15:00Z")
    key = IssuerKey.generate("http://localhost:8082/valueback/shops/forno")
    line = PurchaseLine(Notation("bakery"), 1, 1240)
    receipt = PurchaseReceipt("r1", key.issuer, f"{1:032x}", at, at, key.issuer, (line,), 1240)
    assert b"\n<#it> a schema:Order " in turtle(receipt, "r1.jws")
    tx.write(Path("/anna/purchases/2017-10/r1.ttl"), "text/turtle", turtle(receipt, "r1.jws"), NOW)
    assert shape(tx, "/anna/purchases/2017-10/r1.ttl") == "Purchase"


def test_a_container_holds_what_lies_anywhere_below_it(tx: Transaction) -> None:
    tx.write(Path("/anna/purchases/2017-10/a.ttl"), "text/turtle", ORDER, NOW)
    wanted = frozenset({"Purchase"})
    assert shaped_sql.holds(tx, Path("/anna/purchases/"), wanted)
    assert shaped_sql.holds(tx, Path("/anna/purchases/2017-10/"), wanted)
    assert not shaped_sql.holds(tx, Path("/anna/purchases/2017-1/"), wanted)
    assert not shaped_sql.holds(tx, Path("/anna/purchases/"), frozenset({"Profile"}))


def test_no_shape_lies_at_the_root_or_in_a_container_that_is_not_its_own() -> None:
    for path in ("/anna/", "/anna/purchases", "/anna/profile/card", "/anna/value.ttl", "/purchases/x.ttl"):
        assert shape_for(Path(path)) is None
