"""Keys of issuers: Ed25519 (RFC 8037), published as a JWKS with the time in which each was in use."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent.receipts.errors import BadReceipt
from consent.receipts.model import Instant, instant


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key with its issuer. It counts for receipts issued from `not_before` up to, not including, `not_after`."""

    issuer: str
    kid: str
    key: Ed25519PublicKey = field(repr=False)
    not_before: Instant | None = None
    not_after: Instant | None = None

    def valid_at(self, moment: Instant) -> bool:
        """Return whether the key was in use; moments compare as text."""
        started = self.not_before is None or self.not_before <= moment
        return started and (self.not_after is None or moment < self.not_after)


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """The signing half."""

    issuer: str
    kid: str
    private: Ed25519PrivateKey = field(repr=False)
    not_before: Instant | None = None
    not_after: Instant | None = None

    @classmethod
    def of(
        cls,
        issuer: str,
        private: Ed25519PrivateKey,
        *,
        not_before: Instant | None = None,
        not_after: Instant | None = None,
    ) -> IssuerKey:
        """Return the key under its thumbprint as key id."""
        return cls(issuer, thumbprint(private.public_key()), private, not_before, not_after)

    @classmethod
    def generate(cls, issuer: str) -> IssuerKey:
        """Return a new random key without limits in time."""
        return cls.of(issuer, Ed25519PrivateKey.generate())

    @classmethod
    def derived(cls, issuer: str, secret: bytes) -> IssuerKey:
        """Return the key that this secret always gives this issuer; for seeded demo data only."""
        seed = hashlib.blake2b(
            issuer.encode(), key=secret[:64], digest_size=32, person=b"portico-issuer"
        ).digest()
        return cls.of(issuer, Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_private_jwk(cls, issuer: str, jwk: Mapping[str, Any]) -> IssuerKey:
        """Return the key of a private JWK; raises BadReceipt if it is no Ed25519 key."""
        try:
            if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519":
                raise ValueError("kty must be OKP and crv Ed25519")
            private = Ed25519PrivateKey.from_private_bytes(_decode(jwk["d"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BadReceipt("key", f"no private Ed25519 JWK: {error}") from error
        return cls.of(
            issuer, private, not_before=_instant_of(jwk.get("nbf")), not_after=_instant_of(jwk.get("exp"))
        )

    def public(self) -> PublicKey:
        """Return the half that verifies."""
        return PublicKey(self.issuer, self.kid, self.private.public_key(), self.not_before, self.not_after)

    def private_jwk(self) -> dict[str, Any]:
        """Return the key as a private JWK, to be kept in a file that only its owner reads."""
        return {**public_jwk(self.public()), "d": _encode(self.private.private_bytes_raw())}


KeyLookup = Callable[[str, str], PublicKey | None]
"""Finds the key of (issuer IRI, key id); None if that issuer never published it."""


def key_ring(keys: Iterable[PublicKey]) -> KeyLookup:
    """Return a lookup over known keys."""
    known = {(key.issuer, key.kid): key for key in keys}
    return lambda issuer, kid: known.get((issuer, kid))


def jwks(keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Return the JWKS that an issuer publishes; old keys stay in it, with `exp`, so that old receipts verify."""
    return {"keys": [public_jwk(key) for key in keys]}


def read_jwks(issuer: str, document: Mapping[str, Any]) -> list[PublicKey]:
    """Return the Ed25519 keys of an issuer's JWKS; keys of other kinds are passed over. Raises BadReceipt."""
    try:
        return [_public_key(issuer, jwk) for jwk in document["keys"] if jwk.get("crv") == "Ed25519"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadReceipt("key", f"the JWKS of {issuer} cannot be read: {error}") from error


def public_jwk(key: PublicKey) -> dict[str, Any]:
    """Return the key as a public JWK; `nbf` and `exp` are NumericDates as in OpenID Federation 1.0."""
    jwk: dict[str, Any] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _encode(key.key.public_bytes_raw()),
        "kid": key.kid,
        "use": "sig",
        "alg": "Ed25519",
    }
    for name, moment in (("nbf", key.not_before), ("exp", key.not_after)):
        if moment is not None:
            jwk[name] = int(datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    return jwk


def thumbprint(key: Ed25519PublicKey) -> str:
    """Return the JWK thumbprint (RFC 7638; members for OKP keys in RFC 8037 section 2)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encode(key.public_bytes_raw())}
    return _encode(hashlib.sha256(orjson.dumps(members)).digest())


def _public_key(issuer: str, jwk: Mapping[str, Any]) -> PublicKey:
    key = Ed25519PublicKey.from_public_bytes(_decode(jwk["x"]))
    return PublicKey(issuer, jwk["kid"], key, _instant_of(jwk.get("nbf")), _instant_of(jwk.get("exp")))


def _instant_of(moment: object) -> Instant | None:
    if moment is None:
        return None
    if not isinstance(moment, int) or not 0 <= moment < 253402300800:
        raise ValueError("nbf and exp are seconds since 1970")
    return instant(moment)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
