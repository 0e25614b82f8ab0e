"""SQL of the host, written once in SQLite's words, as PostgreSQL says it: a closed set of forms, the rest refused.

Queries differ in the sign of a parameter and in a few functions; schemas in the names of types. What is not
known to mean the same on both raises Untranslatable, in the first test that runs it and not in somebody's pod.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

NOCASE = "portico_nocase"
"""The collation that compares letters without their case; the store makes it before the first step."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)|(?P<text>'(?:[^']|'')*'|"[^"]*")|(?P<word>[A-Za-z_][A-Za-z_0-9]*)"""
    r"""|(?P<number>\d+(?:\.\d+)?)|(?P<parameter>\?)|(?P<sign>\|\||<>|<=|>=|!=|::|.)""",
    re.DOTALL,
)
_REFUSED = re.compile(
    r"\b(?:rowid|glob|nocase|pragma|sqlite_\w+|indexed\s+by)\b"
    r"|\bOR\s+(?:ABORT|FAIL|IGNORE|REPLACE|ROLLBACK)\b"
    r"|\b(?:date|datetime|group_concat|hex|ifnull|iif|instr|json_(?!array_elements_text\b)\w+|julianday|last_insert_rowid|likely|printf"
    r"|quote|randomblob|regexp|strftime|time|total|typeof|unicode|unixepoch|unlikely|zeroblob)\s*\("
    r"|\bLIMIT\s+-|\bx'",
    re.IGNORECASE,
)
_TEXT = re.compile(r"(?<!x)'(?:[^']|'')*'|\"[^\"]*\"", re.IGNORECASE)
_TYPES = {"INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "BLOB": "BYTEA", "TEXT": 'TEXT COLLATE "C"'}
_CONSTRAINTS = frozenset(
    [
        "NOT",
        "NULL",
        "PRIMARY",
        "KEY",
        "UNIQUE",
        "CHECK",
        "DEFAULT",
        "REFERENCES",
        "ON",
        "DELETE",
        "UPDATE",
        "CASCADE",
        "SET",
        "RESTRICT",
        "DEFERRABLE",
        "INITIALLY",
        "DEFERRED",
    ]
)

# The functions that have another name, each in the one form that the host uses.
_JSON_EACH = re.compile(r"\bjson_each\s*\(\s*\?\s*\)\s+AS\s+(\w+)", re.IGNORECASE)
_MONTH = re.compile(r"\bstrftime\s*\(\s*'%Y-%m'\s*,\s*(\w+)\s*,\s*'unixepoch'\s*\)", re.IGNORECASE)
_PLACE = re.compile(r"\b(\w+)\.rowid = \(SELECT rowid FROM\b", re.IGNORECASE)
_LAST_ROW = re.compile(r"\browid = \(SELECT max\(rowid\) FROM\b", re.IGNORECASE)
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    # A JSON array of integers as rows with one column, `value`.
    (
        _JSON_EACH,
        r"(SELECT said::bigint AS value FROM json_array_elements_text(?::json) AS listed (said)) AS \1",
    ),
    (_MONTH, r"to_char(to_timestamp(\1) AT TIME ZONE 'UTC', 'YYYY-MM')"),
    (_PLACE, r"\1.ctid = (SELECT ctid FROM"),
    (_LAST_ROW, "ctid = (SELECT max(ctid) FROM"),
)
_NULL_SAFE = re.compile(r"\bIS\s+(NOT\s+)?\?", re.IGNORECASE)
_TABLE = re.compile(r"CREATE TABLE (IF NOT EXISTS )?(\w+)\s*\((.*)\)([^()]*)", re.DOTALL | re.IGNORECASE)
_ADDED = re.compile(r"ALTER TABLE (\w+) ADD (?:COLUMN )?(.*)", re.DOTALL | re.IGNORECASE)
_AS_IT_IS = re.compile(
    r"(CREATE (UNIQUE )?INDEX|DROP (TABLE|INDEX)|ALTER TABLE \w+ (RENAME|DROP COLUMN))\b", re.IGNORECASE
)
_QUERY = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)


_ROWS = re.compile(r"\s*(?:SELECT|WITH)\b|.*\bRETURNING\b", re.IGNORECASE | re.DOTALL)
_CHANGE = re.compile(r"\s*(?!SELECT\b)(?:WITH\b.*)?\b(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE | re.DOTALL)


class Untranslatable(ValueError):
    """A statement in words that are not known to mean the same on PostgreSQL."""


class Statement(NamedTuple):
    """A statement in PostgreSQL's words, and what it is."""

    text: bytes
    gives_rows: bool = False
    changes: bool = False


