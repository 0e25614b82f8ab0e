"""The issuer's signing keys: kept in one file, shared by all workers, published as a JWK Set, rotated while serving."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pods.identity import key_file
from pods.identity.key_file import KeptKey
from pods.model import Clock
from pods.protocol import jose

ALG = "ES256"
"""What signs tokens for resource servers, and all but the ID tokens of clients that want another."""
LOOK_EVERY = 1.0  # seconds between looks at the file: within these, every worker knows of a rotation


class BadToken(ValueError):
    """A token that this issuer did not sign, that has expired, or that is of another kind."""


class SigningKeys:
    """Signs this issuer's tokens with the newest key that may sign, and verifies them with any that is kept."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._looked = float("-inf")
        self._stamp: tuple[int, int] | None = None
        self._keys: list[KeptKey] = []
        self._public: dict[str, jose.PublicKey] = {}

    @classmethod
    def open(cls, path: Path, *, clock: Clock) -> SigningKeys:
        """Return the keys in the file; the first to open it makes those that are missing.

        A file from before there were RSA keys gets one, and what it held stays as it was.
        """
        if not path.exists():
            key_file.write_new(path, key_file.new_keys())
        elif {one.alg for one in key_file.read(path)} != set(key_file.ALGORITHMS):
            key_file.change(path, key_file.completed)
        keys = cls(path, clock=clock)
        keys._kept()
        return keys

    @staticmethod
    def rotate(path: Path, *, at: float, compromised: bool = False) -> str:
        """Add a key of each kind and return the name of the first; running processes notice within a second.

        They are published first and sign after that. With `compromised` they sign at once, and whatever the old keys
        signed is void.
        """
        keys = key_file.change(
            path, lambda old: key_file.new_keys() if compromised else key_file.rotated(old, at)
        )
        return keys[0].kid

    def kept(self) -> list[KeptKey]:
        """Return the keys that verify, the newest first."""
        return list(self._kept())

    def sign(self, claims: Mapping[str, Any], typ: str, alg: str = ALG) -> str:
        """Return a compact JWS of the claims with this `typ`, signed with one of `key_file.ALGORITHMS`."""
        signing = self._signing(alg)
        return jose.sign(claims, {"alg": alg, "typ": typ, "kid": signing.kid}, signing.key)

    @property
    def kid(self) -> str:
        """The name of the key that signs, as in the JWK Set."""
        return self._signing().kid

    def signature(self, content: bytes) -> bytes:
        """Return the signature of bytes that are no token, such as an HTTP message (RFC 9421)."""
        return jose.signature(content, ALG, self._signing().key)

    def derived(self, use: bytes) -> bytes:
        """Return a secret for one use that every worker has, and that changes when the oldest key goes."""
        private = str(self._of(ALG)[-1].key.as_dict(private=True)["d"])
        return hmac.digest(private.encode(), b"portico " + use, "sha256")

    def jwks(self) -> dict[str, Any]:
        """Return the public keys as a JWK Set (RFC 7517 section 5), those too that will sign soon."""
        return {
            "keys": [
                {**one.key.as_dict(private=False), "kid": one.kid, "alg": one.alg, "use": "sig"}
                for one in self._kept()
            ]
        }

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
        self._kept()
        key = self._public.get(jws.header.kid or "")
        if key is None or not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
            raise BadToken("the token is not signed by this issuer")
        expires = jws.claims.get("exp")
        if not expired and (not isinstance(expires, int | float) or expires <= self._clock()):
            raise BadToken("the token has expired; get a new one")
        return dict(jws.claims)

    def _signing(self, alg: str = ALG) -> KeptKey:
        now = self._clock()
        kept = self._of(alg)
        return next((one for one in kept if one.signs_from <= now), kept[-1])

    def _of(self, alg: str) -> list[KeptKey]:
        return [one for one in self._kept() if one.alg == alg]

    def _kept(self) -> list[KeptKey]:
        now = self._clock()
        if not 0 <= now - self._looked < LOOK_EVERY:
            self._looked = now
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            live = [one for one in self._keys if one.until is None or one.until > now]
            if stamp != self._stamp or len(live) < len(self._keys):
                self._stamp = stamp
                self._keys = [
                    one for one in key_file.read(self._path) if one.until is None or one.until > now
                ]
                self._public = {
                    one.kid: jose.public_key(one.key.as_dict(private=False)) for one in self._keys
                }
        return self._keys
