"""Puts the parts of notifications together for a pod host; only composition roots call it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from pods.authn.verifier import Verifier
from pods.authz.base import Authorizer
from pods.http.callers import Callers
from pods.identity.keys import SigningKeys
from pods.model import Clock
from pods.notify import wire
from pods.notify.deliveries import Deliveries
from pods.notify.inbox import constraints_route
from pods.notify.live import Live
from pods.notify.model import PLACE, ChannelType
from pods.notify.routes import NotificationRoutes, document_route
from pods.notify.sender import Sender
from pods.notify.streaming import StreamReceivers
from pods.notify.subscriptions import Subscriptions
from pods.notify.telling import Teller
from pods.notify.upkeep import Upkeep
from pods.notify.webhooks import Webhooks
from pods.notify.websocket import WebSocketReceivers
from pods.settings import PodSettings
from pods.storage.base import Commits, Store
from pods.storage.wakeups import Wakeups

HOST = "/.well-known/solid"


class Ground(Protocol):
    """What notifications need of a pod host; `pods.main.Core` is one."""

    @property
    def settings(self) -> PodSettings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def commits(self) -> Commits: ...
    @property
    def wakeups(self) -> Wakeups: ...
    @property
    def keys(self) -> SigningKeys: ...
    @property
    def verifier(self) -> Verifier: ...


@dataclass(frozen=True, slots=True)
class Notifications:
    """Notifications of one process of a host. `upkeep` may be asked to tidy up at once."""

    routes: Sequence[BaseRoute]
    live: Live
    webhooks: Webhooks
    upkeep: Upkeep
    sender: Sender

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell of changes while the host serves."""
        tasks = [asyncio.create_task(part.run()) for part in (self.live, self.webhooks, self.upkeep)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.sender.aclose()


def notifications(core: Ground, authorizer: Authorizer) -> Notifications:
    """Return the notifications of a host; rights are those that `authorizer` gives for reading."""
    base, clock = core.settings.pod_url, core.clock
    store, commits = core.store, core.commits
    teller = Teller(store, commits, authorizer, base=base, clock=clock)
    live = Live(store, commits, core.wakeups, teller, clock=clock)
    sender = Sender(core.keys, core.settings.trusted_hosts, base=base, clock=clock)
    deliveries = Deliveries(store, commits, teller, sender, clock=clock)
    webhooks = Webhooks(store, commits, core.wakeups, deliveries, clock=clock)
    subscriptions = Subscriptions(store, commits, authorizer, sender.reachable, webhooks.nudge, clock=clock)
    callers = Callers(core.verifier, base=base)
    receivers: dict[ChannelType, ASGIApp] = {
        ChannelType.WEB_SOCKET: WebSocketReceivers(store, live, clock=clock),
        ChannelType.STREAMING: StreamReceivers(store, live, callers.agent, clock=clock),
    }
    routes = NotificationRoutes(
        subscriptions, callers, live, receivers, base=base, sender=sender.webid
    ).routes()
    return Notifications(
        routes=(
            document_route(PLACE + "sender", sender.document(), base),
            # Clients that know a resource and not its storage look here for what the host offers.
            document_route(HOST, wire.services(base, base + HOST), base),
            constraints_route(),
            *routes,
        ),
        live=live,
        webhooks=webhooks,
        upkeep=Upkeep(store, commits, clock=clock),
        sender=sender,
    )
