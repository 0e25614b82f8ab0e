"""WebhookChannel2023: one process of the host turns the outbox into queues of webhooks, and sees them sent."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import suppress

from pods.errors import StoreError
from pods.model import Clock
from pods.notify import feed, webhooks_sql
from pods.notify.deliveries import Deliveries
from pods.notify.model import Event
from pods.notify.waiting import either
from pods.storage.base import Commits, Store, Transaction
from pods.storage.wakeups import Wakeups

log = logging.getLogger(__name__)

LEASE_SECONDS = (
    6.0  # how long the others wait for a process that died; what it did not send, the next one does
)
RENEW_SECONDS = 2.0
LOOK_SECONDS = 3.0  # between two looks whether somebody must lead


class Webhooks:
    """Runs in every process; the one that holds the lease sends."""

    def __init__(
        self, store: Store, commits: Commits, wakeups: Wakeups, deliveries: Deliveries, *, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._wakeups = wakeups
        self._deliveries = deliveries
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._nudged = asyncio.Event()
        self._idle = asyncio.Event()
        self._leads_until = 0.0
        self._sending: dict[str, asyncio.Task[None]] = {}

    def nudge(self) -> None:
        """Look now: there is a webhook that was not there before."""
        self._nudged.set()

    async def run(self) -> None:
        """Lead whenever there are webhooks and nobody else does."""
        while True:
            try:
                seq = await self._take_lead()
                if seq is not None:
                    await self._lead(seq)
            except Exception:
                # One row that cannot be read must not end this silently: no webhook would be sent again.
                log.exception("webhooks could not be sent")
            self._nudged.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._nudged.wait(), LOOK_SECONDS)

    async def _take_lead(self) -> int | None:
        now = self._clock()
        if not await self._store.read(lambda tx: webhooks_sql.exist(tx, now)):
            return None
        held_from = asyncio.get_running_loop().time()
        seq = await self._commits.submit(
            lambda tx: webhooks_sql.take_lead(tx, self._holder, now, now + LEASE_SECONDS)
        )
        self._leads_until = held_from + LEASE_SECONDS
        return seq

    async def _lead(self, seq: int) -> None:
        try:
            renew_at = asyncio.get_running_loop().time() + RENEW_SECONDS
            while True:
                seen = self._wakeups.count
                seq = await self._enqueue(seq)
                await self._start_sending()
                now = self._clock()
                loop_time = asyncio.get_running_loop().time()
                if loop_time >= renew_at:
                    if not await self._renew(seq):
                        return
                    renew_at = loop_time + RENEW_SECONDS
                next_at = await self._store.read(lambda tx: webhooks_sql.next_time(tx, now))  # noqa: B023  # awaited in this lap
                pause = renew_at - loop_time if next_at is None else min(renew_at - loop_time, next_at - now)
                self._idle.clear()
                await either(self._wakeups.wait(max(pause, 0.0), seen=seen), self._idle.wait())
        finally:
            await self._stop()

    async def _renew(self, seq: int) -> bool:
        """Keep the lease, unless another process took it or there is nothing left to send."""
        now = self._clock()
        if not await self._store.read(lambda tx: webhooks_sql.exist(tx, now)):
            return False
        held_from = asyncio.get_running_loop().time()
        kept = await self._commits.submit(
            lambda tx: webhooks_sql.renew_lead(tx, self._holder, now + LEASE_SECONDS, seq)
        )
        self._leads_until = held_from + LEASE_SECONDS if kept else 0.0
        return kept

    async def _stop(self) -> None:
        self._leads_until = 0.0
        sending, self._sending = list(self._sending.values()), {}
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        with suppress(StoreError):  # the lease ends by itself
            await self._commits.submit(lambda tx: webhooks_sql.give_up_lead(tx, self._holder))

    async def _enqueue(self, seq: int) -> int:
        """Turn what the outbox holds into events of webhooks; return how far it was read."""
        while changes := await feed.after(self._store, seq):
            events = [event for change in changes for event in feed.events(change)]
            now, last = self._clock(), changes[-1].seq
            # Most writes concern no webhook, and cost no write here.
            if await self._store.read(lambda tx: webhooks_sql.concerned(tx, events, now)):  # noqa: B023  # awaited in this lap
                await self._commits.submit(lambda tx: self._store_events(events, last, now, tx))  # noqa: B023
            seq = last
        return seq

    def _store_events(self, events: list[Event], last: int, now: float, tx: Transaction) -> None:
        # The place in the outbox moves with the events: after a crash nothing is left out.
        if not webhooks_sql.renew_lead(tx, self._holder, now + LEASE_SECONDS, last):
            raise StoreError("Another process sends webhooks now.")
        for channel_id, rate, event in webhooks_sql.concerned(tx, events, now):
            webhooks_sql.add(tx, channel_id, rate, event)

    async def _start_sending(self) -> None:
        now = self._clock()
        for host in await self._store.read(lambda tx: webhooks_sql.hosts_due(tx, now)):
            running = self._sending.get(host)
            if running is None or running.done():
                self._sending[host] = asyncio.create_task(self._send_to(host))
        self._sending = {host: task for host, task in self._sending.items() if not task.done()}

    async def _send_to(self, host: str) -> None:
        try:
            await self._deliveries.deliver_to(host, self._leads)
        except Exception:
            log.exception("webhooks could not be sent")
        finally:
            self._idle.set()  # something may have been queued just after it looked for the last time

    def _leads(self) -> bool:
        return asyncio.get_running_loop().time() < self._leads_until
