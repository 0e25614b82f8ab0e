"""Members of a container from its end or by name; forwards a transaction gives them itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pods.model import Path
from pods.storage.base import Entry, Transaction

_MEMBERS = "SELECT name, container, media_type, size, etag, modified FROM resource WHERE parent = ?"
_BEFORE = f"{_MEMBERS} AND name < ? ORDER BY name DESC LIMIT ?"  # constants only
_NAMED = f"{_MEMBERS} AND name = ?"  # constants only
_LAST = f"{_MEMBERS} ORDER BY name DESC LIMIT ?"  # constants only


def before(tx: Transaction, container: Path, name: str, limit: int) -> list[Entry]:
    """Return the members just before a name, or the last ones if the name is empty; in the order of names."""
    if name:
        rows = tx.execute(_BEFORE, (container, container + name, limit))
    else:
        rows = tx.execute(_LAST, (container, limit))
    return [_entry(row) for row in reversed(rows)]


def named(tx: Transaction, container: Path, names: Iterable[str]) -> list[Entry]:
    """Return the members that have one of these names, in no order; a name that is nobody's is passed over."""
    found = (tx.execute(_NAMED, (container, container + name)) for name in names if name)
    return [_entry(row) for rows in found for row in rows]


def _entry(row: tuple[Any, ...]) -> Entry:
    name, is_container, media_type, size, etag, modified = row
    return Entry(Path(name + "/") if is_container else Path(name), media_type, size, etag, modified)
