"""Removes blobs that no row names: uploads that never ended, and what was replaced or deleted a while ago."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pods.model import Clock
from pods.recurring import recurring
from pods.storage import blobs_sql
from pods.storage.base import Commits
from pods.storage.blobs import BlobStore

log = logging.getLogger(__name__)

SWEEP_SECONDS = 60.0
AT_ONCE = 100  # blobs removed between two commits


class Sweeper:
    """Works off `dropped_blob`. Several workers may sweep at once: what one takes, no upload can commit."""

    def __init__(self, blobs: BlobStore, commits: Commits, clock: Clock) -> None:
        self._blobs = blobs
        self._commits = commits
        self._clock = clock

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Sweep now and then while the host serves."""
        async with recurring(self.sweep, SWEEP_SECONDS, "sweeping"):
            yield

    async def sweep(self) -> int:
        """Remove every blob that is due; return how many there were."""
        count = 0
        while keys := await self._batch():
            count += len(keys)
        if count:
            log.info("swept %d blobs", count)
        return count

    async def _batch(self) -> list[str]:
        at = self._clock()
        keys = await self._commits.submit(lambda tx: blobs_sql.take_due(tx, at, AT_ONCE))
        for key in keys:
            await asyncio.to_thread(self._blobs.remove, key)
        if keys:
            await self._commits.submit(lambda tx: blobs_sql.forget(tx, keys))
        return keys
