"""ES256 (RFC 7518 section 3.4), which signs nearly every proof, by `cryptography` itself and on a digest made here.

Asking OpenSSL for the hash at each signature would cost a fifth of the whole check.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

POINT = 65  # bytes of a public key, uncompressed (SEC 1, 2.3.3)
DIGEST = 32
SIGNATURE = 64  # two numbers of 32 bytes
_HALF = SIGNATURE // 2
_ES256 = ECDSA(Prehashed(SHA256()))


def digest(signing_input: bytes) -> bytes:
    """Return what is signed of an input."""
    return sha256(signing_input).digest()


def is_signature(key: EllipticCurvePublicKey, of_digest: bytes, signature: bytes) -> bool:
    """Say whether the signature is that of this key; False too for one of another length."""
    if len(signature) != SIGNATURE:
        return False
    der = encode_dss_signature(int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))
    try:
        key.verify(der, of_digest, _ES256)
    except InvalidSignature:
        return False
    return True


def point_of(key: EllipticCurvePublicKey) -> bytes:
    """Return the key as bytes from which `key_at` makes it again."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


# A client signs all of its proofs with one key. The memory is of a pure function: it changes speed only.
@lru_cache(maxsize=4096)
def key_at(point: bytes) -> EllipticCurvePublicKey:
    """Return the key of a point; raise ValueError if it is not on the curve."""
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
