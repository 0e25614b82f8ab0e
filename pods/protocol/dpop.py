"""DPoP proofs (RFC 9449): make and check."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, import_key

from pods.protocol import jose

PROOF_MAX_AGE = 120  # seconds; the replay guard remembers a proof for at least as long
CLOCK_SKEW = 30  # seconds that a client's clock may be ahead of ours
MAX_JTI = 256  # characters; a UUID needs 36
_TYP = "dpop+jwt"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class BadProof(ValueError):
    """A DPoP proof that proves nothing; the message says which check of RFC 9449 section 4.3 failed."""


class Proof(NamedTuple):
    """What a checked proof says."""

    thumbprint: str
    """RFC 7638 thumbprint of the key that signed; a token is bound to it by `cnf.jkt`."""
    jti: str
    issued_at: float
    nonce: str | None = None


def check_proof(
    unverified_proof: str, method: str, url: str, *, at: float, access_token: str | None = None
) -> Proof:
    """Return what the proof says if it was made for this request at about this time; raise BadProof if not.

    Checks everything of RFC 9449 section 4.3 except replay, the server's nonce and the binding of the token,
    which need memory: the caller compares `thumbprint` with the token's `cnf.jkt` and remembers `jti`.
    """
    proof, unverified = read_proof(unverified_proof, method, url, at=at, access_token=access_token)
    require_signature(unverified.holds())
    return proof


def read_proof(
    unverified_proof: str, method: str, url: str, *, at: float, access_token: str | None = None
) -> tuple[Proof, jose.Jws]:
    """Check all that `check_proof` checks but the signature, which is still the caller's to check."""
    try:
        jws = jose.parse(unverified_proof)
    except jose.BadJose as error:
        raise BadProof(f"DPoP: {error}") from error
    key = jws.header.jwk
    if jws.header.typ != _TYP or key is None:
        raise BadProof("DPoP: the header must have typ dpop+jwt and the public key as jwk")
    # Cheap checks first; nothing that a stranger sends costs a signature check unless all else fits.
    proof = _claims(jws.claims, key.thumbprint)
    if not at - PROOF_MAX_AGE <= proof.issued_at <= at + CLOCK_SKEW:
        raise BadProof(
            f"DPoP: iat is over {PROOF_MAX_AGE} s behind or over {CLOCK_SKEW} s ahead of the server's clock; check yours"
        )
    if jws.claims.get("htm") != method:
        raise BadProof(f"DPoP: htm is not {method}")
    if not _same_target(jws.claims.get("htu"), url):
        raise BadProof(f"DPoP: htu is not {url.partition('?')[0]}")
    # Solid clients in use omit ath, so its absence is no error; a wrong one is.
    ath = jws.claims.get("ath")
    if ath is not None and (access_token is None or ath != access_token_hash(access_token)):
        raise BadProof("DPoP: ath is not the hash of the access token")
    return proof, jws


def require_signature(holds: bool) -> None:
    """Raise BadProof unless the signature of a proof is that of its key."""
    if not holds:
        raise BadProof("DPoP: the signature is not that of the key in the header")


# A client sends the same token with each of its proofs. The memory is of a pure function: it changes speed only.
@lru_cache(maxsize=1024)
def access_token_hash(access_token: str) -> str:
    """Return `ath`: base64url of SHA-256 over the ASCII of the token (RFC 9449 section 4.2)."""
    return jose.encode_segment(hashlib.sha256(access_token.encode("ascii")).digest()).decode("ascii")


class DpopKey:
    """A client's private key, and the proofs made with it."""

    __slots__ = ("_alg", "_key", "_public")

    def __init__(self, key: ECKey | OKPKey) -> None:
        self._key = key
        self._alg = "ES256" if isinstance(key, ECKey) else "EdDSA"
        self._public = {name: value for name, value in key.as_dict(private=False).items() if name in _PUBLIC}

    @classmethod
    def generate(cls) -> DpopKey:
        """Return a new P-256 key."""
        return cls(ECKey.generate_key("P-256"))

    @classmethod
    def from_jwk(cls, private_jwk: Mapping[str, Any]) -> DpopKey:
        """Return the key that `private_jwk()` gave away earlier; raise BadJose if it is no such key."""
        try:
            key = import_key(dict(private_jwk))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise jose.BadJose(f"the JWK is not usable: {error}") from error
        if not isinstance(key, ECKey | OKPKey) or not key.is_private or key.curve_name not in _CURVES:
            raise jose.BadJose(f"a DPoP key must be a private key on one of {', '.join(_CURVES)}")
        return cls(key)

    def private_jwk(self) -> dict[str, Any]:
        """Return the private key as a JWK, to be kept secret."""
        return dict(self._key.as_dict(private=True))

    def thumbprint(self) -> str:
        """Return the RFC 7638 thumbprint, `jkt`."""
        return self._key.thumbprint()

    def proof(
        self, method: str, url: str, *, at: float, access_token: str | None = None, nonce: str | None = None
    ) -> str:
        """Return a proof for one request; each one is different."""
        # RFC 9449 section 4.2: htu is the target without query and fragment.
        target = url.partition("#")[0].partition("?")[0]
        claims = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": target, "iat": int(at)}
        if access_token is not None:
            claims["ath"] = access_token_hash(access_token)
        if nonce is not None:
            claims["nonce"] = nonce
        return jose.sign(claims, {"typ": _TYP, "alg": self._alg, "jwk": self._public}, self._key)


_CURVES = ("P-256", "Ed25519")
_PUBLIC = ("kty", "crv", "x", "y")


def _claims(claims: Mapping[str, Any], thumbprint: str) -> Proof:
    jti, issued_at, nonce = claims.get("jti"), claims.get("iat"), claims.get("nonce")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_JTI:
        raise BadProof(f"DPoP: jti must be a text of 1 to {MAX_JTI} characters")
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        raise BadProof("DPoP: iat must be a number")
    if not isinstance(nonce, str | None):
        raise BadProof("DPoP: nonce must be a text")
    return Proof(thumbprint, jti, issued_at, nonce)


def _same_target(htu: Any, url: str) -> bool:
    if not isinstance(htu, str):
        return False
    if htu == url:
        return True
    try:
        return _normal(htu) == _normal(url)
    except ValueError:
        return False


def _normal(url: str) -> tuple[str, str, int | None, str]:
    """Normalise by syntax and scheme (RFC 3986, 6.2.2 and 6.2.3), as RFC 9449 section 4.3 advises."""
    parts = urlsplit(url)
    path = _ENCODED.sub(_normal_octet, parts.path) or "/"
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme), path


def _normal_octet(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if character in _UNRESERVED else match[0].upper()
