"""The signed purpose claim: a service states, for one request, which published purpose it acts for."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey, import_key

from consent.model import PurposeIri
from pods.protocol import jose

CLAIM_FORMAT = "urn:portico:params:oauth:token-type:purpose+jwt"
CLAIM_SECONDS = 60  # the longest life of a claim; the replay guard keeps its jti for as long, and the skew
CLOCK_SKEW = 30  # seconds that a service's clock may be ahead of ours
MAX_ID = 256  # characters of a jti
_TYP = "purpose+jwt"
_ALG = "EdDSA"

Binding = Literal["ticket_hash", "request_hash"]
"""What a claim is bound to: a permission ticket, or the body of a question."""


class BadClaim(ValueError):
    """A purpose claim that proves nothing; the message says which check failed."""


@dataclass(frozen=True, slots=True)
class PurposeClaim:
    """What a verified claim says."""

    purpose: PurposeIri
    jti: str
    expires_at: float


class PurposeKey:
    """A controller's private Ed25519 key for purpose claims; the public half is registered with the host."""

    __slots__ = ("_key",)

    def __init__(self, key: OKPKey) -> None:
        self._key = key

    @classmethod
    def generate(cls) -> PurposeKey:
        """Return a new key whose `kid` is its RFC 7638 thumbprint."""
        return cls(OKPKey.generate_key("Ed25519"))

    @classmethod
    def from_jwk(cls, private_jwk: Mapping[str, Any]) -> PurposeKey:
        """Return the key that `private_jwk()` gave away; raise BadJose if it is no private Ed25519 key."""
        try:
            key = import_key(dict(private_jwk))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise jose.BadJose(f"the JWK is not usable: {error}") from error
        if not isinstance(key, OKPKey) or key.curve_name != "Ed25519" or not key.is_private:
            raise jose.BadJose("a purpose key must be a private Ed25519 key")
        return cls(key)

    def private_jwk(self) -> dict[str, Any]:
        """Return the private key as a JWK, to be kept secret."""
        return dict(self._key.as_dict(private=True))

    def jwks(self) -> dict[str, Any]:
        """Return the key set to register."""
        public = self._key.as_dict(private=False)
        members = {name: public[name] for name in ("kty", "crv", "x")}
        return {"keys": [{**members, "kid": self._key.thumbprint(), "alg": _ALG, "use": "sig"}]}

    def claim(
        self,
        purpose: str,
        *,
        client_id: str,
        webid: str,
        audience: str,
        at: float,
        bound: tuple[Binding, str],
    ) -> str:
        """Return a claim for one request; `bound` names what it is bound to and the `bound_hash` of that."""
        claims = {
            "iss": client_id,
            "sub": webid,
            "aud": audience,
            "jti": secrets.token_urlsafe(16),
            "iat": int(at),
            "exp": int(at) + CLAIM_SECONDS,
            bound[0]: bound[1],
            "purpose": purpose,
        }
        return jose.sign(claims, {"alg": _ALG, "typ": _TYP, "kid": self._key.thumbprint()}, self._key)


def bound_hash(content: bytes) -> str:
    """Return the base64url SHA-256 that binds a claim to a ticket or to a request body."""
    return jose.encode_segment(hashlib.sha256(content).digest()).decode("ascii")


def check_claim(
    unverified_claim: str,
    jwks: Mapping[str, Any],
    *,
    client_id: str | None,
    webid: str,
    audience: str,
    at: float,
    bound: tuple[Binding, str],
) -> PurposeClaim:
    """Return what a claim says if this controller signed it for this request just now; BadClaim if not.

    The caller remembers `jti` until `expires_at`, so that a claim is used once.
    """
    try:
        jws = jose.parse(unverified_claim)
    except jose.BadJose as error:
        raise BadClaim(f"purpose claim: {error}") from error
    if jws.header.typ != _TYP:
        raise BadClaim(f"purpose claim: typ must be {_TYP}")
    # RFC 8725 section 3.10 and attack 34: keys come from the registration alone, never from the token.
    key = _registered_key(jwks, jws.header.kid)
    if not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
        raise BadClaim("purpose claim: the signature is not that of the registered key")
    expected = {"iss": client_id, "sub": webid, "aud": audience, bound[0]: bound[1]}
    for name, value in expected.items():
        if value is None or jws.claims.get(name) != value:
            raise BadClaim(f"purpose claim: {name} is not what this request needs")
    return _timed(jws.claims, at)


def _registered_key(jwks: Mapping[str, Any], kid: str | None) -> jose.PublicKey:
    for jwk in jwks.get("keys", ()):
        if kid is not None and jwk.get("kid") == kid:
            try:
                return jose.public_key(jwk)
            except jose.BadJose as error:
                raise BadClaim(f"purpose claim: {error}") from error
    raise BadClaim("purpose claim: kid names no key that the controller registered")


def _timed(claims: Mapping[str, Any], at: float) -> PurposeClaim:
    jti, issued_at, expires_at, purpose = (claims.get(name) for name in ("jti", "iat", "exp", "purpose"))
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_ID or not isinstance(purpose, str):
        raise BadClaim("purpose claim: jti and purpose must be texts")
    if not isinstance(issued_at, int) or not isinstance(expires_at, int):
        raise BadClaim("purpose claim: iat and exp must be whole seconds")
    if not 0 < expires_at - issued_at <= CLAIM_SECONDS:
        raise BadClaim(f"purpose claim: exp must be at most {CLAIM_SECONDS} s after iat")
    if not (issued_at <= at + CLOCK_SKEW and at < expires_at):
        raise BadClaim("purpose claim: it is not valid now; check your clock")
    return PurposeClaim(PurposeIri(purpose), jti, float(expires_at))
