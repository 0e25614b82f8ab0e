"""The fields that a question may name: properties of shapes, and the columns that hold them in the projection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from vocab.shapes import SHAPES, Property, Shape


class Level(StrEnum):
    """Whether a field has one value a person, one a row (an activity, an order), or one a line of an order."""

    PERSON = "person"
    ROW = "row"
    LINE = "line"


PERSON_SHAPE = "Profile"
ROW_SHAPES = ("Participation", "Purchase")  # what a projection holds besides the profile
MONTH = "month"  # the column of a date: a projection keeps the month and forgets the day
LINE_TABLE = "purchase_line"
TABLES: Mapping[tuple[str, Level], str] = {
    (PERSON_SHAPE, Level.PERSON): "profile",
    ("Participation", Level.ROW): "participation",
    ("Purchase", Level.ROW): "purchase",
    ("Purchase", Level.LINE): LINE_TABLE,
}
"""What is said of lines repeats what their order says, so that no question needs a join of orders and lines."""


@dataclass(frozen=True, slots=True)
class Field:
    """One property as a question names it, `Profile.district`; `codes` are its public list, in order."""

    name: str
    shape: str
    property_name: str
    column: str
    level: Level
    codes: tuple[str, ...]
    numeric: bool

    @property
    def groups(self) -> bool:
        """Say whether the field can be a dimension: it has a public code list, or is a date, by month."""
        return bool(self.codes) or self.column == MONTH

    @property
    def sums(self) -> bool:
        """Say whether the field can be added up."""
        return self.numeric and self.level is not Level.PERSON


class Fields:
    """All fields of the registered shapes, and a sentence for a name that is none."""

    def __init__(self, shapes: Mapping[str, Shape] = SHAPES) -> None:
        self._shapes = {name: shapes[name] for name in (PERSON_SHAPE, *ROW_SHAPES)}
        self._fields = {
            field.name: field
            for shape in self._shapes.values()
            for known in shape.properties
            if (field := _field(shape, known)) is not None
        }

    def get(self, name: str) -> Field | None:
        """Return the field of this name."""
        return self._fields.get(name)

    def all(self) -> tuple[Field, ...]:
        """Return every field, in the order of the shapes."""
        return tuple(self._fields.values())

    def date_of(self, shape: str) -> Field | None:
        """Return the field that dates the rows of a shape."""
        return next((one for one in self.all() if one.shape == shape and one.column == MONTH), None)

    def why_not(self, name: str) -> str:
        """Say why a name is no field and what to use in its place."""
        shape_name, _, property_name = name.partition(".")
        shape = self._shapes.get(shape_name)
        if shape is None:
            return f"no question can be asked about {shape_name!r}; use one of {', '.join(self._shapes)}"
        usable = ", ".join(field.name for field in self.all() if field.shape == shape_name)
        known = shape.by_name.get(property_name)
        if known is None:
            return f"{shape_name} has no property {property_name!r}; use one of {usable}"
        if known.identifying:
            return f"{name!r} identifies persons; use a coarser field, one of {usable}"
        return f"{name!r} has no public code list and is no number; use one of {usable}"


def column_name(property_name: str) -> str:
    """Return `household_size` for `householdSize`."""
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), property_name)


def _field(shape: Shape, known: Property) -> Field | None:
    numeric = known.kind in ("integer", "money")
    if known.identifying or not (known.codes or numeric or known.kind == "date"):
        return None
    level = Level.PERSON if shape.name == PERSON_SHAPE else Level.LINE if known.per_part else Level.ROW
    return Field(
        name=f"{shape.name}.{known.name}",
        shape=shape.name,
        property_name=known.name,
        column=MONTH if known.kind == "date" else column_name(known.name),
        level=level,
        codes=known.codes.notations if known.codes else (),
        numeric=numeric,
    )
