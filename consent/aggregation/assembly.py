"""Puts the parts of aggregation together for a pod host; only composition roots call it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from consent.aggregation.asking import Aggregation
from consent.aggregation.engine import Engine, exact_cells
from consent.aggregation.fields import Fields
from consent.aggregation.head_counts import HeadCounts
from consent.aggregation.programmes import Programmes
from consent.aggregation.projection import Issuers, Projector
from consent.aggregation.sealing import Seal
from pods.identity.keys import SigningKeys
from pods.model import Clock
from pods.storage.base import Commits, Store

PROJECTIONS = "projections.duckdb"


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
    return AggregationParts(origin, programmes, counts, aggregation, projector)
