"""Client-id documents (Solid-OIDC section 3.1): read through the guard, checked, kept a while."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from pods.identity.clients import Client, from_metadata
from pods.model import Clock

CONTEXT = "https://www.w3.org/ns/solid/oidc-context.jsonld"
KEPT = 300.0  # seconds that a document is believed
KEPT_FAILURE = 20.0  # seconds until a document that could not be read is asked for again
_MOST_KEPT = 1000
_MEDIA_TYPES = ("application/ld+json", "application/json")


class BadDocument(ValueError):
    """A client id that leads to no usable document; the message says why."""


@dataclass(frozen=True, slots=True)
class _Read:
    until: float
    client: Client | None
    failure: str


class Documents:
    """Clients by the URL that is their id."""

    def __init__(self, http: httpx.AsyncClient, *, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._read: dict[str, _Read] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def client(self, client_id: str) -> Client:
        """Return the client that the document at this URL describes; raise BadDocument."""
        async with self._locks.setdefault(client_id, asyncio.Lock()):
            read = self._read.get(client_id)
            if read is None or read.until <= self._clock():
                read = await self._look(client_id)
                while len(self._read) >= _MOST_KEPT:
                    del self._read[next(iter(self._read))]
                self._read[client_id] = read
        self._locks.pop(client_id, None)
        if read.client is None:
            raise BadDocument(read.failure)
        return read.client

    async def _look(self, client_id: str) -> _Read:
        try:
            return _Read(self._clock() + KEPT, await self._fetch(client_id), "")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return _Read(self._clock() + KEPT_FAILURE, None, str(error))

    async def _fetch(self, client_id: str) -> Client:
        answer = await self._http.get(client_id, headers={"accept": "application/ld+json"})
        if answer.status_code != 200:
            raise ValueError(f"the address answered {answer.status_code}")
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _MEDIA_TYPES:
            raise ValueError(f"its media type is {media_type!r}, not application/ld+json")
        try:
            document = answer.json()
        except ValueError as error:
            raise ValueError("it is not JSON") from error
        if not isinstance(document, dict):
            raise ValueError("it is not a JSON object")
        # Solid-OIDC section 3.1.1: the document must say that it is this client's, in the normative context.
        if document.get("client_id") != client_id:
            raise ValueError("its client_id is not the address it was read from")
        contexts = document.get("@context")
        if CONTEXT not in (contexts if isinstance(contexts, list) else [contexts]):
            raise ValueError(f"its @context is not {CONTEXT}")
        scopes = document.get("scope", "")
        metadata = {**document, "grant_types": document.get("grant_types") or _grant_types(scopes)}
        return from_metadata(client_id, metadata)


def _grant_types(scopes: object) -> list[str]:
    offline = isinstance(scopes, str) and "offline_access" in scopes.split()
    return ["authorization_code", "refresh_token"] if offline else ["authorization_code"]
