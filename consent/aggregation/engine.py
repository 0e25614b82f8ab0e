"""Exact cells of a question, from the projection in DuckDB; they never leave the pod host unreleased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from consent.aggregation.errors import BoundBroken
from consent.aggregation.plan_sql import Plan

if TYPE_CHECKING:  # a host whose programmes ask nothing need not load it
    import numpy as np
    import numpy.typing as npt

Vector: TypeAlias = "npt.NDArray[np.int64]"

_CONTRIBUTOR = "CREATE OR REPLACE TEMP TABLE contributor AS SELECT unit, seed FROM people"
_BLOCK = 2  # words of 64 bits that AES takes at a time


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
    _tell(connection, units, plan.order_key)
    rows = connection.execute(plan.sql, list(plan.parameters)).fetchall()
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


def _tell(connection: Any, units: Sequence[int], key: bytes) -> None:
    """Put the persons, each once, into the table that a plan asks of; it goes with the connection."""
    import numpy as np
    import pyarrow as pa

    people = np.unique(np.fromiter(units, np.int32, len(units)))
    connection.register("people", pa.table({"unit": people, "seed": seeds(people, key)}))
    connection.execute(_CONTRIBUTOR).fetchall()
    connection.unregister("people")


def seeds(people: npt.NDArray[np.int32], key: bytes) -> npt.NDArray[np.uint64]:
    """Return a number for each person that nobody can tell without the key."""
    import numpy as np

    blocks = np.zeros((len(people), _BLOCK), "<u8")
    blocks[:, 0] = people
    # The bare cipher as a keyed permutation: no two blocks are the same, and nothing of it is ever sent anywhere.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    return np.frombuffer(cipher.update(blocks.tobytes()), "<u8")[::_BLOCK]


def _check(plan: Plan, least: int, largest: int, most_cells: int) -> None:
    measure = plan.query.measure
    if least < measure.lower or largest > measure.upper or most_cells > plan.l0:
        raise BoundBroken(
            f"a person contributes [{least}, {largest}] in {most_cells} cells; the bounds are"
            f" [{measure.lower}, {measure.upper}] in {plan.l0}"
        )
