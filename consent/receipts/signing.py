"""Receipts as JWS in compact form (RFC 7515) with Ed25519 (RFC 9864): sign and verify.

The signed bytes are the receipt; RDF beside them is derived. Written by hand over `cryptography`, because the
header is closed and fixed per key, and a whole town's receipts pass here.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

import orjson
from cryptography.exceptions import InvalidSignature

from consent.receipts.errors import BadReceipt
from consent.receipts.keys import IssuerKey, KeyLookup
from consent.receipts.model import Receipt
from consent.receipts.payload import decode, encode

MEDIA_TYPE = "application/jose"
TYPE = "receipt+jws"
ALGORITHM = "Ed25519"  # RFC 9864 2.2; the older "EdDSA" named no curve
MAX_RECEIPT = 512 * 1024  # 1,000 lines with names of 200 characters, encoded
_SIGNATURE_LENGTH = 86  # 64 bytes in base64url


def sign(receipt: Receipt, key: IssuerKey) -> bytes:
    """Return the receipt signed; raises BadReceipt if it is not of the key's issuer or breaks its form."""
    if receipt.issuer != key.issuer:
        raise BadReceipt("issuer", f"the key belongs to {key.issuer}, the receipt to {receipt.issuer}")
    payload = encode(receipt)
    decode(payload)  # what verifiers would refuse must not be signed
    return seal(payload, key)


def seal(payload: bytes, key: IssuerKey) -> bytes:
    """Return the JWS of payload bytes that are known to be well-formed."""
    signed = _header(key.kid) + b"." + _encode(payload)
    return signed + b"." + _encode(key.private.sign(signed))


def verify(jws: bytes, keys: KeyLookup) -> Receipt:
    """Return the receipt of a JWS whose signature, key, issuer and form all hold; raises BadReceipt."""
    if len(jws) > MAX_RECEIPT:
        raise BadReceipt("size", f"{len(jws)} bytes; at most {MAX_RECEIPT} are read")
    signed, _, encoded_signature = jws.rpartition(b".")
    header, dot, encoded_payload = signed.partition(b".")
    if not dot or b"." in encoded_payload:
        raise BadReceipt("form", "a JWS in compact form has three parts")
    kid = _kid(header)
    receipt = decode(_decode(encoded_payload))
    key = keys(receipt.issuer, kid)
    if key is None:
        raise BadReceipt("key", f"{receipt.issuer} has published no key {kid!r}")
    if key.issuer != receipt.issuer or key.kid != kid:
        raise BadReceipt("issuer", f"the key {kid!r} belongs to {key.issuer}, not to {receipt.issuer}")
    if not key.valid_at(receipt.issued_at):
        raise BadReceipt("validity", f"the key {kid!r} was not in use at {receipt.issued_at}")
    try:
        key.key.verify(_signature(encoded_signature), signed)
    except InvalidSignature as error:
        raise BadReceipt("signature", "the bytes are not those that the issuer signed") from error
    return receipt


@lru_cache(maxsize=1024)
def _header(kid: str) -> bytes:
    return _encode(orjson.dumps({"alg": ALGORITHM, "kid": kid, "typ": TYPE}))


@lru_cache(maxsize=1024)
def _kid(encoded: bytes) -> str:
    """Return the key id of a protected header that holds exactly alg, kid and typ as we expect them."""
    if len(encoded) > 1024:
        raise BadReceipt("header", "the header is too long")
    try:
        header = orjson.loads(_decode(encoded))
    except orjson.JSONDecodeError as error:
        raise BadReceipt("header", f"not JSON: {error}") from error
    # RFC 8725 3.1 and 3.11: one algorithm, one explicit type; "crit", "jwk" and the like are refused unread.
    if type(header) is not dict or header.keys() != {"alg", "kid", "typ"}:
        raise BadReceipt("header", "must hold alg, kid and typ and nothing else")
    if header["alg"] != ALGORITHM:
        raise BadReceipt("header", f"alg must be {ALGORITHM}")
    if header["typ"] != TYPE:
        raise BadReceipt("header", f"typ must be {TYPE}")
    kid = header["kid"]
    if type(kid) is not str or not 0 < len(kid) <= 200:
        raise BadReceipt("header", "kid must be a text")
    return kid


def _signature(encoded: bytes) -> bytes:
    if len(encoded) != _SIGNATURE_LENGTH:
        raise BadReceipt("form", "the signature must have 64 bytes")
    return _decode(encoded)


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(encoded: bytes) -> bytes:
    """Return the bytes of base64url without padding; a text that is not the one encoding of them is refused."""
    try:
        raw = base64.urlsafe_b64decode(encoded + b"=" * (-len(encoded) % 4))
    except binascii.Error as error:
        raise BadReceipt("form", "a part is not base64url") from error
    if _encode(raw) != encoded:
        raise BadReceipt("form", "a part is not base64url in its only form")
    return raw
