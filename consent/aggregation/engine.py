"""Exact cells of a question, from the projection in DuckDB; they never leave the pod host unreleased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from consent.aggregation.errors import BoundBroken
from consent.aggregation.plan_sql import Plan

if TYPE_CHECKING:  # a host whose programmes ask nothing need not load it
    import numpy as np
    import numpy.typing as npt

Vector: TypeAlias = "npt.NDArray[np.int64]"


@dataclass(frozen=True, slots=True)
class Cells:
    """The full cross product of the public keys, zero-filled, in code-list order: people and value of each."""

    shape: tuple[int, ...]
    people: Vector
    values: Vector


class Engine(Protocol):
    """Computes exact cells of a plan over persons; whatever runs it, the sums are the same."""

    def __call__(self, connection: Any, plan: Plan, units: Sequence[int]) -> Cells: ...


def exact_cells(connection: Any, plan: Plan, units: Sequence[int]) -> Cells:
    """Return the exact cells over these persons; raise BoundBroken if a contribution exceeds its bound."""
    import numpy as np

    shape = plan.query.shape()
    people, values = np.zeros(prod(shape), np.int64), np.zeros(prod(shape), np.int64)
    statement = connection.execute(plan.sql, [list(units), *plan.parameters])
    rows = statement.fetchall()
    positions = [{code: position for position, code in enumerate(codes)} for codes in plan.offsets]
    dimensions = len(shape)
    for row in rows:
        count, value, least, largest, most_cells = row[dimensions:]
        if not count:
            continue  # no dimension and nobody: one row of nothing
        _check(plan, least, largest, most_cells)
        index = 0
        for size, position, code in zip(shape, positions, row[:dimensions], strict=True):
            index = index * size + position[code]
        people[index], values[index] = count, value
    return Cells(shape, people, values)


def _check(plan: Plan, least: int, largest: int, most_cells: int) -> None:
    measure = plan.query.measure
    if least < measure.lower or largest > measure.upper or most_cells > plan.l0:
        raise BoundBroken(
            f"a person contributes [{least}, {largest}] in {most_cells} cells; the bounds are"
            f" [{measure.lower}, {measure.upper}] in {plan.l0}"
        )
