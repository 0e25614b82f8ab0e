"""What a programme can be made of: properties with public code lists, and numbers to add up, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vocab.codes import CodeList
from vocab.pages import msg
from vocab.shapes import SHAPES, Property, Shape

ROW_SHAPES = ("Participation", "Purchase")
SHAPE_NAMES = ("Profile", *ROW_SHAPES)
DATES = {shape: next(one for one in SHAPES[shape].properties if one.kind == "date") for shape in ROW_SHAPES}
MONTH: Mapping[str, str] = {"it": "Mese", "en": "Month"}
PEOPLE = "people"
FUNCTIONS = {
    PEOPLE: msg("People"),
    "count": msg("Number of entries"),
    "sum": msg("Total"),
}


@dataclass(frozen=True, slots=True)
class Measurable:
    """Something that a question can measure, `sum Purchase.lineAmount`; `upper` is a usual bound."""

    key: str
    function: str
    name: str | None
    upper: int
    money: bool

    def document(self) -> dict[str, str]:
        """Return the measure as a question names it."""
        plain = {"function": self.function}
        return {**plain, "property": self.name} if self.name else plain


def dimensions() -> list[tuple[Shape, Property]]:
    """Return the properties that can group: those with a public code list, and dates, by month."""
    return [
        (SHAPES[shape], known)
        for shape in SHAPE_NAMES
        for known in SHAPES[shape].properties
        if not known.identifying and (known.codes is not None or known.kind == "date")
    ]


def measures() -> list[Measurable]:
    """Return what can be measured: people, rows of each dated shape, and every number of a row."""
    found = [Measurable(PEOPLE, PEOPLE, None, 1, False)]
    for shape in ROW_SHAPES:
        date = f"{shape}.{DATES[shape].name}"
        found.append(Measurable(f"count {date}", "count", date, 50, False))
        for known in SHAPES[shape].properties:
            if known.kind in ("integer", "money") and not known.identifying:
                name, money = f"{shape}.{known.name}", known.kind == "money"
                found.append(Measurable(f"sum {name}", "sum", name, 50_000 if money else 1_000, money))
    return found


def label(name: str, language: str) -> str:
    """Return `Profilo: Ambito` for `Profile.district`; the name itself where it is unknown."""
    shape_name, _, property_name = name.partition(".")
    shape = SHAPES.get(shape_name)
    known = shape.by_name.get(property_name) if shape else None
    if shape is None or known is None:
        return name
    # A projection keeps the month of a date and forgets the day, so a question is by month.
    of = MONTH if known.kind == "date" else known.label
    return f"{in_language(shape.label, language)}: {in_language(of, language)}"


def measure_label(measure: Mapping[str, Any], language: str) -> str:
    """Return what is measured, `Acquisti: Importo`; a count of dates is of the entries themselves."""
    name = measure.get("property")
    if not isinstance(name, str):
        return ""
    shape_name = name.partition(".")[0]
    dated = shape_name in DATES and name == f"{shape_name}.{DATES[shape_name].name}"
    return in_language(SHAPES[shape_name].label, language) if dated else label(name, language)


def codes(name: str) -> CodeList | None:
    """Return the code list of a property."""
    shape_name, _, property_name = name.partition(".")
    known = SHAPES[shape_name].by_name.get(property_name) if shape_name in SHAPES else None
    return known.codes if known else None


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return a text in a language, in Italian where there is none."""
    return texts.get(language) or texts["it"]
