"""Removes channels that have ended, and lines of the outbox that nobody needs any more."""

from __future__ import annotations

import asyncio
import logging

from pods.model import Clock
from pods.notify import channels_sql, webhooks_sql
from pods.notify.model import DAY
from pods.storage.base import Commits, Store, Transaction

log = logging.getLogger(__name__)

KEPT_SECONDS = 7 * DAY  # of the outbox: projections follow it in their own time
EVERY_SECONDS = 600.0
LINES = 1_000  # removed in one commit


def ended(tx: Transaction, at: float) -> bool:
    """Say whether there are channels to remove."""
    return bool(tx.execute("SELECT 1 FROM notify_channel WHERE end_at <= ? LIMIT 1", (at,)))


def remove_ended(tx: Transaction, at: float) -> None:
    """Remove channels whose time is over, and those that lost their last topic with its pod."""
    tx.execute("DELETE FROM notify_channel WHERE end_at <= ?", (at,))
    tx.execute("DELETE FROM notify_channel WHERE NOT EXISTS (SELECT 1 FROM notify_topic WHERE channel = id)")


def prunable(tx: Transaction, at: float) -> int:
    """Return the last line of the outbox that may go now, with all before it; 0 if none may.

    The newest line always stays: it is where numbering goes on.
    """
    rows = tx.execute("SELECT seq, at FROM change WHERE seq > 0 ORDER BY seq LIMIT ?", (LINES,))
    needed_after = [channels_sql.last_change(tx) - 1]
    told = tx.execute("SELECT min(told) FROM notify_channel WHERE host IS NULL AND end_at > ?", (at,))[0][0]
    sent = webhooks_sql.pending_from(tx) if webhooks_sql.exist(tx, at) else None
    needed_after += [int(seq) for seq in (told, sent) if seq is not None]
    last = 0
    for seq, changed_at in rows:
        if changed_at > at - KEPT_SECONDS or seq > min(needed_after):
            break
        last = int(seq)
    return last


def prune(tx: Transaction, last: int) -> None:
    """Remove the outbox up to a line."""
    tx.execute("DELETE FROM change WHERE seq <= ?", (last,))


class Upkeep:
    """Runs in every process; what another one has removed is not there any more."""

    def __init__(self, store: Store, commits: Commits, *, clock: Clock) -> None:
        self._store = store
        self._commits = commits
        self._clock = clock

    async def run(self) -> None:
        """Tidy up now and then, for as long as the host serves."""
        while True:
            # First a pause: what follows the outbox has had time to see it since the host was last up.
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.tidy()
            except Exception:
                log.exception("the outbox could not be tidied")

    async def tidy(self) -> None:
        """Remove what nobody needs; write nothing where there is nothing to remove."""
        await asyncio.to_thread(self._store.settle)
        at = self._clock()
        if await self._store.read(lambda tx: ended(tx, at)):
            await self._commits.submit(lambda tx: remove_ended(tx, at))
        while last := await self._store.read(lambda tx: prunable(tx, at)):
            await self._commits.submit(lambda tx: prune(tx, last))
