"""Removing a pod for good (GDPR art. 17): out of reach with the first commit, then row by row, also after a crash."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from pods import removal_sql as sql
from pods.model import Clock
from pods.recurring import beside
from pods.storage.base import Commits, Pod, Store, Transaction

log = logging.getLogger(__name__)

STEP = 500  # rows of one commit; some milliseconds, so that other requests go on
AGAIN_SECONDS = 5.0  # after a step that failed, as on a database that is busy


class Leaving(Protocol):
    """A layer that keeps rows of a pod; it removes or empties them in the transaction that closes the pod."""

    def leaving(self, tx: Transaction, pod: Pod) -> None: ...


class Removal:
    """Closes pods and removes what they held."""

    def __init__(
        self, store: Store, commits: Commits, leaving: Sequence[Leaving] = (), *, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._leaving = leaving
        self._clock = clock
        self._wanted = asyncio.Event()

    def close(self, tx: Transaction, pod: Pod) -> None:
        """Put a pod out of reach, with all that other layers keep of it; `step` or `alongside` does the rest.

        It may be the longest step of all, since each access rule goes: submit it as `long`.
        """
        for layer in self._leaving:
            layer.leaving(tx, pod)
        sql.close(tx, pod, self._clock())

    def step(self, tx: Transaction) -> bool:
        """Remove some rows of the oldest closed pod; False if no pod is left to remove. Safe to repeat."""
        closing = sql.oldest(tx)
        if closing is None:
            return False
        taken = (
            sql.take_resources(tx, closing, self._clock(), STEP)
            or sql.take_changes(tx, closing, STEP)
            or sql.take_log(tx, closing, STEP)
        )
        if not taken:
            sql.finish(tx, closing)
            log.info("pod removed", extra={"pod": closing.pod})
        return True

    def hurry(self) -> None:
        """Let the running host go on with what was closed just now."""
        self._wanted.set()

    def finish(self) -> None:
        """Remove all that is closed, for programs that run no server."""
        while True:
            with self._store.writing() as tx:
                if not self.step(tx):
                    break
        self._store.purge()

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Remove what is closed while the host serves, beginning with what an earlier process left undone."""
        async with beside(self._work(), "removal"):
            yield

    async def _work(self) -> None:
        while True:
            self._wanted.clear()
            try:
                removed = False
                while await self._commits.submit(self.step, long=True):
                    removed = True
                if removed:
                    await asyncio.to_thread(self._store.purge)
            except Exception:
                # The pod is closed already; what is left of it must go whatever went wrong this time.
                log.exception("a removal could not go on")
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            await self._wanted.wait()
