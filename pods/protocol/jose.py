"""Compact JWS (RFC 7515) and public keys (RFC 7517, 7638): the one door to joserfc for tokens and proofs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, NewType

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

from pods.protocol import es256

UnverifiedClaims = NewType("UnverifiedClaims", Mapping[str, Any])
"""Claims whose signature nobody has checked yet; good only for choosing the key that checks them."""

ALGORITHMS = ("ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256")
"""Asymmetric signatures only: with `none` or HS256 a public key would be enough to forge (RFC 8725, 3.1)."""

MAX_TOKEN = 16 * 1024  # a token travels in a header; common servers stop at 8 or 16 KiB
SMALLEST_RSA_KEY = 2048  # bits, RFC 7518 section 3.3
# The two letters of base64url become those of base64, and those of base64 become one that is refused.
_FROM_BASE64URL = bytes.maketrans(b"-_+/=", b"+/!!!")
# RFC 9864, 2.2 and 3.1: "Ed25519" is what newer libraries write; older ones write "EdDSA", which named no curve.
_CURVES = {"ES256": "P-256", "ES384": "P-384", "EdDSA": "Ed25519", "Ed25519": "Ed25519"}
_RSA = frozenset(("RS256", "PS256"))


class BadJose(ValueError):
    """A token, a key or a signature that is not what the RFCs say; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Header:
    """The protected header of a JWS, parsed."""

    alg: str
    typ: str | None
    kid: str | None
    jwk: PublicKey | None
    """The key that the token itself brings along (DPoP); proves possession, never identity."""


class Jws(NamedTuple):
    """A compact JWS, taken apart but not verified."""

    header: Header
    claims: UnverifiedClaims
    signing_input: bytes
    signature: bytes

    def holds(self) -> bool:
        """Say whether the key in the token's own header signed it; False too where there is none."""
        header = self.header
        return header.jwk is not None and header.jwk.verifies(header.alg, self.signing_input, self.signature)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies, with its RFC 7638 thumbprint."""

    key: Key
    thumbprint: str
    p256: EllipticCurvePublicKey | None = None
    """The same key for ES256, None if it is of another kind."""
    point: bytes | None = None
    """That key as bytes, for another process."""

    def verifies(self, alg: str, signing_input: bytes, signature: bytes) -> bool:
        """Say whether the signature is this key's; False too where the algorithm does not fit the key."""
        if alg == "ES256":
            return self.p256 is not None and es256.is_signature(
                self.p256, es256.digest(signing_input), signature
            )
        key = self.key
        fits = isinstance(key, RSAKey) if alg in _RSA else _curve(key) == _CURVES.get(alg)
        return fits and bool(JWSRegistry.algorithms[alg].verify(signing_input, signature, key))


def parse(unverified_token: str) -> Jws:
    """Take a compact JWS with JSON claims apart; raise BadJose for anything else."""
    if len(unverified_token) > MAX_TOKEN:
        raise BadJose(f"the token is longer than {MAX_TOKEN} characters")
    try:
        signing_input, _, signature = unverified_token.encode("ascii").rpartition(b".")
        header, _, payload = signing_input.partition(b".")
        claims = orjson.loads(decode_segment(payload))
        raw_signature = decode_segment(signature)
    except (ValueError, UnicodeEncodeError) as error:
        raise BadJose("the token is not a compact JWS with JSON claims") from error
    if not isinstance(claims, dict):
        raise BadJose("the claims of the token are not a JSON object")
    return Jws(read_header(header), UnverifiedClaims(claims), signing_input, raw_signature)


# A client sends the same header with each of its proofs. The memory is of a pure function: it changes speed only.
@lru_cache(maxsize=2048)
def read_header(segment: bytes) -> Header:
    """Return the header that the first segment of a JWS says; raise BadJose if we do not take such tokens."""
    try:
        header = orjson.loads(decode_segment(segment))
    except ValueError as error:
        raise BadJose("the header of the token is not base64url of JSON") from error
    if not isinstance(header, dict):
        raise BadJose("the header of the token is not a JSON object")
    alg, typ, kid, jwk = [header.get(name) for name in ("alg", "typ", "kid", "jwk")]
    if alg not in ALGORITHMS:
        raise BadJose(f"alg {alg!r} is not accepted; sign with one of {', '.join(ALGORITHMS)}")
    # RFC 7515 section 4.1.11: an extension marked critical must be understood, and we understand none.
    if "crit" in header:
        raise BadJose("the header of the token has crit, and no extension is supported")
    if not isinstance(typ, str | None) or not isinstance(kid, str | None):
        raise BadJose("typ and kid in the header of the token must be strings")
    return Header(alg, typ.lower() if typ else None, kid, None if jwk is None else public_key(jwk))


def public_key(jwk: Any) -> PublicKey:
    """Return the public key that a JWK holds; raise BadJose for private, symmetric, weak or broken keys."""
    if not isinstance(jwk, dict):
        raise BadJose("a JWK must be a JSON object")
    # RFC 9449 section 4.3, check 7: the proof's key must not be a private key.
    if jwk.get("kty") not in ("EC", "OKP", "RSA") or "d" in jwk:
        raise BadJose("the JWK must be a public key of type EC, OKP or RSA")
    try:
        if jwk["kty"] == "RSA" and len(decode_segment(str(jwk["n"]).encode())) * 8 < SMALLEST_RSA_KEY:
            raise BadJose(f"RSA keys need {SMALLEST_RSA_KEY} bits or more")
        key = import_key(jwk)
        thumbprint = key.thumbprint()
    except BadJose:
        raise
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise BadJose(f"the JWK is not usable: {error}") from error
    p256 = _p256(key)
    return PublicKey(key, thumbprint, p256, es256.point_of(p256) if p256 else None)


def sign(claims: Mapping[str, Any], header: Mapping[str, Any], key: Key) -> str:
    """Return the compact JWS of the claims; `header` names `alg`, and `key` is the private key."""
    signing_input = encode_segment(orjson.dumps(header)) + b"." + encode_segment(orjson.dumps(claims))
    made = signature(signing_input, header["alg"], key)
    return (signing_input + b"." + encode_segment(made)).decode("ascii")


def signature(content: bytes, alg: str, key: Key) -> bytes:
    """Return the signature of any bytes under an algorithm of JOSE."""
    return JWSRegistry.algorithms[alg].sign(content, key)


def decode_segment(segment: bytes) -> bytes:
    """Return the bytes of a base64url text without padding; raise ValueError if it is something else."""
    try:
        padded = segment.translate(_FROM_BASE64URL) + b"=" * (-len(segment) % 4)
        content = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    # The last letter may carry bits that mean nothing; only zeros, so that every content has one spelling.
    rest = len(segment) % 4
    if rest and encode_segment(content[1 - rest :]) != segment[-rest:]:
        raise ValueError("not base64url: bits are left over")
    return content


def encode_segment(content: bytes) -> bytes:
    """Return base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _p256(key: Key) -> EllipticCurvePublicKey | None:
    if _curve(key) != _CURVES["ES256"]:
        return None
    public = key.get_op_key("verify")
    return public if isinstance(public, EllipticCurvePublicKey) else None


def _curve(key: Key) -> str | None:
    return key.curve_name if isinstance(key, ECKey | OKPKey) else None
