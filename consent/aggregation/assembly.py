"""Puts the parts of aggregation together for a pod host; only composition roots call it."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from starlette.types import ASGIApp

from consent.aggregation.asking import Aggregation
from consent.aggregation.engine import Engine, exact_cells
from consent.aggregation.fields import Fields
from consent.aggregation.head_counts import HeadCounts
from consent.aggregation.programmes import Programmes
from consent.aggregation.projection import Issuers, Projector
from consent.aggregation.relay import Relay
from consent.aggregation.sealing import Seal
from pods.errors import StoreError
from pods.identity.keys import SigningKeys
from pods.model import Clock
from pods.recurring import beside
from pods.storage.base import Commits, Store

log = logging.getLogger(__name__)

PROJECTIONS = "projections.duckdb"
KEEP_UP_SECONDS = 1.0  # how far the projection may lag between questions; a question brings it up itself
TAKE_OVER_SECONDS = 15.0  # after which a worker takes the projection over from one that stopped


class Ground(Protocol):
    """What aggregation needs of a pod host."""

    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def commits(self) -> Commits: ...
    @property
    def keys(self) -> SigningKeys: ...


@dataclass(frozen=True, slots=True)
class AggregationParts:
    """Aggregation on one host. `programmes.published` is to be told of every new declaration."""

    origin: str
    programmes: Programmes
    counts: HeadCounts
    aggregation: Aggregation
    projector: Projector
    relay: Relay

    @asynccontextmanager
    async def keeping_up(self, answering: ASGIApp) -> AsyncIterator[None]:
        """Bring the projection up to date again and again while the host serves, so that no question waits long.

        `answering` answers the questions that other workers hand over while this process has the projection.
        """
        try:
            async with self.relay.open(answering), beside(keep_up(self.projector, self.having), "projection"):
                yield
        finally:
            await asyncio.to_thread(self.projector.close)

    async def having(self) -> None:
        """Do what is due of the process that has the projection; a no-op once it is done."""
        await self.aggregation.took_over()
        await self.relay.listen()


async def keep_up(projector: Projector, having: Callable[[], Awaitable[object]]) -> None:
    """Follow the change feed for ever; where another process owns the projection, look whether it still does.

    `having` is called while this process owns it: what a process that died left is settled before anybody asks.
    """
    while True:
        try:
            await asyncio.to_thread(projector.keep_up)
            if projector.owned():
                await having()
            await asyncio.sleep(KEEP_UP_SECONDS)
        except StoreError:
            await asyncio.sleep(TAKE_OVER_SECONDS)
        except Exception:
            # One resource that cannot be projected must not end this silently: questions would wait for all of it.
            log.exception("the projection could not be brought up to date")
            await asyncio.sleep(KEEP_UP_SECONDS)


def new_id() -> str:
    """Return 128 random bits in hexadecimal."""
    return secrets.token_hex(16)


def assemble(
    ground: Ground,
    *,
    origin: str,
    data: Path,
    keys: Issuers,
    engine: Engine = exact_cells,
    new_id: Callable[[], str] = new_id,
) -> AggregationParts:
    """Return the parts. The projection is opened at the first question, by the one process that answers them."""
    seal = Seal(origin, ground.keys.sign)
    programmes = Programmes(Fields(), lambda: secrets.token_bytes(32))
    counts = HeadCounts(seal, ground.clock, new_id)
    projector = Projector(ground.store, data / PROJECTIONS, keys)
    aggregation = Aggregation(
        commits=ground.commits,
        projector=projector,
        programmes=programmes,
        counts=counts,
        seal=seal,
        engine=engine,
        clock=ground.clock,
        new_id=new_id,
    )
    return AggregationParts(origin, programmes, counts, aggregation, projector, Relay(data))
