"""Receipts of any content: signature, schema, JSON-LD and Turtle all tell the same."""

import json
from typing import Any

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.compare import isomorphic

from consent.receipts.derive import turtle
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import IssuerKey, key_ring
from consent.receipts.model import (
    Instant,
    Notation,
    ParticipationReceipt,
    PurchaseLine,
    PurchaseReceipt,
    Receipt,
)
from consent.receipts.payload import decode, encode
from consent.receipts.signing import sign, verify
from vocab import jsonld
from vocab.places import DISTRICT, VENUE
from vocab.schemas import SchemaError, validate
from vocab.shapes import cents
from vocab.terms import PO, PROV
from vocab.trade import CATEGORY, KIND, ROLE, THEME

ISSUER = "https://shops.example/é/forno?x=1"
KEY = IssuerKey.generate(ISSUER)
BASE = "https://host.example/anna/purchases/2017-10/x.ttl"

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"]),
    min_size=1,
    max_size=60,
)
instants = (
    st.datetimes()
    .map(lambda moment: Instant(f"{moment:%m-%dT%H:%M:%SZ}"))
    .map(lambda rest: Instant(f"2020-{rest}"))
)


def notations(codes: Any) -> st.SearchStrategy[Notation]:
    return st.sampled_from(codes.notations).map(Notation)


ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
nonces = st.binary(min_size=16, max_size=16).map(bytes.hex)
lines = st.builds(
    PurchaseLine,
    notations(CATEGORY),
    st.integers(0, 10**9),
    st.integers(0, 10**7),
    st.none() | texts,
)


@st.composite
def purchases(draw: st.DrawFn) -> PurchaseReceipt:
    bought = tuple(draw(st.lists(lines, min_size=1, max_size=6)))
    return PurchaseReceipt(
        id=draw(ids),
        issuer=ISSUER,
        nonce=draw(nonces),
        issued_at=draw(instants),
        ordered_at=draw(instants),
        seller=draw(st.sampled_from(["https://w3id.org/portico/codes/shop#forno", "http://x.example/ù"])),
        lines=bought,
        total=sum(line.amount for line in bought),
        district=draw(st.none() | notations(DISTRICT)),
        currency=draw(st.sampled_from(["EUR", "CHF"])),
    )


participations = st.builds(
    ParticipationReceipt,
    id=ids,
    issuer=st.just(ISSUER),
    nonce=nonces,
    issued_at=instants,
    kind=notations(KIND),
    theme=notations(THEME),
    started_at=instants,
    minutes=st.integers(0, 1440),
    venue=st.none() | notations(VENUE),
    district=st.none() | notations(DISTRICT),
    role=st.none() | notations(ROLE),
    title=st.none() | texts,
)
receipts = purchases() | participations


def schema_of(members: dict[str, Any]) -> str:
    return "receipt-participation" if members.get("@type") == "Participation" else "receipt-purchase"


@given(receipts)
def test_signing_and_verifying_gives_the_receipt_back(receipt: Receipt) -> None:
    assert verify(sign(receipt, KEY), key_ring([KEY.public()])) == receipt


@given(receipts)
def test_the_schema_accepts_every_payload(receipt: Receipt) -> None:
    members = json.loads(encode(receipt))
    validate(schema_of(members), members)


@settings(deadline=None)
@given(receipts)
def test_the_turtle_is_the_graph_of_the_payload(receipt: Receipt) -> None:
    written = turtle(receipt, "x.jws")
    expected = jsonld.graph(json.loads(encode(receipt)), BASE)
    it = URIRef(BASE + "#it")
    expected.add((it, PROV.wasDerivedFrom, URIRef(BASE[:-4] + ".jws")))
    expected.add((it, PO.trustLevel, Literal(3)))
    assert isomorphic(Graph().parse(data=written, publicID=BASE), expected)
    quads = pyoxigraph.parse(written, format=pyoxigraph.RdfFormat.TURTLE, base_iri=BASE)
    assert len(set(quads)) == len(expected)


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2000),
    st.floats(allow_nan=False),
    texts,
    st.just([]),
    st.just({}),
)


@st.composite
def broken_members(draw: st.DrawFn) -> dict[str, Any]:
    """Return the members of a receipt with one of them, at any depth, replaced, removed or added."""
    members: dict[str, Any] = json.loads(encode(draw(receipts)))
    target = members
    if "lines" in members and draw(st.booleans()):
        target = members["lines"][0]
    name = draw(st.sampled_from([*target, "buyer"]))
    if name != "buyer" and draw(st.booleans()):
        del target[name]
    else:
        target[name] = draw(values)
    return members


@settings(max_examples=300)
@given(broken_members())
def test_what_the_schema_refuses_is_refused_by_hand_too(members: dict[str, Any]) -> None:
    try:
        decode(json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode())
        accepted = True
    except BadReceipt:
        accepted = False
    try:
        validate(schema_of(members), members)
        fits = True
    except SchemaError:
        fits = False
    assert fits or not accepted
    if fits and not accepted:
        assert breaks_what_only_the_hand_checks(members)


def breaks_what_only_the_hand_checks(members: dict[str, Any]) -> bool:
    """Return whether the sum is wrong or an integer is written as 1.0; JSON Schema cannot refuse either."""
    rows = members.get("lines", [])
    parts = [*members.values(), *(value for row in rows for value in row.values())]
    if any(isinstance(part, float) for part in parts):
        return True
    return bool(rows) and cents(members["total"]) != sum(cents(row["amount"]) for row in rows)


RING = key_ring([KEY.public()])
PURCHASE = PurchaseReceipt(
    id="b-77",
    issuer=ISSUER,
    nonce="00112233445566778899aabbccddeeff",
    issued_at=Instant("2020-10-03T09:15:01Z"),
    ordered_at=Instant("2020-10-03T09:15:00Z"),
    seller="https://w3id.org/portico/codes/shop#forno",
    lines=(PurchaseLine(Notation(CATEGORY.notations[0]), 1, 240, "Pane di segale"),),
    total=240,
    district=None,
    currency="EUR",
)


def flipped(signed: bytes, bit: int) -> bytes:
    changed = bytearray(signed)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_p6_a_receipt_with_any_one_bit_flipped_is_refused() -> None:
    """P6, each bit in turn: a change of the encoding alone, which keeps the bytes that it stands for, is one too."""
    signed = sign(PURCHASE, KEY)
    assert verify(signed, RING) == PURCHASE
    for bit in range(len(signed) * 8):
        with pytest.raises(BadReceipt):
            verify(flipped(signed, bit), RING)


@given(receipts, st.data())
def test_p6_receipts_of_any_content_with_a_bit_flipped_are_refused(
    receipt: Receipt, data: st.DataObject
) -> None:
    signed = sign(receipt, KEY)
    with pytest.raises(BadReceipt):
        verify(flipped(signed, data.draw(st.integers(0, len(signed) * 8 - 1))), RING)
