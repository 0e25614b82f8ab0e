"""Work in the background: runs that a crash interrupted go on at the next start, due votes are closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.concurrency import run_in_threadpool

from apps.database import Database
from apps.ledger.model import LedgerError
from apps.valueback import runs_sql
from apps.valueback.model import Run, ValueBackError
from apps.valueback.runner import Runner
from consent.client import AccessRefused
from pods.client import SolidError
from pods.errors import Forbidden
from pods.model import Clock

PAUSE_SECONDS = 30.0  # between looks at what is due; a pod host that is down is asked no more often

WAITS = (SolidError, AccessRefused, Forbidden, httpx.HTTPError, ValueBackError, LedgerError)
"""What keeps one run from going on, and no other."""

log = logging.getLogger(__name__)


class Worker:
    """One task that takes every unfinished run further, again and again."""

    def __init__(self, database: Database, runner: Runner, *, clock: Clock) -> None:
        self._database = database
        self._runner = runner
        self._clock = clock
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work while the block lasts."""
        task = asyncio.create_task(self._forever(), name="value-back runs")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def wake(self) -> None:
        """Have the worker look now."""
        self._wake.set()

    async def _forever(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.work()
            except Exception:
                # Whatever it was, the next look must come: members wait for what this task does.
                log.exception("the work on runs failed")
            try:
                async with asyncio.timeout(PAUSE_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def work(self) -> None:
        """Take every run as far as it goes; one that fails is left for the next look."""
        unfinished, due = await run_in_threadpool(self._waiting)
        for run in unfinished:
            try:
                await self._runner.advance(run.id)
            except* WAITS as group:
                log.warning("a run waits", extra={"run": run.id, "why": str(group.exceptions[0])})
        for run in due:
            await self._runner.close(run.id)

    def _waiting(self) -> tuple[list[Run], list[Run]]:
        with self._database.reading() as tx:
            return runs_sql.unfinished(tx), runs_sql.due(tx, self._clock())
