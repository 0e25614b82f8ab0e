"""Bitstring Status List 1.0 (W3C REC 2025-05-15): lists as bytes, entries, and credentials about lists."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from consent import wire
from consent.credentials import multikey

ENTRIES = 131_072
"""Bitstring Status List, 6.1: "a minimum of 131,072 entries" for the privacy of a herd."""

CAPACITY = 8_192  # grants in one list, so that a free place is found at the first or second try
MAX_LIST = 1024 * 1024  # bytes of a list that we unpack; ours have 16 KiB
TTL_SECONDS = 300.0  # how long a verifier may work with a list that it has
LIST_SECONDS = 3_600.0  # a list says nothing any more after so long, whoever kept it
STATUS_PATH = "/.consent/status/"
VC_CONTEXT = "https://www.w3.org/ns/credentials/v2"


class StatusPurpose(StrEnum):
    """What a set bit says: never again, or not now."""

    REVOCATION = "revocation"
    SUSPENSION = "suspension"


class BadStatusList(ValueError):
    """A list that cannot be read, is too short, or is about something else."""


def number_of(block: int, purpose: StatusPurpose) -> int:
    """Return the number in the address of a list: grants of one block have their place in two lists."""
    return 2 * block + list(StatusPurpose).index(purpose)


def block_of(number: int) -> tuple[int, StatusPurpose]:
    """Return the block and the purpose of the list with this number."""
    return number // 2, list(StatusPurpose)[number % 2]


def decoys(secret: bytes, number: int) -> bytes:
    """Return the bits that are set in a list before any grant has a place there.

    How many these are is a secret of each list, between a quarter and three quarters, so that neither the places
    that are set nor their number tell how many grants there are, or how many ended.
    """
    drawn = hashlib.shake_256(b"status list %d " % number + secret).digest(ENTRIES + 1)
    threshold = 64 + drawn[0] // 2
    digit = bytes(ord("1" if value < threshold else "0") for value in range(256))
    return int(drawn[1:].translate(digit), 2).to_bytes(ENTRIES // 8, "big")


def bit(bits: bytes, index: int) -> bool:
    """Return the status at an index; 3.2: the first is the leftmost bit. Raises BadStatusList outside the list."""
    if not 0 <= index < len(bits) * 8:
        raise BadStatusList(f"the list has no entry {index}")
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def with_bits(bits: bytes, indices: Iterable[int]) -> bytes:
    """Return the list with these bits set too."""
    changed = bytearray(bits)
    for index in indices:
        changed[index // 8] |= 1 << (7 - index % 8)
    return bytes(changed)


def encoded(bits: bytes) -> str:
    """Return the `encodedList`: 3.3, GZIP (RFC 1952), then multibase base64url without padding."""
    return multikey.base64url(gzip.compress(bits, mtime=0))


def decoded(text: str) -> bytes:
    """Return the bits of an `encodedList`; raises BadStatusList, also for one that unpacks to too much."""
    try:
        # 16 + MAX_WBITS: a GZIP wrapper. The limit stops a small text that unpacks to gigabytes.
        unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
        bits = unpacking.decompress(multikey.from_base64url(text), MAX_LIST)
    except (multikey.BadMultibase, zlib.error) as error:
        raise BadStatusList(f"the encodedList cannot be read: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        raise BadStatusList("the encodedList is cut off, too long, or followed by something")
    # 3.2: "If the length of the revocation bitstring divided by size is less than 131,072, raise".
    if len(bits) * 8 < ENTRIES:
        raise BadStatusList(f"the list has fewer than {ENTRIES} entries")
    return bits


def entries(origin: str, block: int, position: int) -> list[dict[str, Any]]:
    """Return the `credentialStatus` of a credential: one place, in the lists of both purposes."""
    return [
        {
            "id": f"{origin}{STATUS_PATH}{number_of(block, purpose)}#{position}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose.value,
            "statusListIndex": str(position),
            "statusListCredential": f"{origin}{STATUS_PATH}{number_of(block, purpose)}",
        }
        for purpose in StatusPurpose
    ]


def list_credential(origin: str, issuer: str, number: int, bits: bytes, at: float) -> dict[str, Any]:
    """Return the credential about a list as it is at this time, without its proof."""
    iri = f"{origin}{STATUS_PATH}{number}"
    return {
        "@context": [VC_CONTEXT],
        "id": iri,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": wire.timestamp(at),
        "validUntil": wire.timestamp(at + LIST_SECONDS),
        "credentialSubject": {
            "id": iri + "#list",
            "type": "BitstringStatusList",
            "statusPurpose": block_of(number)[1].value,
            "encodedList": encoded(bits),
            # 2.2: "an OPTIONAL property … an unsigned integer … the time in milliseconds".
            "ttl": int(TTL_SECONDS * 1000),
        },
    }


def read_list(credential: Mapping[str, Any], entry: Mapping[str, Any]) -> bytes:
    """Return the bits of the list that an entry is in; the proof was checked before. Raises BadStatusList."""
    subject = credential.get("credentialSubject")
    kinds = credential.get("type")
    if not isinstance(subject, Mapping) or not isinstance(kinds, list):
        raise BadStatusList("this is no credential about one list")
    if not entry.get("statusPurpose") or entry.get("type") != "BitstringStatusListEntry":
        raise BadStatusList("this is no BitstringStatusListEntry with a purpose")
    if "BitstringStatusListCredential" not in kinds or subject.get("type") != "BitstringStatusList":
        raise BadStatusList("this is no BitstringStatusListCredential")
    if credential.get("id") != entry.get("statusListCredential"):
        raise BadStatusList("this is another list than the one that the entry is in")
    # 2.2: one list may serve several purposes.
    purposes = subject.get("statusPurpose")
    if entry.get("statusPurpose") not in (purposes if isinstance(purposes, list) else [purposes]):
        raise BadStatusList("the list is for another purpose than the entry")
    # 1.2: "processors MAY choose to only support bitstring entry sizes of 1", and then refuse every other.
    if entry.get("statusSize", 1) != 1 or subject.get("statusSize", 1) != 1:
        raise BadStatusList("the list has entries of more than one bit, which are not read here")
    return decoded(str(subject.get("encodedList")))
