"""From a canonical question to one bound SQL statement on the projection's tables.

Names of tables and columns come from the tables of fields alone; every value is a bound parameter. The statement
bounds what each person contributes before it adds anything up (consent reference 3.3, step 4): one row a person
and cell, clamped to [lower, upper], at most l0 cells a person, in an order that a secret makes for each person.
"""

# ruff: noqa: S608 - statements are put together from the names in fields.py; values are bound

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from consent.aggregation.fields import LINE_TABLE, PERSON_SHAPE, TABLES, Field, Level
from consent.aggregation.programme import Function
from consent.aggregation.query import Condition, Query
from consent.aggregation.rows import LINES


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement that yields (key positions…, people, value, least, largest, most cells of one person).

    It asks of the table `contributor`: who contributes, and the seed by which each one's cells are ordered.
    """

    query: Query
    sql: str
    parameters: tuple[Any, ...]
    offsets: tuple[tuple[int, ...], ...]
    """For each dimension, the stored codes of its keys in the order of the released table."""
    l0: int
    """Cells that one person can touch: 1 where only personal fields group."""
    order_key: bytes
    """The secret that the seeds are made with; another one for each table and period."""


def plan(query: Query, l0: int, key: bytes) -> Plan:
    """Return the statement for a question; `key` is the programme's secret that orders the cells of a person."""
    build = _Builder()
    effective = cells_of_person(query, l0)
    rows = _rows(query, build)
    personal = [field for field in query.group_by if field.level is Level.PERSON]
    conditions = [one for one in query.where if one.field.shape == PERSON_SHAPE]
    join, where = "", []
    if personal or conditions:
        join = " JOIN profile AS p ON p.unit = r.unit"
        where = [build.holds(f"p.{one.field.column}", one) for one in conditions]
        where += [f"p.{field.column} IS NOT NULL" for field in personal]
    columns = [
        f"{'p.' + field.column if field in personal else f'r.k{index}'} AS d{index}"
        for index, field in enumerate(query.group_by)
    ]
    number, limit = "1", ""
    if query.row_cells() > effective:
        cell = ", ".join(f"r.k{i}" for i, one in enumerate(query.group_by) if one not in personal)
        join += " JOIN contributor AS c ON c.unit = r.unit"
        # Numbers that follow from a secret seed, so that nobody can shape their data towards the cells that survive;
        # the same at every run. The outer hash mixes what the inner one only adds bit by bit.
        order = f"hash(hash(c.seed, {cell}))"
        number = f"row_number() OVER (PARTITION BY r.unit ORDER BY {order})"
        limit = f" WHERE n <= {build.bind(effective)}"
    kept = (
        f"SELECT {', '.join([*columns, 'r.v AS v', f'{number} AS n'])} FROM ({rows}) AS r{join}{_all(where)}"
    )
    keys = [f"d{index}" for index in range(len(query.group_by))]
    selected = [*keys, "count(*)", "CAST(sum(v) AS BIGINT)", "min(v)", "max(v)", "max(n)"]
    group = f" GROUP BY {', '.join(keys)}" if keys else ""
    sql = f"SELECT {', '.join(selected)} FROM ({kept}) AS kept{limit}{group}"
    offsets = tuple(_stored_codes(query, field) for field in query.group_by)
    return Plan(query, sql, tuple(build.parameters), offsets, effective, _order_key(query, key))


def cells_of_person(query: Query, l0: int) -> int:
    """Return how many cells one person can touch in a programme that allows `l0`."""
    return min(l0, query.row_cells())


class _Builder:
    """Collects bound parameters."""

    def __init__(self) -> None:
        self.parameters: list[Any] = []

    def bind(self, value: Any) -> str:
        """Return the placeholder of a value."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def holds(self, column: str, condition: Condition) -> str:
        """Return the SQL of a condition."""
        positions = [condition.field.codes.index(code) for code in condition.codes]
        return f"{column} IN ({', '.join(self.bind(position) for position in positions)})"


def _rows(query: Query, build: _Builder) -> str:
    """Return the statement that gives one clamped row for each person and combination of row keys."""
    keys = [(i, field) for i, field in enumerate(query.group_by) if field.level is not Level.PERSON]
    where = [f"t.unit IN (SELECT unit FROM {table}{_all(held)})" for table, held in _others(query, build)]
    if not query.base:
        return f"SELECT t.unit AS unit, CAST(1 AS BIGINT) AS v FROM contributor AS t{_all(where)}"
    own = [one for one in query.where if one.field.shape == query.base]
    named = [field for _, field in keys] + [one.field for one in own]
    measured = query.measure.field
    table = _table(query.base, [*named, *([measured] if measured else [])])
    where.append(_in_period(query, build, "t.month"))
    where += [build.holds(f"t.{one.field.column}", one) for one in own]
    where += [f"t.{field.column} IS NOT NULL" for _, field in keys]
    value = "1"
    if measured is not None:
        where.append(f"t.{measured.column} IS NOT NULL")
        number = f"sum(t.{LINES})" if table == LINE_TABLE else "count(*)"
        adds = number if query.measure.function is Function.COUNT else f"sum(t.{measured.column})"
        least, most = build.bind(query.measure.lower), build.bind(query.measure.upper)
        value = f"least(greatest({adds}, {least}), {most})"
    columns = ["t.unit AS unit", *(f"t.{field.column} AS k{i}" for i, field in keys)]
    groups = ["t.unit", *(f"t.{field.column}" for _, field in keys)]
    return (
        f"SELECT {', '.join(columns)}, CAST({value} AS BIGINT) AS v FROM {table} AS t"
        # A join where IN would say the same: DuckDB finds persons in it by their number, without a hash.
        f" JOIN contributor AS c ON c.unit = t.unit{_all(where)} GROUP BY {', '.join(groups)}"
    )


def _others(query: Query, build: _Builder) -> list[tuple[str, list[str]]]:
    """Return tables and conditions of shapes that only qualify a person: at least one such row in the period."""
    found = []
    for shape in sorted({one.field.shape for one in query.where} - {PERSON_SHAPE, query.base}):
        held = [one for one in query.where if one.field.shape == shape]
        table = _table(shape, [one.field for one in held])
        period = _in_period(query, build, "month")
        found.append((table, [period, *(build.holds(one.field.column, one) for one in held)]))
    return found


def _in_period(query: Query, build: _Builder, column: str) -> str:
    if query.period is None:
        raise ValueError("a question about dated rows has a period")
    return f"{column} BETWEEN {build.bind(query.period.first)} AND {build.bind(query.period.last)}"


def _table(shape: str, fields: Sequence[Field]) -> str:
    lines = any(field.level is Level.LINE for field in fields if field.shape == shape)
    return LINE_TABLE if lines else TABLES[shape, Level.ROW]


def _all(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _stored_codes(query: Query, field: Field) -> tuple[int, ...]:
    if not field.codes and query.period is not None:
        return tuple(range(query.period.first, query.period.last + 1))
    return tuple(field.codes.index(code) for code in query.keys(field))


def _order_key(query: Query, key: bytes) -> bytes:
    """Return a key for this table and period, so that which cells survive is independent between tables."""
    document = orjson.dumps(query.document(), option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, document, "sha256")
