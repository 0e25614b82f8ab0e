"""Seals what is released: the host's signature over the digest of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from consent.declarations import canonical_json

RELEASE_TYP = "release+jwt"
RELEASES = "/.consent/releases/"


class Seal:
    """Signs for the host at `origin`; its public keys are those of the issuer."""

    def __init__(self, origin: str, sign: Callable[[Mapping[str, Any], str], str]) -> None:
        self.origin = origin
        self._sign = sign

    def iri(self, release: str) -> str:
        """Return the IRI of a release."""
        return f"{self.origin}{RELEASES}{release}"

    def __call__(self, document: Mapping[str, Any], at: float) -> str:
        """Return the JSON text of a document with a JWS over the SHA-256 of all the rest."""
        claims = {
            "iss": self.origin + "/",
            "sub": document["id"],
            "iat": int(at),
            "sha256": hashlib.sha256(canonical_json(document)).hexdigest(),
        }
        return orjson.dumps({**document, "signature": self._sign(claims, RELEASE_TYP)}).decode()
