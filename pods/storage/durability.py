"""What is committed becomes durable: one wait for the disk for all commits that were made since the last one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from pods.storage.jobs import Job, abandon, finish


class Durability:
    """Answers jobs once `sync` has returned; `committed` is called after that.

    Belongs to the event loop of the first batch.
    """

    def __init__(self, sync: Callable[[], Awaitable[None]], committed: Callable[[], None]) -> None:
        self._sync = sync
        self._committed = committed
        self._made: list[Job] = []
        self._worker: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether the disk is waited for."""
        return self._worker is not None and not self._worker.done()

    def add(self, batch: list[Job]) -> None:
        """Take jobs whose commit is in the log."""
        self._made += batch
        if not self.busy:
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def drain(self) -> None:
        """Return when everything that was added is answered."""
        if self._worker is not None:
            await self._worker

    async def _work(self) -> None:
        while self._made:
            # What is committed from now on may come too late for this wait.
            batch, self._made = self._made, []
            try:
                await self._sync()
            except Exception as error:  # noqa: BLE001  # whatever it was, each waiting client hears of it
                abandon(batch, error)
            else:
                finish(batch)
                self._committed()
