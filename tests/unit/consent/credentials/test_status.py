"""Bitstring Status List 1.0: the published list, the order of bits, and what a list or an entry must not be."""

import gzip
from typing import Any

import pytest

from consent.credentials import multikey, status

# Bitstring Status List 1.0, example 2: 131,072 entries of which none is set.
PUBLISHED = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
ENTRY = {
    "id": "https://host.example/status/3#94567",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "94567",
    "statusListCredential": "https://host.example/status/3",
}
LIST: dict[str, Any] = {
    "id": "https://host.example/status/3",
    "type": ["VerifiableCredential", "BitstringStatusListCredential"],
    "credentialSubject": {
        "id": "https://host.example/status/3#list",
        "type": "BitstringStatusList",
        "statusPurpose": "revocation",
        "encodedList": PUBLISHED,
    },
}


def test_the_published_list_is_read() -> None:
    bits = status.read_list(LIST, ENTRY)
    assert bits == bytes(16 * 1024)  # 2.2: "The uncompressed bitstring MUST be at least 16KB in size"
    assert len(bits) * 8 == status.ENTRIES


@pytest.mark.parametrize(
    ("index", "place", "value"),
    [(0, 0, 0b1000_0000), (7, 0, 0b0000_0001), (8, 1, 0b1000_0000), (131_071, 16_383, 0b0000_0001)],
)
def test_the_first_entry_is_the_leftmost_bit(index: int, place: int, value: int) -> None:
    bits = status.with_bits(bytes(16 * 1024), [index])
    assert bits[place] == value
    assert sum(bits) == value
    assert status.bit(status.decoded(status.encoded(bits)), index)


def test_a_list_travels_as_gzip_in_multibase_without_padding() -> None:
    text = status.encoded(bytes(16 * 1024))
    assert text.startswith("u")
    assert not set("=+/") & set(text)
    assert gzip.decompress(multikey.from_base64url(text)) == bytes(16 * 1024)


@pytest.mark.parametrize("index", [-1, 131_072, 10**9])
def test_an_entry_outside_of_the_list_is_an_error_and_not_a_no(index: int) -> None:
    with pytest.raises(status.BadStatusList):
        status.bit(status.decoded(PUBLISHED), index)


def changed(**subject: Any) -> dict[str, Any]:
    return {**LIST, "credentialSubject": {**LIST["credentialSubject"], **subject}}


def test_one_list_may_serve_several_purposes() -> None:
    assert status.read_list(changed(statusPurpose=["revocation", "suspension"]), ENTRY)


short = status.encoded(bytes(16 * 1024 - 1))
WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a byte too short": (changed(encodedList=short), {}),
    "not multibase": (changed(encodedList=PUBLISHED[1:]), {}),
    "another multibase": (changed(encodedList=multikey.base58(b"abc")), {}),
    "not gzip": (changed(encodedList=multikey.base64url(bytes(16 * 1024))), {}),
    "cut off": (changed(encodedList=PUBLISHED[:-8]), {}),
    "too long to unpack": (changed(encodedList=status.encoded(bytes(status.MAX_LIST + 1))), {}),
    "nothing": (changed(encodedList=None), {}),
    "another purpose": (changed(statusPurpose="suspension"), {}),
    "other purposes": (changed(statusPurpose=["suspension", "message"]), {}),
    "no purpose on both sides": (changed(statusPurpose=None), {"statusPurpose": None}),
    "two bits an entry": (changed(statusSize=2), {}),
    "two bits in the entry": (LIST, {"statusSize": 2}),
    "another subject": (changed(type="StatusList2021"), {}),
    "another entry": (LIST, {"type": "StatusList2021Entry"}),
    "another kind of credential": ({**LIST, "type": ["VerifiableCredential"]}, {}),
    "another list": ({**LIST, "id": "https://host.example/status/4"}, {}),
    "several subjects": ({**LIST, "credentialSubject": [LIST["credentialSubject"]]}, {}),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_what_is_no_such_list_or_entry_is_refused(case: str) -> None:
    listed, entry = WRONG[case]
    with pytest.raises(status.BadStatusList):
        status.read_list(listed, {**ENTRY, **entry})
