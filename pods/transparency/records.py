"""Lines of a log as they are stored: sealed with the log's key, and chained by digests that outlive the key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

START = bytes(32)
"""What the first line of a log follows."""

KEY_BYTES = 64
"""A log's key: the first half seals (AES-256-GCM), the second makes the tags by which agents are found."""

NONCE_BYTES = 12  # random: 2^32 lines of one key stay far below where two would be likely to meet
_SEALS = KEY_BYTES // 2
_HEAD = b"portico log head 1\n"


class BadRecord(ValueError):
    """A line that the log's key does not open: it is not what was written."""


@dataclass(frozen=True, slots=True)
class Record:
    """A stored line. Once its text is gone, `sealed` is None and `content` is the digest of what it was."""

    seq: int
    digest: bytes
    sealed: bytes | None
    content: bytes


def seal(key: bytes, seq: int, text: bytes, nonce: bytes) -> bytes:
    """Return a line's text sealed under its number."""
    return nonce + AESGCM(key[:_SEALS]).encrypt(nonce, text, seq.to_bytes(8))


def opened(key: bytes, seq: int, sealed: bytes) -> list[Any]:
    """Return what a sealed line says; raise BadRecord."""
    try:
        text = AESGCM(key[:_SEALS]).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], seq.to_bytes(8))
        said: list[Any] = orjson.loads(text)
    except (InvalidTag, ValueError) as error:
        raise BadRecord(f"Line {seq} is not what was written.") from error
    return said


def tag(key: bytes, agent: str) -> bytes:
    """Return the mark of an agent in one log: it finds the agent's lines, and tells nothing in any other log."""
    return hashlib.blake2b(agent.encode(), key=key[_SEALS:], digest_size=16).digest()


def content_of(sealed: bytes) -> bytes:
    """Return what stays of a sealed line in the chain."""
    return hashlib.sha256(sealed).digest()


def chained(prev: bytes, seq: int, content: bytes) -> bytes:
    """Return the digest of a line that follows the one with the digest `prev`."""
    return hashlib.sha256(prev + seq.to_bytes(8) + content).digest()


def commitment(blind: bytes, size: int, root: bytes) -> bytes:
    """Return what a host's tree holds of a log: without `blind`, nobody can tell which log it is, or how long."""
    return hmac.digest(blind, _HEAD + size.to_bytes(8) + root, "sha256")


def texts(key: bytes, records: Sequence[Record]) -> list[list[Any]]:
    """Return what the lines say whose text is still there; raise BadRecord."""
    return [opened(key, one.seq, one.sealed) for one in records if one.sealed is not None]
