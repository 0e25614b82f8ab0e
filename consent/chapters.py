"""Closed chapters of a consent record: what happened long ago, in documents that never change and are bound by digest.

A record is written anew with each decision, so it tells the newest decisions only and names the chapter before. Each
chapter names the one before it, with its digest: who has the record knows that nothing of all that was changed since.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from consent import history, records
from consent.model import Grant, PurposeDeclaration
from consent.records import Earlier, Event
from pods.model import Path
from pods.storage.base import Pod, Transaction

CHAPTER = 16
"""Events of a chapter; few records ever have as many, and writing so many costs about a millisecond."""


@dataclass(frozen=True, slots=True)
class Open:
    """What is told in the record itself: the events since the last closed chapter, and where that is."""

    number: int
    """How many chapters are closed."""
    events: list[Event]
    earlier: Earlier | None
    agreed: Event | None
    """The last consent, where there are chapters, so that it may be in one of them."""


def still_open(tx: Transaction, origin: str, pod: Pod, grant_id: str) -> Open:
    """Return what the record of a grant tells, with what is closed left out; it reads one chapter at most."""
    count = history.count(tx, grant_id)
    # An event that is there is told in the open part, so that the record always has a status.
    number = max(count - 1, 0) // CHAPTER
    # A record of before there were chapters has none yet, and one that nobody told anew may lack the last.
    earlier = None
    while number:
        if (stored := tx.get(_path(pod, grant_id, number))) is not None:
            earlier = Earlier(origin + stored.path, _digest(stored.content))
            break
        number -= 1
    return Open(
        number, history.events(tx, grant_id, after=number * CHAPTER), earlier, _agreed(tx, grant_id, number)
    )


def close(
    tx: Transaction, origin: str, pod: Pod, grant: Grant, purpose: PurposeDeclaration, at: float
) -> Open:
    """Close what is due of the record of a grant, each chapter in a document of its own, and return the rest."""
    found = still_open(tx, origin, pod, grant.id)
    number, events, earlier = found.number, found.events, found.earlier
    document = origin + records.record_path(pod.root, grant.id)
    while len(events) > CHAPTER:
        number += 1
        path = _path(pod, grant.id, number)
        content = records.chapter(document, origin + path, grant, purpose, events[:CHAPTER], earlier)
        tx.write(path, records.MEDIA_TYPE, content, at)
        events, earlier = events[CHAPTER:], Earlier(origin + path, _digest(content))
    return Open(number, events, earlier, found.agreed or _agreed(tx, grant.id, number))


def _agreed(tx: Transaction, grant_id: str, closed: int) -> Event | None:
    return history.agreed(tx, grant_id) if closed else None


def _path(pod: Pod, grant_id: str, number: int) -> Path:
    return Path(f"{records.record_path(pod.root, grant_id).removesuffix('.ttl')}-{number}.ttl")


def _digest(content: bytes) -> str:
    return "sha256-" + hashlib.sha256(content).hexdigest()
