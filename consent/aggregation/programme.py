"""The terms of a data programme: what may be asked and how much of it; part of what people consent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent.aggregation.errors import QueryRefused
from consent.aggregation.fields import Field, Fields
from consent.aggregation.period import Period, period
from vocab.schemas import SchemaError, validate

MICRO = 1_000_000  # rho is kept in whole millionths, so that sums over years are exact
MIN_GROUP = 3  # Regole deontologiche, G.U. 14-1-2019, all. 1 art. 5(1)(a): no cell below three
PARTICIPANTS_RHO = 2_000  # one noisy head count: sigma 15.8, enough to tell 50 people from 100
MAX_BOUND = 10**9  # ten million euro in cents: no person adds more to a cell, and sums stay far below 2**63


class Function(StrEnum):
    """What a question measures in each cell."""

    PEOPLE = "people"
    COUNT = "count"
    SUM = "sum"


@dataclass(frozen=True, slots=True)
class Measure:
    """People, values of a field, or the sum of a field; a person adds from `lower` to `upper` to one cell."""

    function: Function
    field: Field | None
    lower: int
    upper: int

    @property
    def name(self) -> str:
        """Return `people`, `count Participation.kind` or `sum Purchase.lineAmount`."""
        return f"{self.function.value} {self.field.name}" if self.field else self.function.value

    @property
    def largest(self) -> int:
        """Return how much one person can move one cell (linf)."""
        return max(abs(self.lower), abs(self.upper))

    def document(self) -> dict[str, Any]:
        """Return the measure as a question names it."""
        plain = {"function": self.function.value}
        return {**plain, "property": self.field.name} if self.field else plain


@dataclass(frozen=True, slots=True)
class Programme:
    """The terms. They never change; other terms are another declaration and another consent."""

    iri: str
    dimensions: Mapping[str, Field]
    measures: Mapping[str, Measure]
    period: Period
    l0: int
    rho_total: int
    """In millionths."""
    k_min: int
    min_participants: int


def programme(iri: str, document: Mapping[str, Any], fields: Fields) -> Programme:
    """Return the programme that a declaration states; raise QueryRefused with the place of the first fault."""
    try:
        validate("programme", document)
    except SchemaError as error:
        raise QueryRefused(error.pointer, error.sentence) from error
    if document["k_min"] < MIN_GROUP:
        raise QueryRefused("/k_min", f"at least {MIN_GROUP}: a smaller group is no aggregate in Italian law")
    if document["min_participants"] < document["k_min"]:
        raise QueryRefused("/min_participants", "at least k_min; a programme is no smaller than its groups")
    rho_total = micro(document["rho_total"], "/rho_total")
    if rho_total <= PARTICIPANTS_RHO:
        message = f"more than {PARTICIPANTS_RHO / MICRO:g}, which one noisy head count costs"
        raise QueryRefused("/rho_total", message)
    return Programme(
        iri=iri,
        dimensions=_dimensions(document["dimensions"], fields),
        measures=_measures(document["measures"], fields),
        period=period(document["period"], "/period"),
        l0=document["l0"],
        rho_total=rho_total,
        k_min=document["k_min"],
        min_participants=document["min_participants"],
    )


def micro(rho: float, pointer: str) -> int:
    """Return a rho in whole millionths; raise QueryRefused if nothing is left of it."""
    rounded = round(rho * MICRO)
    if rounded < 1:
        raise QueryRefused(pointer, f"the smallest rho is {1 / MICRO:f}")
    return rounded


def _dimensions(names: Sequence[str], fields: Fields) -> Mapping[str, Field]:
    found: dict[str, Field] = {}
    for index, name in enumerate(names):
        field = fields.get(name)
        if field is None:
            raise QueryRefused(f"/dimensions/{index}", fields.why_not(name))
        if not field.groups:
            raise QueryRefused(f"/dimensions/{index}", f"{name!r} has no public code list; make it a measure")
        found[name] = field
    return found


def _measures(entries: Sequence[Mapping[str, Any]], fields: Fields) -> Mapping[str, Measure]:
    found: dict[str, Measure] = {}
    for index, entry in enumerate(entries):
        measure = _measure(entry, f"/measures/{index}", fields)
        if measure.name in found:
            raise QueryRefused(f"/measures/{index}", f"{measure.name!r} is listed twice; leave one out")
        found[measure.name] = measure
    return found


def _measure(entry: Mapping[str, Any], pointer: str, fields: Fields) -> Measure:
    function = Function(entry["function"])
    if function is Function.PEOPLE:
        return Measure(function, None, 0, 1)
    name = entry.get("property", "")
    field = fields.get(name)
    if field is None:
        raise QueryRefused(f"{pointer}/property", fields.why_not(name))
    if function is Function.SUM and not field.sums:
        numbers = ", ".join(one.name for one in fields.all() if one.sums)
        raise QueryRefused(f"{pointer}/property", f"{name!r} cannot be added up; use one of {numbers}")
    if function is Function.COUNT and field.shape == "Profile":
        raise QueryRefused(f"{pointer}/property", "there is one profile a person; use the function people")
    lower, upper = entry.get("lower", 0), entry.get("upper")
    if upper is None or not lower <= 0 < upper or max(-lower, upper) > MAX_BOUND:
        message = f"give what one person adds to a cell at most, 1 to {MAX_BOUND}, and lower not above 0"
        raise QueryRefused(f"{pointer}/upper", message)
    if function is Function.COUNT and lower:
        raise QueryRefused(f"{pointer}/lower", "a count starts at 0; leave it out")
    return Measure(function, field, lower, upper)
