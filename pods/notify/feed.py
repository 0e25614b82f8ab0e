"""From lines of the outbox to events of topics."""

from __future__ import annotations

import asyncio

from pods.notify.model import Event
from pods.protocol import target
from pods.removal_sql import ANYWHERE
from pods.storage.base import Change, Store

BATCH = 500  # lines read at a time; some milliseconds
_OF_MEMBERS = {"Create": "Add", "Delete": "Remove"}


def events(change: Change) -> list[Event]:
    """Return what a change means to the resource itself and to the container that lists it."""
    if change.path == ANYWHERE:
        return []  # a pod was removed, and its channels with it
    found = [Event(change.seq, change.path, change.kind, change.path, change.at)]
    container = target.parent_of(change.path)
    kind = _OF_MEMBERS.get(change.kind)
    # An auxiliary resource is no member: of it the container has nothing to tell.
    if container is not None and kind is not None and not target.is_auxiliary(change.path):
        found.append(Event(change.seq, container, kind, change.path, change.at))
    return found


async def after(store: Store, seq: int) -> list[Change]:
    """Return the next lines of the outbox, at most BATCH of them."""
    await asyncio.to_thread(store.settle)
    return await store.read(lambda tx: tx.changes(seq, BATCH))
