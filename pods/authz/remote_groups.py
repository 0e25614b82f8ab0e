"""Agent groups on other hosts: fetched through the guard, outside of every transaction, and kept a short while."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import httpx

from pods.authz import acl
from pods.errors import PodError
from pods.model import Clock
from pods.protocol import rdf

KEPT = 300.0  # seconds that a group elsewhere is believed: so long may somebody who left it still come in
KEPT_FAILURE = 60.0  # seconds until a failed fetch is tried again
MOST_DOCUMENTS = 500  # kept by one worker; the oldest give way
AT_ONCE = 4  # fetches of one worker: lists of strangers must not make it a flood
_ACCEPT = "text/turtle, application/ld+json;q=0.8, application/n-triples;q=0.7"
_NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Document:
    until: float
    groups: Mapping[str, frozenset[str]]


class RemoteGroups:
    """What is known of groups elsewhere. Looking is free; `fetch` goes to the network, once per document at a time."""

    def __init__(self, http: httpx.AsyncClient, *, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._known: dict[str, _Document] = {}
        self._underway: dict[str, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    def members(self, group: str) -> frozenset[str] | None:
        """Return the members of a group, nobody if it could not be read; None if it must be fetched first."""
        known = self._known.get(_document(group))
        if known is None or known.until <= self._clock():
            return None
        return known.groups.get(group, _NOBODY)

    async def fetch(self, groups: Collection[str]) -> None:
        """Read the documents of these groups; afterwards `members` answers for each of them."""
        wanted = {_document(group) for group in groups if self.members(group) is None}
        for document in wanted:
            if document not in self._underway:
                task = asyncio.create_task(self._fetch(document))
                self._underway[document] = task
                task.add_done_callback(lambda _, done=document: self._underway.pop(done, None))  # type: ignore[misc]  # a default argument
        # Whoever waits may go away; the others wait for the same fetch.
        await asyncio.gather(*(asyncio.shield(self._underway[document]) for document in wanted))

    async def _fetch(self, document: str) -> None:
        async with self._places:
            try:
                found, seconds = await self._read(document), KEPT
            except (httpx.HTTPError, httpx.InvalidURL, PodError, ValueError):
                found, seconds = {}, KEPT_FAILURE  # a group that cannot be read lets nobody in
        while len(self._known) >= MOST_DOCUMENTS:
            del self._known[next(iter(self._known))]
        self._known.pop(document, None)
        self._known[document] = _Document(self._clock() + seconds, found)

    async def _read(self, document: str) -> Mapping[str, frozenset[str]]:
        answer = await self._http.get(document, headers={"accept": _ACCEPT})
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status_code != 200 or not rdf.is_rdf(media_type):
            return {}
        # The guard has bounded the bytes (`guard.MAX_ANSWER`); parsing them must not hold up others.
        quads = await asyncio.to_thread(rdf.parse, media_type, answer.content, document)
        return acl.groups_in(quads)


def _document(group: str) -> str:
    return group.partition("#")[0]
