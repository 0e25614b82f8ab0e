"""Other issuers: their keys, and whether a person's WebID names them; fetched through the guard and kept a while."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import httpx
import pyoxigraph

from pods.model import Clock
from pods.protocol import jose

KEPT = 600.0  # seconds that an issuer's keys or a profile's issuers are believed without a new look
KEPT_FAILURE = 60.0  # seconds until a failed fetch is tried again, so that bad tokens cost others nothing
_MOST_KEPT = 2000  # entries; the oldest give way
_OIDC_ISSUER = pyoxigraph.NamedNode("http://www.w3.org/ns/solid/terms#oidcIssuer")
_PROFILE_TYPES: Mapping[str, pyoxigraph.RdfFormat] = {
    "text/turtle": pyoxigraph.RdfFormat.TURTLE,
    "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
}

V = TypeVar("V")
Keys = Mapping[str, jose.PublicKey]


class Unreadable(Exception):
    """An issuer or a profile could not be read a short while ago; the message says why."""


@dataclass(frozen=True, slots=True)
class _Known(Generic[V]):
    until: float
    value: V | None
    """None after a failed fetch."""
    failure: str = ""


class _Memory(Generic[V]):
    """Values by IRI until they are stale, with failures remembered too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, _Known[V]] = {}

    def recall(self, iri: str, what: str) -> V | None:
        """Return the fresh value, None if it must be fetched; raise Unreadable after a fresh failure."""
        known = self._known.get(iri)
        if known is None or self.wanted(iri):
            return None
        if known.value is None:
            raise Unreadable(f"{what} of {iri} cannot be read: {known.failure}")
        return known.value

    def wanted(self, iri: str) -> bool:
        """Say whether neither a fresh value nor a fresh failure is known."""
        known = self._known.get(iri)
        return known is None or known.until <= self._clock()

    def forget(self, iri: str, *, older_than: float) -> bool:
        """Forget a value that was kept for so long; say whether there was one."""
        known = self._known.get(iri)
        if known is None or known.value is None or known.until - KEPT + older_than > self._clock():
            return False
        del self._known[iri]
        return True

    def keep(self, iri: str, value: V | None, failure: str = "") -> None:
        while len(self._known) >= _MOST_KEPT:
            del self._known[next(iter(self._known))]
        self._known.pop(iri, None)
        seconds = KEPT_FAILURE if value is None else KEPT
        self._known[iri] = _Known(self._clock() + seconds, value, failure)


class Issuers:
    """What is known of other issuers. Reading is free; `fetch_*` go to the network, one call per IRI at a time."""

    def __init__(self, http: httpx.AsyncClient, *, clock: Clock) -> None:
        self._http = http
        self._keys: _Memory[Keys] = _Memory(clock)
        self._trusted: _Memory[frozenset[str]] = _Memory(clock)
        self._locks: dict[str, asyncio.Lock] = {}

    def keys(self, issuer: str) -> Keys | None:
        """Return the issuer's keys by `kid`, None if not known; raise Unreadable if that failed."""
        return self._keys.recall(issuer, "The key set")

    def trusted_by(self, webid: str) -> frozenset[str] | None:
        """Return the issuers that the WebID's profile names, None if not known; or raise as `keys` does."""
        return self._trusted.recall(_document(webid), "The WebID profile")

    def forget_keys(self, issuer: str) -> bool:
        """Forget keys that are older than a failure is kept: the issuer may have new ones. False if too fresh."""
        return self._keys.forget(issuer, older_than=KEPT_FAILURE)

    async def fetch_keys(self, issuer: str) -> None:
        """Read the issuer's discovery document and key set (OpenID Connect Discovery 1.0 section 4)."""
        async with self._locks.setdefault(issuer, asyncio.Lock()):
            if self._keys.wanted(issuer):
                try:
                    self._keys.keep(issuer, await self._read_keys(issuer))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
                    self._keys.keep(issuer, None, str(error))
        self._locks.pop(issuer, None)

    async def fetch_trusted(self, webid: str) -> None:
        """Read the WebID's profile for the issuers that it trusts (Solid-OIDC section 5)."""
        document = _document(webid)
        async with self._locks.setdefault(document, asyncio.Lock()):
            if self._trusted.wanted(document):
                try:
                    self._trusted.keep(document, await self._read_trusted(webid, document))
                except (httpx.HTTPError, httpx.InvalidURL, ValueError, SyntaxError) as error:
                    self._trusted.keep(document, None, str(error))
        self._locks.pop(document, None)

    async def _read_keys(self, issuer: str) -> Keys:
        location = issuer.rstrip("/") + "/.well-known/openid-configuration"
        discovery = await self._json(location)
        # Discovery section 4.3: the issuer of the document must be exactly the one that was asked.
        if discovery["issuer"] != issuer:
            raise ValueError(f"its discovery document names another issuer, {discovery['issuer']!r}")
        jwks = await self._json(str(discovery["jwks_uri"]))
        keys: dict[str, jose.PublicKey] = {}
        for jwk in jwks["keys"]:
            try:
                keys[str(jwk.get("kid", ""))] = jose.public_key(jwk)
            except jose.BadJose:
                continue  # a set may hold keys of kinds that we do not take
        return keys

    async def _read_trusted(self, webid: str, document: str) -> frozenset[str]:
        answer = await self._http.get(document, headers={"accept": ", ".join(_PROFILE_TYPES)})
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _PROFILE_TYPES:
            raise ValueError(f"media type {media_type!r}; a profile must be text/turtle")
        quads = pyoxigraph.parse(answer.content, format=_PROFILE_TYPES[media_type], base_iri=document)
        person = pyoxigraph.NamedNode(webid)
        return frozenset(
            quad.object.value
            for quad in quads
            if quad.subject == person
            and quad.predicate == _OIDC_ISSUER
            and isinstance(quad.object, pyoxigraph.NamedNode)
        )

    async def _json(self, location: str) -> Any:
        answer = await self._http.get(location, headers={"accept": "application/json"})
        if answer.status_code != 200:
            raise ValueError(f"{location} answered {answer.status_code}")
        return answer.json()


def _document(webid: str) -> str:
    return webid.partition("#")[0]
