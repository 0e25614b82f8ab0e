"""Rows of programmes: added once, never changed."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from apps.valueback.model import Missing, Programme
from apps.valueback.programme import programme, with_purpose
from vocab.pages import msg

_COLUMNS = "document, purpose, published_at"
_NO_VERSION = 2**31  # an address may hold any number, the database no longer ones than 64 bits


def add(tx: sqlite3.Connection, published: Programme) -> None:
    tx.execute(
        "INSERT INTO programme (iri, name, version, organisation, document, digest, purpose, published_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(published.iri, published.name, published.version, published.organisation),
            *(json.dumps(dict(published.document), ensure_ascii=False), published.digest),
            *(published.purpose, published.published_at),
        ),
    )


def by_iri(tx: sqlite3.Connection, iri: str) -> Programme:
    """Return a programme; raise Missing."""
    row = tx.execute(f"SELECT {_COLUMNS} FROM programme WHERE iri = ?", (iri,)).fetchone()  # noqa: S608
    return _programme(row, iri)


def version(tx: sqlite3.Connection, name: str, number: int) -> Programme:
    """Return a version of a programme; raise Missing."""
    found = tx.execute(
        f"SELECT {_COLUMNS} FROM programme WHERE name = ? AND version = ?",  # noqa: S608  # constants only
        (name, min(number, _NO_VERSION)),
    )
    return _programme(found.fetchone(), f"{name}, version {number}")


def latest(tx: sqlite3.Connection, name: str) -> Programme | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM programme WHERE name = ? ORDER BY version DESC LIMIT 1",  # noqa: S608
        (name,),
    ).fetchone()
    return None if row is None else _programme(row, name)


def everything(tx: sqlite3.Connection) -> list[Programme]:
    """Return all versions, the newest first."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM programme ORDER BY published_at DESC, iri")  # noqa: S608
    return [_programme(row, "") for row in rows.fetchall()]


def _programme(row: tuple[Any, ...] | None, wanted: str) -> Programme:
    if row is None:
        raise Missing(msg("there is no programme {name}"), name=wanted)
    return with_purpose(programme(json.loads(row[0])), row[1], row[2])
