"""The tables of the projection in DuckDB: typed rows by person, and the position in the change feed they stand at."""

# ruff: noqa: S608 - names come from the tables below; values are bound or handed over as Arrow tables

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from consent.aggregation.fields import Fields, column_name
from consent.aggregation.rows import COLUMNS, PROFILE_PROPERTIES, Value

MEMORY = "1GB"  # a question needs a few megabytes; a bulk load must not take the machine
WIDE = {"total", "line_amount", "quantity", "minutes"}
PROFILE_COLUMNS = tuple(column_name(known.name) for known in PROFILE_PROPERTIES)
_DUCK = {True: "BIGINT", False: "SMALLINT"}
_ARROW = {True: pa.int64(), False: pa.int16()}

TABLES: Mapping[str, tuple[str, ...]] = {
    "profile": ("unit", *PROFILE_COLUMNS),
    **{name: ("unit", "receipt", *columns) for name, columns in COLUMNS.items()},
}
RECEIPT_TABLES = tuple(COLUMNS)
_RECEIPT = pa.schema(
    [
        ("id", pa.int32()),
        ("unit", pa.int32()),
        ("path", pa.string()),
        ("nonce", pa.string()),
        ("issuer", pa.string()),
        ("counted", pa.bool_()),
    ]
)
_ISSUER = pa.schema([("iri", pa.string()), ("fingerprint", pa.string())])
_UNVERIFIED = pa.schema([("path", pa.string()), ("unit", pa.int32())])


Taken = duckdb.IOException
"""Raised where another process has the file open."""