@lru_cache(maxsize=2048)
def statement(sql: str) -> Statement:
    """Return a query or change for PostgreSQL; raise Untranslatable."""
    bare = _TEXT.sub("", sql)
    return Statement(query(sql).encode(), _ROWS.match(bare) is not None, _CHANGE.match(bare) is not None)


@lru_cache(maxsize=2048)
def query(sql: str) -> str:
    """Return a query or change for PostgreSQL, with numbered parameters; raise Untranslatable."""
    for pattern, replacement in _REWRITES:
        sql = pattern.sub(replacement, sql)
    sql = _NULL_SAFE.sub(lambda found: f"IS {'' if found[1] else 'NOT '}DISTINCT FROM ?", sql)
    numbers = itertools.count(1)
    return _words(sql, lambda: f"${next(numbers)}")


def schema(sql: str) -> str:
    """Return a statement of a schema's step for PostgreSQL; raise Untranslatable."""
    sql = sql.strip()
    if table := _TABLE.fullmatch(sql):
        known = {"WITHOUT ROWID", "STRICT", ""}
        if not {option.strip().upper() for option in table[4].split(",")} <= known:
            raise Untranslatable(f"{table[4].strip()!r} after a table is not known: {sql}")
        items = ", ".join(_item(item) for item in _items(table[3]))
        return f"CREATE TABLE {table[1] or ''}{table[2]} ({items})"
    if added := _ADDED.fullmatch(sql):
        return f"ALTER TABLE {added[1]} ADD COLUMN {_item(added[2])}"
    if _AS_IT_IS.match(sql):
        return _words(sql, _no_parameter)
    if _QUERY.match(sql):
        return query(sql)
    raise Untranslatable(f"no such form of a schema's statement: {sql}")


def _words(sql: str, parameter: Callable[[], str]) -> str:
    """Return the text with its parameters replaced; raise Untranslatable for what SQLite alone knows."""
    if refused := _REFUSED.search(_TEXT.sub("", sql)):
        raise Untranslatable(f"{refused[0]!r} is not known on PostgreSQL: {sql}")
    return "".join(parameter() if kind == "parameter" else token for kind, token in _tokens(sql))


def _no_parameter() -> str:
    raise Untranslatable("a statement of a schema has no parameters")


def _tokens(sql: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(sql):
        yield str(match.lastgroup), match[0]


def _items(body: str) -> list[str]:
    """Return the columns and constraints of a table: its body cut at the commas outside of brackets."""
    items, depth, current = [], 0, ""
    for kind, token in _tokens(body):
        depth += (token == "(") - (token == ")")  # tokens of SQL
        if token == "," and depth == 0:  # a token of SQL
            items.append(current.strip())
            current = ""
        elif kind != "space":
            current += token if token in "(),." or current.endswith(("(", ".")) else f" {token}"
        else:
            current += " "
    return [" ".join(item.split()) for item in (*items, current.strip()) if item]


def _item(text: str) -> str:
    """Return a column or a table constraint."""
    text = " ".join(text.split())
    first, _, rest = text.partition(" ")
    if first.upper() in ("PRIMARY", "UNIQUE", "CHECK", "FOREIGN"):
        return _words(text, _no_parameter)
    kind, _, constraints = rest.partition(" ")
    if kind.upper() not in _TYPES:
        raise Untranslatable(f"{kind!r} is no type of a column: {text}")
    type_name = _TYPES[kind.upper()]
    if kind.upper() == "INTEGER" and constraints.upper().startswith("PRIMARY KEY"):
        # SQLite numbers such a column itself, and takes a number that is given.
        left = constraints[len("PRIMARY KEY") :].strip()
        if left.upper() not in ("", "AUTOINCREMENT"):
            raise Untranslatable(f"{left!r} after INTEGER PRIMARY KEY is not known: {text}")
        return f"{first} BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"
    if kind.upper() == "TEXT" and "COLLATE NOCASE" in constraints.upper():
        type_name = f"TEXT COLLATE {NOCASE}"
        constraints = re.sub(r"COLLATE NOCASE\s*", "", constraints, flags=re.IGNORECASE)
    outside = re.sub(r"REFERENCES \w+", "REFERENCES", _without_brackets(constraints), flags=re.IGNORECASE)
    for token_kind, word in _tokens(outside):
        if token_kind == "word" and word.upper() not in _CONSTRAINTS:
            raise Untranslatable(f"{word!r} of a column is not known: {text}")
    return f"{first} {type_name} {_words(constraints, _no_parameter)}".strip()


def _without_brackets(text: str) -> str:
    while "(" in text and (shorter := re.sub(r"\([^()]*\)", "", text)) != text:
        text = shorter
    return text
