"""Multibase and Multikey (W3C Controlled Identifiers 1.0, 2.2.2 and 2.4) for Ed25519 keys and signatures."""

from __future__ import annotations

import base64
import binascii

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
# CID 1.0, 2.2.2: "The encoding of an Ed25519 public key MUST start with the two-byte prefix 0xed01".
_ED25519_PUBLIC = b"\xed\x01"
MOST_LETTERS = 128  # a signature has 88; decoding takes time that grows with the square


class BadMultibase(ValueError):
    """A text that is no multibase value of the kind that is needed."""


def base58(content: bytes) -> str:
    """Return bytes as multibase base58-btc, with its `z`."""
    number, letters = int.from_bytes(content), ""
    while number:
        number, value = divmod(number, 58)
        letters = _ALPHABET[value] + letters
    zeros = len(content) - len(content.lstrip(b"\0"))
    return "z" + "1" * zeros + letters


def from_base58(text: str) -> bytes:
    """Return the bytes of multibase base58-btc; raise BadMultibase."""
    if not text.startswith("z") or len(text) > MOST_LETTERS:
        raise BadMultibase("the value is not multibase base58-btc, or too long")
    number, letters = 0, text[1:]
    for letter in letters:
        if letter not in _VALUES:
            raise BadMultibase(f"{letter!r} is no letter of base58-btc")
        number = number * 58 + _VALUES[letter]
    zeros = len(letters) - len(letters.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def base64url(content: bytes) -> str:
    """Return bytes as multibase base64url without padding, with its `u`."""
    return "u" + base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of multibase base64url without padding; raise BadMultibase."""
    letters = text[1:]
    if not text.startswith("u") or not letters.isascii():
        raise BadMultibase("the value is not multibase base64url")
    try:
        padded = letters + "=" * (-len(letters) % 4)
        return base64.b64decode(padded.encode(), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise BadMultibase(f"the value is not multibase base64url: {error}") from error


def multikey(key: Ed25519PublicKey) -> str:
    """Return a public key as the value of `publicKeyMultibase`."""
    return base58(_ED25519_PUBLIC + key.public_bytes_raw())


def public_key(text: str) -> Ed25519PublicKey:
    """Return the key of a `publicKeyMultibase`; raise BadMultibase for any other kind of key."""
    content = from_base58(text)
    if not content.startswith(_ED25519_PUBLIC) or len(content) != len(_ED25519_PUBLIC) + 32:
        raise BadMultibase("the value is no Ed25519 public key as a Multikey")
    return Ed25519PublicKey.from_public_bytes(content[len(_ED25519_PUBLIC) :])
