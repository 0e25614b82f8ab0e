"""A release as a table in words: labels of codes, values with their intervals, withheld cells said as such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.insight.fields import FUNCTIONS, codes, label, measure_label

MONEY = "cents"


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of a release."""

    labels: tuple[str, ...]
    value: int | None
    low: int | None
    high: int | None
    people: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """A release for reading: a heading for each dimension, and the rows in code-list order."""

    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    unit: str
    withheld: int

    @property
    def money(self) -> bool:
        """Say whether the values are cents."""
        return self.unit == MONEY


def table(document: Mapping[str, Any], language: str) -> Table:
    """Return the table of a released document."""
    names = [one["property"] for one in document["dimensions"]]
    rows = tuple(
        Row(
            tuple(code_label(name, code, language) for name, code in zip(names, cell["key"], strict=True)),
            *(cell.get(member) for member in ("value", "low", "high", "people")),
        )
        for cell in document["cells"]
    )
    headings = tuple(label(name, language).partition(": ")[2] or name for name in names)
    return Table(headings, rows, document["unit"], sum(row.value is None for row in rows))


def code_label(name: str, code: str, language: str) -> str:
    """Return a code in words; a month stays as it is."""
    known = codes(name)
    if known is None or code not in known:
        return code
    return known.by_notation[code].label.get(language, code)


def measured(query: Any, language: str) -> tuple[str, str]:
    """Return message id and property label of what a query measures."""
    measure = query.get("measure") if isinstance(query, Mapping) else None
    plain = measure if isinstance(measure, Mapping) else {}
    text = FUNCTIONS.get(str(plain.get("function")), str(plain.get("function", "")))
    return text, measure_label(plain, language)
