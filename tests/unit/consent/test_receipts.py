"""Receipts: what verifies, and every way in which a receipt is refused."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jws as joserfc_jws
from joserfc.jwk import OKPKey

from consent.receipts.derive import target
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import IssuerKey, jwks, key_ring, read_jwks, thumbprint
from consent.receipts.model import (
    Instant,
    Notation,
    ParticipationReceipt,
    PurchaseLine,
    PurchaseReceipt,
    instant,
)
from consent.receipts.nonce import fresh_nonce, imported_nonce, nullifier
from consent.receipts.payload import encode
from consent.receipts.signing import MAX_RECEIPT, seal, sign, verify
from consent.receipts.trust import TrustLevel, level

SHOP = "https://shops.example/forno"
KEY = IssuerKey.generate(SHOP)
RING = key_ring([KEY.public()])
BREAD = PurchaseReceipt(
    id="b1",
    issuer=SHOP,
    nonce="0123456789abcdef0123456789abcdef",
    issued_at=Instant("2017-10-03T09:15:00Z"),
    ordered_at=Instant("2017-10-03T09:14:59Z"),
    seller="https://w3id.org/portico/codes/shop#forno",
    lines=(
        PurchaseLine(Notation("bakery"), 2, 180, "Pane «casareccio»"),
        PurchaseLine(Notation("other"), 1, 5),
    ),
    total=185,
    district=Notation("b"),
)
LUNCH = ParticipationReceipt(
    id="p1",
    issuer=SHOP,
    nonce="f" * 32,
    issued_at=Instant("2017-05-01T14:30:00Z"),
    kind=Notation("volunteering"),
    theme=Notation("food"),
    started_at=Instant("2017-05-01T12:00:00Z"),
    minutes=150,
    venue=Notation("fenulli"),
    district=Notation("d"),
    role=Notation("volunteer"),
    title="Cucina popolare",
)


def b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def signed(payload: bytes, header: dict[str, Any]) -> bytes:
    content = b64(json.dumps(header).encode()) + b"." + b64(payload)
    return content + b"." + b64(KEY.private.sign(content))


def good_header() -> dict[str, Any]:
    return {"alg": "Ed25519", "kid": KEY.kid, "typ": "receipt+jws"}


def refusal(jws: bytes, ring: Any = RING) -> str:
    with pytest.raises(BadReceipt) as caught:
        verify(jws, ring)
    return caught.value.reason


@pytest.mark.parametrize("receipt", [BREAD, LUNCH], ids=["purchase", "participation"])
def test_a_signed_receipt_verifies_to_the_same_value(receipt: Any) -> None:
    assert verify(sign(receipt, KEY), RING) == receipt


def test_another_implementation_verifies_the_same_bytes() -> None:
    key = OKPKey.import_key(KEY.private_jwk())
    opened = joserfc_jws.deserialize_compact(sign(BREAD, KEY), key, algorithms=["Ed25519"])
    assert opened.payload == encode(BREAD)
    assert key.thumbprint() == KEY.kid == thumbprint(KEY.private.public_key())


def test_a_receipt_names_nobody_and_no_price_as_a_float() -> None:
    members = json.loads(encode(BREAD))
    assert members.keys() == {
        *("@context", "@id", "@type", "id", "issuer", "nonce", "issuedAt"),
        *("orderDate", "seller", "district", "currency", "total", "lines"),
    }
    assert members["total"] == "1.85"


def test_each_changed_byte_is_noticed() -> None:
    jws = sign(BREAD, KEY)
    for position in range(0, len(jws), 7):
        changed = bytearray(jws)
        changed[position] = ord("A") if changed[position] != ord("A") else ord("B")
        with pytest.raises(BadReceipt):
            verify(bytes(changed), RING)


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "EdDSA"},
        {"typ": "JWT"},
        {"typ": None},
        {"kid": 7},
        {"kid": ""},
        {"crit": ["exp"]},
        {"jwk": KEY.private_jwk()},
        {"b64": False},
    ],
    ids=lambda change: (
        "-".join(f"{name} {value}" for name, value in change.items() if name != "jwk") or "jwk"
    ),
)
def test_a_header_of_any_other_form_is_refused(change: dict[str, Any]) -> None:
    assert refusal(signed(encode(BREAD), {**good_header(), **change})) == "header"


def test_an_unknown_key_is_refused() -> None:
    stranger = IssuerKey.generate(SHOP)
    assert refusal(sign(BREAD, stranger)) == "key"


def test_the_key_of_another_issuer_is_refused() -> None:
    other = IssuerKey.of("https://shops.example/macelleria", KEY.private)
    assert refusal(seal(encode(BREAD), other), key_ring([other.public()])) == "key"
    assert refusal(seal(encode(BREAD), other), lambda _issuer, _kid: other.public()) == "issuer"


def test_nobody_signs_for_another_issuer() -> None:
    with pytest.raises(BadReceipt, match="belongs to"):
        sign(replace(BREAD, issuer="https://shops.example/macelleria"), KEY)


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        ("2017-01-01T00:00:00Z", "2018-01-01T00:00:00Z", True),
        ("2017-10-03T09:15:00Z", None, True),
        ("2017-10-03T09:15:01Z", None, False),
        (None, "2017-10-03T09:15:00Z", False),
        (None, "2017-10-03T09:15:01Z", True),
    ],
)
def test_a_key_counts_for_receipts_issued_while_it_was_in_use(start: Any, end: Any, holds: bool) -> None:
    key = IssuerKey.of(SHOP, KEY.private, not_before=start, not_after=end)
    ring = key_ring(read_jwks(SHOP, jwks([key.public()])))
    if holds:
        assert verify(sign(BREAD, key), ring) == BREAD
    else:
        assert refusal(sign(BREAD, key), ring) == "validity"


def test_a_receipt_over_the_size_limit_is_refused_before_it_is_read() -> None:
    assert refusal(b"A" * (MAX_RECEIPT + 1)) == "size"


@pytest.mark.parametrize("jws", [b"", b"a", b"a.b", b"a.b.c.d", b"..", b"a.b.c\n", b"\xff.\xff.\xff"])
def test_bytes_of_another_form_are_refused(jws: bytes) -> None:
    assert refusal(jws) in {"form", "header"}


def test_base64_has_one_form_only() -> None:
    head, payload, signature = sign(BREAD, KEY).split(b".")
    assert refusal(head + b"." + payload + b"=." + signature) == "form"
    last = signature[-1:]
    # The last of 86 characters carries two unused bits; another setting of them decodes to the same bytes.
    twin = next(
        c
        for c in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if bytes([c]) != last
        and base64.urlsafe_b64decode(signature[:-1] + bytes([c]) + b"==")
        == base64.urlsafe_b64decode(signature + b"==")
    )
    assert refusal(head + b"." + payload + b"." + signature[:-1] + bytes([twin])) == "form"


def edited(change: Callable[[dict[str, Any]], object], receipt: Any = BREAD) -> bytes:
    members = json.loads(encode(receipt))
    change(members)
    return signed(json.dumps(members, separators=(",", ":")).encode(), good_header())


def test_white_space_and_escapes_in_a_foreign_payload_do_no_harm() -> None:
    payload = json.dumps(json.loads(encode(BREAD)), indent=2).encode()
    assert verify(signed(payload, good_header()), RING) == BREAD


def test_a_repeated_member_is_refused() -> None:
    payload = encode(BREAD).replace(b'"total":"1.85"', b'"total":"9.99","total":"1.85"')
    assert refusal(signed(payload, good_header())) == "payload"


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(buyer="https://anna.example/#me"),
        lambda m: m["lines"][0].update(gtin="8001234567890"),
        lambda m: m.update(total="1.84"),
        lambda m: m.update(total=1.85),
        lambda m: m["lines"][0].update(quantity=1.5),
        lambda m: m["lines"][0].update(quantity=True),
        lambda m: m["lines"][0].update(quantity=-1),
        lambda m: m["lines"][0].update(category="code:category#weapons"),
        lambda m: m["lines"][0].update(name=None),
        lambda m: m["lines"][0].update(name="\u0007"),
        lambda m: m.update(lines=[]),
        lambda m: m.update(nonce="0" * 31),
        lambda m: m.update(orderDate="2017-02-30T10:00:00Z"),
        lambda m: m.update(orderDate="2017-02-20T10:00:00Z\n"),
        lambda m: m.update(orderDate="2017-02-20T10:00:00+01:00"),
        lambda m: m.update(seller="javascript:alert(1)"),
        lambda m: m.update(currency="euro"),
        lambda m: m.update(district="code:district#z"),
        lambda m: m.update({"@type": "Invoice"}),
        lambda m: m.update({"@id": "https://anna.example/#me"}),
        lambda m: m.update({"@context": "https://evil.example/context"}),
        lambda m: m.pop("issuer"),
        lambda m: m.pop("@type"),
    ],
)
def test_a_payload_outside_the_closed_form_is_refused(change: Any) -> None:
    assert refusal(edited(change)) == "payload"


@pytest.mark.parametrize("payload", [b"[]", b"null", b"{", b'"x"', b"\xff", b"{}", b"[" * 5000])
def test_a_payload_that_is_no_receipt_is_refused(payload: bytes) -> None:
    assert refusal(signed(payload, good_header())) == "payload"


def test_what_would_not_verify_is_not_signed() -> None:
    for wrong in (replace(BREAD, total=1), replace(BREAD, nonce="x"), replace(BREAD, lines=())):
        with pytest.raises(BadReceipt):
            sign(wrong, KEY)
    with pytest.raises(BadReceipt, match="code list"):
        sign(replace(BREAD, district=Notation("z")), KEY)


def test_a_receipt_lies_in_the_month_of_its_purchase_under_a_name_of_its_issuer() -> None:
    container, name = target(BREAD)
    assert container == "purchases/2017-10/"
    assert name.endswith("-b1")
    assert target(replace(BREAD, issuer="https://shops.example/other"))[1] != name
    assert target(LUNCH)[0] == "participation/2017-05/"


def test_only_bytes_that_verify_reach_the_highest_level() -> None:
    assert level(sign(BREAD, KEY), RING) is TrustLevel.SIGNED
    assert level(sign(BREAD, IssuerKey.generate(SHOP)), RING) is TrustLevel.SELF_DECLARED
    assert level(None, RING) is TrustLevel.SELF_DECLARED


def test_a_key_survives_its_private_jwk() -> None:
    again = IssuerKey.from_private_jwk(SHOP, KEY.private_jwk())
    assert verify(sign(BREAD, again), RING) == BREAD
    with pytest.raises(BadReceipt, match="Ed25519"):
        IssuerKey.from_private_jwk(SHOP, {"kty": "EC", "crv": "P-256", "d": "AA"})


def test_a_derived_key_depends_on_issuer_and_secret() -> None:
    kids = {
        IssuerKey.derived(issuer, secret).kid for issuer in (SHOP, SHOP + "2") for secret in (b"one", b"two")
    }
    assert len(kids) == 4
    assert IssuerKey.derived(SHOP, b"one").kid in kids


def test_keys_of_other_kinds_in_a_jwks_are_passed_over() -> None:
    document = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "e"}, *jwks([KEY.public()])["keys"]]}
    assert [key.kid for key in read_jwks(SHOP, document)] == [KEY.kid]
    with pytest.raises(BadReceipt):
        read_jwks(SHOP, {"keys": "none"})


def test_nonces_are_fresh_at_tills_and_repeatable_in_imports() -> None:
    assert fresh_nonce() != fresh_nonce()
    assert len(fresh_nonce()) == 32
    assert imported_nonce(b"s", SHOP, "1") == imported_nonce(b"s", SHOP, "1")
    others = [(b"t", SHOP, "1"), (b"s", SHOP + "x", "1"), (b"s", SHOP, "2")]
    assert len({imported_nonce(*each) for each in [*others, (b"s", SHOP, "1")]}) == 4


def test_a_nullifier_differs_by_programme_and_hides_the_nonce() -> None:
    first = nullifier("https://coop.example/p/1", BREAD.nonce)
    assert first != nullifier("https://coop.example/p/2", BREAD.nonce)
    assert BREAD.nonce not in first


def test_an_instant_is_in_utc_and_whole_seconds() -> None:
    assert instant(1507022100.9) == "2017-10-03T09:15:00Z"


def test_the_private_key_is_in_no_representation() -> None:
    assert KEY.private_jwk()["d"] not in repr(KEY)
    assert "Ed25519PrivateKey" not in repr(KEY)