class ProjectionTables:
    """The DuckDB file. One process owns it: DuckDB locks the file, and a second opening fails."""

    def __init__(self, path: Path | None) -> None:
        """Open the file, or a database in memory; tables of another layout are dropped and made anew."""
        self._connection: Any = duckdb.connect(
            str(path) if path else ":memory:",
            config={"memory_limit": MEMORY, "autoinstall_known_extensions": False},
        )
        self._run("CREATE TABLE IF NOT EXISTS identity (id VARCHAR)")
        self._run("INSERT INTO identity SELECT ? WHERE NOT EXISTS (FROM identity)", [secrets.token_hex(16)])
        self.identity = str(self._run("SELECT id FROM identity")[0][0])
        """What tells this file from those of other machines on the same database; it outlives every layout."""
        self._create()

    def cursor(self) -> Any:
        """Return a connection for one question; it sees a snapshot of its own."""
        return self._connection.cursor()

    def close(self) -> None:
        """Write everything to the file and close it."""
        self._connection.close()

    def position(self) -> int:
        """Return the number of the last change that the rows reflect."""
        return int(self._run("SELECT position FROM state")[0][0])

    def begin(self) -> None:
        """Start the transaction that holds rows and position together."""
        self._run("BEGIN")

    def commit(self, position: int) -> None:
        """Commit rows and position: after a crash, both are there or neither."""
        self._run("UPDATE state SET position = ?", [position])
        self._run("COMMIT")

    def rollback(self) -> None:
        """Give up the transaction."""
        self._run("ROLLBACK")

    def next_receipt(self) -> int:
        """Return a number for the next receipt."""
        return int(self._run("SELECT coalesce(max(id), 0) + 1 FROM receipt")[0][0])

    def forget(self, paths: Sequence[str]) -> dict[str, int]:
        """Remove receipts and their rows; return path and person of hidden doubles, to be read again."""
        doubles: dict[str, int] = {}
        rows = self._run(
            "SELECT id, unit, nonce FROM receipt WHERE path IN (SELECT unnest(CAST(? AS VARCHAR[])))",
            [list(paths)],
        )
        if not rows:
            return doubles
        ids = [row[0] for row in rows]
        for table in RECEIPT_TABLES:
            self._run(f"DELETE FROM {table} WHERE receipt IN (SELECT unnest(CAST(? AS INTEGER[])))", [ids])
        self._run("DELETE FROM receipt WHERE id IN (SELECT unnest(CAST(? AS INTEGER[])))", [ids])
        for _, unit, nonce in rows:
            found = self._run(
                "SELECT path FROM receipt WHERE unit = ? AND nonce = ? AND NOT counted ORDER BY id LIMIT 1",
                [unit, nonce],
            )
            if found:
                doubles[found[0][0]] = unit
        return doubles

    def forget_units(self, units: Sequence[int]) -> None:
        """Remove all rows of persons whose pods were deleted."""
        for table in ("profile", *RECEIPT_TABLES, "receipt", "unverified"):
            self._run(
                f"DELETE FROM {table} WHERE unit IN (SELECT unnest(CAST(? AS INTEGER[])))", [list(units)]
            )

    def counted(self, units: Sequence[int], nonces: Sequence[str]) -> set[tuple[int, str]]:
        """Return which of these (person, nonce) pairs are counted already."""
        rows = self._run(
            "SELECT r.unit, r.nonce FROM receipt AS r WHERE r.counted"
            " AND r.unit IN (SELECT unnest(CAST($1 AS INTEGER[])))"
            " AND r.nonce IN (SELECT unnest(CAST($2 AS VARCHAR[])))",
            [list(set(units)), list(nonces)],
        )
        return {(row[0], row[1]) for row in rows}

    def add_receipts(self, rows: Sequence[tuple[int, int, str, str, str, bool]]) -> None:
        """Add receipts as (id, unit, path, nonce, issuer, counted)."""
        self._append("receipt", _RECEIPT, rows)

    def add_rows(self, table: str, rows: Sequence[tuple[Value, ...]]) -> None:
        """Add rows in the order of TABLES."""
        self._append(table, _schema(table), rows)

    def replace_profiles(self, units: Sequence[int], rows: Sequence[tuple[Value, ...]]) -> None:
        """Remove the profiles of these persons and add the rows."""
        self._run("DELETE FROM profile WHERE unit IN (SELECT unnest(CAST(? AS INTEGER[])))", [list(units)])
        self.add_rows("profile", rows)

    def issuers(self) -> dict[str, str]:
        """Return the issuers, each with the fingerprint of its keys, under which the rows were verified."""
        return dict(self._run("SELECT iri, fingerprint FROM issuer"))

    def set_issuers(self, fingerprints: Mapping[str, str]) -> None:
        """Note the issuers under which the rows are verified from now on."""
        self._run("DELETE FROM issuer")
        self._append("issuer", _ISSUER, list(fingerprints.items()))

    def receipts_of(self, issuers: Sequence[str]) -> dict[str, int]:
        """Return path and person of the receipts of some issuers."""
        issued = "issuer IN (SELECT unnest(CAST(? AS VARCHAR[])))"
        return dict(self._run(f"SELECT path, unit FROM receipt WHERE {issued}", [list(issuers)]))

    def unverified(self) -> dict[str, int]:
        """Return path and person of the receipts whose signature could not be verified so far."""
        return dict(self._run("SELECT path, unit FROM unverified"))

    def set_unverified(self, read: Iterable[str], failed: Mapping[str, int]) -> None:
        """Of the receipts that were read, note those that could not be verified and no others."""
        self._run("DELETE FROM unverified WHERE path IN (SELECT unnest(CAST(? AS VARCHAR[])))", [list(read)])
        self._append("unverified", _UNVERIFIED, list(failed.items()))

    def _append(self, table: str, schema: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
        batch = pa.table(arrays, schema=schema)
        self._connection.register("batch", batch)
        self._run(f"INSERT INTO {table} SELECT * FROM batch")
        self._connection.unregister("batch")

    def _run(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Run a statement to its end: DuckDB takes nothing else on a connection until its rows are fetched."""
        rows: list[Any] = self._connection.execute(statement, list(parameters)).fetchall()
        return rows

    def _create(self) -> None:
        layout = _layout()
        tables = {row[0] for row in self._run("SELECT table_name FROM duckdb_tables()")}
        if "state" in tables and self._stored_layout() == layout:
            return
        self._run("BEGIN")
        for table in ("state", "receipt", "unverified", "issuer", *TABLES):
            self._run(f"DROP TABLE IF EXISTS {table}")
        self._run("CREATE TABLE state (position BIGINT, layout VARCHAR)")
        self._run("INSERT INTO state VALUES (0, ?)", [layout])
        self._run(
            "CREATE TABLE receipt (id INTEGER, unit INTEGER, path VARCHAR, nonce VARCHAR, issuer VARCHAR, counted BOOLEAN)"
        )
        self._run("CREATE TABLE unverified (path VARCHAR, unit INTEGER)")
        self._run("CREATE TABLE issuer (iri VARCHAR, fingerprint VARCHAR)")
        for name in TABLES:
            columns = ", ".join(f"{field.name} {_duck_type(field.name)}" for field in _schema(name))
            self._run(f"CREATE TABLE {name} ({columns})")
        self._run("COMMIT")

    def _stored_layout(self) -> str:
        return str(self._run("SELECT layout FROM state")[0][0])


def _schema(table: str) -> Any:
    return pa.schema([(name, _arrow_type(name)) for name in TABLES[table]])


def _arrow_type(column: str) -> Any:
    return pa.int32() if column in ("unit", "receipt") else _ARROW[column in WIDE]


def _duck_type(column: str) -> str:
    return "INTEGER" if column in ("unit", "receipt") else _DUCK[column in WIDE]


def _layout() -> str:
    """Return a digest of tables and code lists: a code that moved makes every stored position wrong."""
    said = [(name, TABLES[name]) for name in TABLES]
    codes = [(field.name, field.codes) for field in Fields().all()]
    return hashlib.sha256(repr((said, codes)).encode()).hexdigest()
