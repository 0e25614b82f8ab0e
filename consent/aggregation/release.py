"""One differentially private release of a table of cells, by OpenDP; nothing else of an answer may leave.

Noise is the discrete Gaussian under zero-concentrated differential privacy: counts and sums stay whole numbers,
and the randomness is the operating system's (attack 30 of the consent reference: no seed exists).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from math import ceil, sqrt
from typing import Any

from consent.aggregation.engine import Cells, Vector
from consent.aggregation.programme import MICRO, Function
from consent.aggregation.query import Query

DELTA = 1e-7  # the delta at which rho is told as epsilon: one in ten million
CONFIDENCE = 0.95
NORMAL_QUANTILE = 1.959964  # two-sided 95 % of a normal, which a wide discrete Gaussian is
NUDGE = 1e-12  # step of the scale towards safety; no figure shows it
PEOPLE_SHARE = 5  # a fifth of a sum's budget buys the head count that decides which cells are shown


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One vector of noise: its scale (sigma), cost and the bounds it was made for."""

    scale: float
    rho: int
    """In millionths."""
    l0: int
    linf: int

    @property
    def margin(self) -> int:
        """Return the half-width of the 95 % interval of each noisy value."""
        return ceil(NORMAL_QUANTILE * self.scale)


@dataclass(frozen=True, slots=True)
class ReleasedCell:
    """A noisy value, or None where the noisy group is below the programme's minimum."""

    key: tuple[str, ...]
    people: int | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Release:
    """A noisy table with the mechanisms that made it. Only this type can be stored, shown or served."""

    query: Query
    cells: tuple[ReleasedCell, ...]
    people: Mechanism
    values: Mechanism

    @property
    def rho(self) -> int:
        """Return what the release cost, in millionths."""
        return self.query.rho


@dataclass(frozen=True, slots=True)
class HeadCount:
    """The noisy number of people who take part in a programme."""

    people: int
    mechanism: Mechanism


def release(query: Query, cells: Cells, *, l0: int, k_min: int) -> Release:
    """Return the noisy table of exact cells; the whole cost is `query.rho`."""
    people_by, values_by = mechanisms(query, l0)
    if values_by is people_by:
        noisy_people = noisy_values = add_noise(cells.people, people_by)
    else:
        with ThreadPoolExecutor(1) as beside:  # OpenDP draws without the interpreter's lock
            values = beside.submit(add_noise, cells.values, values_by)
            noisy_people = add_noise(cells.people, people_by)
            noisy_values = values.result()
    released = []
    keys = product(*(query.keys(field) for field in query.group_by))
    for key, people, value in zip(keys, noisy_people.tolist(), noisy_values.tolist(), strict=True):
        # The minimum is applied to the noisy count: to use the true one would tell it, unaccounted for.
        shown = people >= k_min
        released.append(ReleasedCell(key, people if shown else None, value if shown else None))
    return Release(query, tuple(released), people_by, values_by)


def mechanisms(query: Query, l0: int) -> tuple[Mechanism, Mechanism]:
    """Return the noise of the head counts and of the values; one and the same where people are what is asked for."""
    if query.measure.function is Function.PEOPLE:
        return (by := mechanism(query.rho, l0, 1)), by
    people_rho = max(query.rho // PEOPLE_SHARE, 1)
    return mechanism(people_rho, l0, 1), mechanism(query.rho - people_rho, l0, query.measure.largest)


def foresee(query: Query, l0: int) -> None:
    """Work out what can be told of the noise before there are any cells; whoever asks for it later finds it."""
    people_by, _ = mechanisms(query, l0)
    epsilon(people_by.rho)
    epsilon(query.rho)


def head_count(people: int, rho: int) -> HeadCount:
    """Return a noisy number of participants; one person changes it by one."""
    import numpy as np

    by = mechanism(rho, 1, 1)
    return HeadCount(int(add_noise(np.array([people], np.int64), by)[0]), by)


@lru_cache(maxsize=1024)
def mechanism(rho: int, l0: int, linf: int) -> Mechanism:
    """Return the least noise that keeps a change of `linf` in `l0` cells within rho millionths."""
    distance = linf * sqrt(l0)
    scale = distance / sqrt(2 * rho / MICRO)
    # OpenDP's own map decides, rounded towards safety; the formula alone could be an ulp too low.
    while _gaussian(scale).map(distance) > rho / MICRO:
        scale *= 1 + NUDGE
    return Mechanism(scale, rho, l0, linf)


def add_noise(exact: Vector, by: Mechanism) -> Vector:
    """Return the vector with independent discrete Gaussian noise on each entry."""
    import numpy as np

    return np.array(_gaussian(by.scale)([int(value) for value in exact]), np.int64)


@lru_cache(maxsize=1024)
def epsilon(rho: int) -> float:
    """Return the epsilon that rho (in millionths) means at DELTA, by OpenDP's conversion."""
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    noisy: Any = dp.c.make_zCDP_to_approxDP(dp.m.make_gaussian(*space, 1 / sqrt(2 * rho / MICRO)))
    return float(noisy.map(1.0).epsilon(DELTA))


def _gaussian(scale: float) -> Any:
    dp = _opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    return dp.m.make_gaussian(*space, scale)


@cache
def _opendp() -> Any:
    """Return OpenDP; loaded at the first release, since a host whose programmes ask nothing need not carry it."""
    import opendp.prelude as dp

    # The Gaussian mechanism is one of OpenDP's contributed ones, with a written proof.
    dp.enable_features("contrib")
    return dp
