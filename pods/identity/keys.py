"""The issuer's signing keys: kept in one file, shared by all workers, published as a JWK Set."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from joserfc.jwk import ECKey

from pods.model import Clock
from pods.protocol import jose

_ALG = "ES256"
_KEPT = 3  # keys after a rotation: tokens signed by a retired key stay good until they expire


class BadToken(ValueError):
    """A token that this issuer did not sign, that has expired, or that is of another kind."""


class SigningKeys:
    """Signs this issuer's tokens with the newest key, and verifies them with any that is kept."""

    def __init__(self, keys: list[ECKey], *, clock: Clock) -> None:
        self._clock = clock
        self._newest = keys[0]
        self._kid = keys[0].thumbprint()
        self._public = {key.thumbprint(): jose.public_key(key.as_dict(private=False)) for key in keys}
        self._jwks = {
            "keys": [
                {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": _ALG, "use": "sig"}
                for key in keys
            ]
        }

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> SigningKeys:
        """Return the keys in the file; the first to open it makes the first key."""
        if not path.exists():
            _write_new(path, [ECKey.generate_key("P-256")])
        return cls(_read(path), clock=clock)

    @staticmethod
    def rotate(path: Path) -> None:
        """Put a new key in front; processes that are running sign with it after their next start."""
        keys = [ECKey.generate_key("P-256"), *_read(path)][:_KEPT]
        draft = _draft(path, keys)
        draft.replace(path)

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        """Return a compact JWS of the claims with this `typ`."""
        return jose.sign(claims, {"alg": _ALG, "typ": typ, "kid": self._kid}, self._newest)

    @property
    def kid(self) -> str:
        """The name of the key that signs, as in the JWK Set."""
        return self._kid

    def signature(self, content: bytes) -> bytes:
        """Return the signature of bytes that are no token, such as an HTTP message (RFC 9421)."""
        return jose.signature(content, _ALG, self._newest)

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK Set (RFC 7517 section 5)."""
        return self._jwks

    def verify(self, unverified_token: str, typ: str, *, expired: bool = False) -> dict[str, Any]:
        """Return the claims of a live token of ours with this `typ`; raise BadToken for any other.

        With `expired` the end of the token is not looked at: for hints that give no right.
        """
        try:
            jws = jose.parse(unverified_token)
        except jose.BadJose as error:
            raise BadToken(str(error)) from error
        # RFC 8725 section 3.11: the typ keeps an ID token from passing as an access token.
        if jws.header.typ != typ.lower():
            raise BadToken(f"the token's typ is {jws.header.typ!r}, not {typ!r}")
        key = self._public.get(jws.header.kid or "")
        if key is None or not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
            raise BadToken("the token is not signed by this issuer")
        expires = jws.claims.get("exp")
        if not expired and (not isinstance(expires, int | float) or expires <= self._clock()):
            raise BadToken("the token has expired; get a new one")
        return dict(jws.claims)


def _read(path: Path) -> list[ECKey]:
    return [ECKey.import_key(jwk) for jwk in orjson.loads(path.read_bytes())["keys"]]


def _write_new(path: Path, keys: list[ECKey]) -> None:
    draft = _draft(path, keys)
    try:
        # A link fails where the name exists: of several workers that start at once, one wins and all read it.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, keys: list[ECKey]) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    content = orjson.dumps({"keys": [key.as_dict(private=True) for key in keys]})
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft
