"""Sends what waits for webhooks: one request at a time to each host, in order, again after a failure."""

from __future__ import annotations

import random
from collections.abc import Callable

from pods.model import Clock
from pods.notify import webhooks_sql
from pods.notify.model import DAY, Channel, Event
from pods.notify.sender import Outcome, Sender
from pods.notify.telling import Lost, Teller
from pods.notify.webhooks_sql import Due
from pods.storage.base import Commits, Store, Transaction

FIRST_RETRY = 2.0  # seconds; doubled with each failure
LONGEST_RETRY = 3_600.0
JITTER = 0.2  # part of a pause: receivers that failed together must not be called together
FAILING_SECONDS = DAY  # after so long, and so many failures, a receiver that once worked is given up
MOST_FAILURES = 10
# A receiver that never took anything may be a victim to whom an attacker points us (a confused deputy): it gets
# few requests, each of which says who asked for it.
MOST_UNCONFIRMED_FAILURES = 8


class Deliveries:
    """Carries the queues of webhooks to their receivers."""

    def __init__(
        self,
        store: Store,
        commits: Commits,
        teller: Teller,
        sender: Sender,
        *,
        clock: Clock,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._commits = commits
        self._teller = teller
        self._sender = sender
        self._clock = clock
        self._dice = dice

    async def deliver_to(self, host: str, may_go_on: Callable[[], bool]) -> None:
        """Send what is due to one host, oldest first, until nothing is due or somebody else must send."""
        while may_go_on():
            due = await self._store.read(lambda tx: webhooks_sql.next_due(tx, host, self._clock()))
            if due is None:
                return
            await self._deliver(due)

    async def _deliver(self, due: Due) -> None:
        channel, event = due.channel, due.event
        try:
            message = await self._teller.message(channel, event)
        except Lost:
            return  # the topic and what waited for it went with its Read
        if message is None:
            await self._commits.submit(lambda tx: webhooks_sql.said_nothing(tx, channel.id, event))
            return
        outcome = await self._sender.send(channel, message)
        await self._commits.submit(lambda tx: self._settle(due, channel, event, outcome, tx))

    def _settle(self, due: Due, channel: Channel, event: Event, outcome: Outcome, tx: Transaction) -> None:
        now = self._clock()
        if outcome.taken:
            webhooks_sql.sent(tx, channel.id, event, now + (channel.rate or 0.0))
            return
        failures, since = due.failures + 1, due.failing_since if due.failing_since is not None else now
        if outcome.gone:
            webhooks_sql.disable(tx, channel.id, "the receiver is gone (410)")
        elif not due.confirmed and failures >= MOST_UNCONFIRMED_FAILURES:
            webhooks_sql.disable(tx, channel.id, f"the receiver never took a notification: {outcome.why}")
        elif due.confirmed and failures >= MOST_FAILURES and now - since >= FAILING_SECONDS:
            webhooks_sql.disable(tx, channel.id, f"{failures} notifications failed in a row: {outcome.why}")
        else:
            pause = max(retry_after(failures, self._dice()), outcome.retry_after)
            webhooks_sql.failed(tx, channel.id, failures, since, now + pause)


def retry_after(failures: int, chance: float) -> float:
    """Return the pause after so many failures in a row; `chance` lies between 0 and 1."""
    pause = min(FIRST_RETRY * 2.0 ** min(failures - 1, 20), LONGEST_RETRY)
    return pause * (1.0 - JITTER + 2.0 * JITTER * chance)
