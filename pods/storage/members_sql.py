"""Members of a container from its end, for the pages before a page; forwards a transaction gives them itself."""

from __future__ import annotations

from pods.model import Path
from pods.storage.base import Entry, Transaction

_MEMBERS = "SELECT name, container, media_type, size, etag, modified FROM resource WHERE parent = ?"
_BEFORE = f"{_MEMBERS} AND name < ? ORDER BY name DESC LIMIT ?"  # constants only
_LAST = f"{_MEMBERS} ORDER BY name DESC LIMIT ?"  # constants only


def before(tx: Transaction, container: Path, name: str, limit: int) -> list[Entry]:
    """Return the members just before a name, or the last ones if the name is empty; in the order of names."""
    if name:
        rows = tx.execute(_BEFORE, (container, container + name, limit))
    else:
        rows = tx.execute(_LAST, (container, limit))
    return [
        Entry(Path(found + "/") if is_container else Path(found), media_type, size, etag, modified)
        for found, is_container, media_type, size, etag, modified in reversed(rows)
    ]
