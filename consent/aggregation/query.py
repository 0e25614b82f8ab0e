"""A closed question: parsed against its programme, canonical, hashed. No text of the asker reaches an engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import orjson

from consent.aggregation.errors import QueryRefused
from consent.aggregation.fields import MONTH, PERSON_SHAPE, ROW_SHAPES, Field, Fields, Level
from consent.aggregation.period import Period
from consent.aggregation.period import period as period_of
from consent.aggregation.programme import MICRO, Function, Measure, Programme, micro
from vocab.schemas import SchemaError, validate

MAX_ATTRIBUTES = 3  # civic practice: a cross of four attributes begins to describe single persons
MAX_CELLS = 4096  # a table that a person can still read; it also bounds the work of one question


@dataclass(frozen=True, slots=True)
class Condition:
    """A field restricted to some codes of its public list, in the order of the list."""

    field: Field
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question in canonical form: two texts that ask the same are equal here."""

    programme: str
    measure: Measure
    group_by: tuple[Field, ...]
    where: tuple[Condition, ...]
    period: Period | None
    """None where only profiles are asked about: they bear no date."""
    base: str
    """The shape whose rows are grouped, or nothing where persons alone are."""
    dates: tuple[Field, ...]
    """The fields that date the rows of the shapes involved."""
    rho: int
    """In millionths."""

    def keys(self, field: Field) -> tuple[str, ...]:
        """Return the public keys of a dimension: its code list, its conditioned part, or the period's months."""
        if field.column == MONTH and self.period is not None:
            return self.period.months()
        return next((one.codes for one in self.where if one.field == field), field.codes)

    def needs(self) -> frozenset[tuple[str, str]]:
        """Return the (shape, property) pairs that a person must have granted to contribute."""
        fields = {*self.group_by, *(condition.field for condition in self.where), *self.dates}
        if self.measure.field is not None:
            fields.add(self.measure.field)
        return frozenset((field.shape, field.property_name) for field in fields)

    def shape(self) -> tuple[int, ...]:
        """Return the number of keys of each dimension."""
        return tuple(len(self.keys(field)) for field in self.group_by)

    def row_cells(self) -> int:
        """Return in how many cells the rows of one person can fall: personal fields have one value each."""
        return prod(len(self.keys(field)) for field in self.group_by if field.level is not Level.PERSON)

    def document(self) -> dict[str, Any]:
        """Return the canonical JSON form."""
        body: dict[str, Any] = {
            "programme": self.programme,
            "measure": self.measure.document(),
            "group_by": [field.name for field in self.group_by],
            "where": [{"property": one.field.name, "in": list(one.codes)} for one in self.where],
            "rho": self.rho / MICRO,
        }
        if self.period is not None:
            body["period"] = self.period.document()
        return body

    def digest(self, purpose: str) -> str:
        """Return the hash under which the answer for a purpose is stored: reordering gives the same."""
        canonical = orjson.dumps([purpose, self.document()], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(canonical).hexdigest()


def query(document: Any, programme: Programme, fields: Fields) -> Query:
    """Return the canonical question of a JSON document; raise QueryRefused with the place of the first fault."""
    try:
        validate("query", document)
    except SchemaError as error:
        raise QueryRefused(error.pointer, error.sentence) from error
    if document["programme"] != programme.iri:
        raise QueryRefused("/programme", f"this purpose covers {programme.iri} only; name it exactly")
    measure = _measure(document["measure"], programme)
    group_by = _group_by(document["group_by"], programme)
    where = _where(document["where"], programme)
    base = _base(measure, group_by)
    _check_levels(measure, group_by, where)
    _check_attributes(group_by, where)
    period = _period(document["period"], programme)
    shapes = {field.shape for field in group_by} | {one.field.shape for one in where} | {base}
    dates = tuple(date for shape in ROW_SHAPES if shape in shapes and (date := fields.date_of(shape)))
    asked = Query(
        programme=programme.iri,
        measure=measure,
        group_by=tuple(sorted(group_by, key=lambda field: field.name)),
        where=where,
        period=period if dates else None,
        base=base,
        dates=dates,
        rho=micro(document["rho"], "/rho"),
    )
    cells = prod(asked.shape())
    if cells > MAX_CELLS:
        message = f"the table has {cells} cells, more than {MAX_CELLS}; restrict a field in where"
        raise QueryRefused("/group_by", message)
    return asked


def _measure(entry: Mapping[str, Any], programme: Programme) -> Measure:
    for measure in programme.measures.values():
        if measure.document() == entry:
            return measure
    known = "; ".join(programme.measures)
    raise QueryRefused("/measure", f"not a measure of this programme; use one of: {known}")


def _group_by(names: Sequence[str], programme: Programme) -> tuple[Field, ...]:
    found = {name: _dimension(name, f"/group_by/{index}", programme) for index, name in enumerate(names)}
    return tuple(found.values())


def _dimension(name: str, pointer: str, programme: Programme) -> Field:
    field = programme.dimensions.get(name)
    if field is None:
        known = ", ".join(programme.dimensions)
        raise QueryRefused(pointer, f"{name!r} is not a dimension of this programme; use one of {known}")
    return field


def _where(entries: Sequence[Mapping[str, Any]], programme: Programme) -> tuple[Condition, ...]:
    found: dict[str, Condition] = {}
    for index, entry in enumerate(entries):
        pointer = f"/where/{index}"
        field = _dimension(entry["property"], f"{pointer}/property", programme)
        if "in" not in entry or not field.codes:
            message = "months are chosen with period" if field.column == MONTH else "list codes with in"
            raise QueryRefused(pointer, f"{field.name!r} takes no range; {message}")
        if field.name in found:
            raise QueryRefused(f"{pointer}/property", f"{field.name!r} has two conditions; join their codes")
        for number, code in enumerate(entry["in"]):
            if code not in field.codes:
                known = ", ".join(field.codes)
                message = f"{code!r} is not a code of {field.name}; use one of {known}"
                raise QueryRefused(f"{pointer}/in/{number}", message)
        chosen = set(entry["in"])
        found[field.name] = Condition(field, tuple(code for code in field.codes if code in chosen))
    return tuple(found[name] for name in sorted(found))


def _base(measure: Measure, group_by: Sequence[Field]) -> str:
    shapes = [field.shape for field in group_by if field.shape != PERSON_SHAPE]
    wanted = measure.field.shape if measure.field else (shapes[0] if shapes else "")
    for index, field in enumerate(group_by):
        if field.shape not in (PERSON_SHAPE, wanted):
            message = f"{field.name!r} stands in no row together with {wanted}; make it a condition in where"
            raise QueryRefused(f"/group_by/{index}", message)
    return wanted


def _check_levels(measure: Measure, group_by: Sequence[Field], where: Sequence[Condition]) -> None:
    """Refuse a measure of whole orders by a field of single lines: an order's total has no category."""
    if measure.function is Function.PEOPLE or measure.field is None or measure.field.level is Level.LINE:
        return
    for field in (*group_by, *(one.field for one in where)):
        if field.level is Level.LINE and field.shape == measure.field.shape:
            message = (
                f"{measure.name!r} is of whole orders and {field.name!r} of single lines; measure the lines"
            )
            raise QueryRefused("/measure", message + " (lineAmount, quantity) or people")


def _check_attributes(group_by: Sequence[Field], where: Sequence[Condition]) -> None:
    attributes = {field.name for field in group_by} | {one.field.name for one in where}
    if len(attributes) > MAX_ATTRIBUTES:
        message = f"{len(attributes)} attributes are crossed, counting conditions; leave one out: more than"
        raise QueryRefused(
            "/group_by", f"{message} {MAX_ATTRIBUTES} together begin to describe single persons"
        )


def _period(document: Any, programme: Programme) -> Period:
    asked = period_of(document, "/period")
    if not asked.within(programme.period):
        limits = programme.period.document()
        raise QueryRefused("/period", f"stay within the programme's, {limits['from']} to {limits['to']}")
    return asked
