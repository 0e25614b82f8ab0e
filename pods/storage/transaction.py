"""What one transaction does on SQLite: resources, containers, pods and the outbox."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from pods.errors import Conflict, NotFound
from pods.model import Path, WebId
from pods.protocol import conditions, target
from pods.storage.base import Change, Entry, Observer, Pod, Stored

TURTLE = "text/turtle"
_RESOURCE = "name, container, pod, media_type, content, etag, modified"
_GET = f"SELECT {_RESOURCE} FROM resource WHERE name = ?"  # noqa: S608  # constants only
_ANY_OF = tuple(
    f"SELECT {_RESOURCE} FROM resource WHERE name IN ({', '.join('?' * count)})"  # noqa: S608  # constants only
    for count in range(target.MAX_DEPTH + 2)
)
_MEMBERS = (
    "SELECT name, container, media_type, size, etag, modified FROM resource "
    "WHERE parent = ? AND name > ? ORDER BY name LIMIT ?"
)


class PodCache(dict[int, Pod]):
    """Committed pods by key. A pod's row never changes and its key is never used again: no entry ever lies."""


class SqliteTransaction:
    """A transaction that is open on a connection; see `pods.storage.base.Transaction`."""

    __slots__ = ("_connection", "_execute", "_observers", "_pods", "_row_count", "_snapshot")

    def __init__(
        self,
        connection: sqlite3.Connection,
        observers: Sequence[Observer],
        pods: PodCache,
        *,
        snapshot: bool = False,
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._observers = observers
        self._pods = pods
        self._snapshot = snapshot
        self._row_count = 0

    def pod(self, name: str) -> Pod | None:
        row = self._execute("SELECT key, name, owner FROM pod WHERE name = ?", (name,)).fetchone()
        return _pod(row) if row else None

    def pod_by_key(self, key: int) -> Pod | None:
        known = self._pods.get(key)
        if known is not None:
            return known
        row = self._execute("SELECT key, name, owner FROM pod WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        found = _pod(row)
        if self._snapshot:  # what a writer sees may yet be rolled back
            self._pods[key] = found
        return found

    def add_pod(self, name: str, owner: WebId, at: float) -> Pod:
        cursor = self._execute(
            "INSERT INTO pod (name, owner, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
            (name, owner, at),
        )
        if cursor.rowcount == 0 or cursor.lastrowid is None:
            raise Conflict(f"The pod name {name!r} is taken; choose another one.")
        pod = Pod(cursor.lastrowid, name, Path(f"/{name}/"), owner)
        self._insert(pod.root, pod.key, None, TURTLE, b"", _new_tag(), at)
        return pod

    def get(self, path: Path) -> Stored | None:
        row = self._execute(_GET, (path.rstrip("/"),)).fetchone()
        if row is None or bool(row[1]) != path.endswith("/"):
            return None
        return Stored(path, row[2], row[3], row[4], row[5], row[6])

    def first_of(self, paths: Sequence[Path]) -> Stored | None:
        rows = self._execute(_ANY_OF[len(paths)], paths).fetchall()
        if not rows:
            return None
        # Choosing here is cheaper than ORDER BY: a sorter would carry the content of every row.
        row = rows[0] if len(rows) == 1 else max(rows, key=_name_length)
        return Stored(row[0], row[2], row[3], row[4], row[5], row[6])

    def children(
        self, container: Path, *, after: Path | None = None, limit: int | None = None
    ) -> list[Entry]:
        found = self._execute(
            _MEMBERS, (container, after.rstrip("/") if after else "", -1 if limit is None else limit)
        )
        return [
            Entry(name + "/" if is_container else name, media_type, size, etag, modified)
            for name, is_container, media_type, size, etag, modified in found
        ]

    def write(self, path: Path, media_type: str, content: bytes, at: float) -> Stored:
        etag = _new_tag() if path.endswith("/") else conditions.content_tag(media_type, content)
        row = self._execute(
            "SELECT id, container, pod FROM resource WHERE name = ?", (path.rstrip("/"),)
        ).fetchone()
        if row is None:
            pod = self._container_for(path, at)
            parent = None if target.is_auxiliary(path) else target.parent_of(path)
            stored = self._insert(path, pod, parent, media_type, content, etag, at)
            if parent is not None:
                self._touch(parent, at)
            return stored
        key, is_container, pod = row
        _require_same_kind(path, bool(is_container))
        modified = int(at * 1000)
        self._execute(
            "UPDATE resource SET media_type = ?, content = ?, size = ?, etag = ?, modified = ? WHERE id = ?",
            (media_type, content, len(content), etag, modified, key),
        )
        stored = Stored(path, pod, media_type, content, etag, modified)
        self._announce(pod, path, "Update", at, stored)
        parent = target.parent_of(path)
        if parent is not None and not target.is_auxiliary(path):
            self._touch(parent, at)
        return stored

    def delete(self, path: Path, at: float) -> None:
        stored = self.get(path)
        if stored is None:
            raise NotFound("There is nothing to delete at this address.")
        if path.endswith("/") and self.children(path, limit=1):
            raise Conflict("The container still has members; delete these first.")
        # Solid Protocol, 5.4: deleting a resource deletes its auxiliary resources.
        auxiliary = [] if target.is_auxiliary(path) else [path + suffix for suffix in target.AUXILIARY]
        for name in auxiliary:
            if self._execute("DELETE FROM resource WHERE name = ?", (name,)).rowcount:
                self._announce(stored.pod, Path(name), "Delete", at, None)
        self._execute("DELETE FROM resource WHERE name = ?", (path.rstrip("/"),))
        self._announce(stored.pod, path, "Delete", at, None)
        parent = target.parent_of(path)
        if parent is not None and not target.is_auxiliary(path):
            self._touch(parent, at)

    def changes(self, after: int, limit: int) -> list[Change]:
        rows = self._execute(
            "SELECT seq, pod, path, kind, at FROM change WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [Change(*row) for row in rows]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._execute(sql, parameters)
        rows = cursor.fetchall()
        self._row_count = cursor.rowcount
        return rows

    def execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._row_count = self._connection.executemany(sql, parameters).rowcount

    @property
    def row_count(self) -> int:
        return self._row_count

    def _container_for(self, path: Path, at: float) -> int:
        """Return the pod key of a new resource's container, which is created if it is missing."""
        parent = target.parent_of(path)
        if parent is None:
            raise NotFound("There is no pod at this address.")
        row = self._execute("SELECT container, pod FROM resource WHERE name = ?", (parent[:-1],)).fetchone()
        if row is None:
            return self.write(parent, TURTLE, b"", at).pod
        _require_same_kind(parent, bool(row[0]))
        return int(row[1])

    def _insert(
        self, path: Path, pod: int, parent: Path | None, media_type: str, content: bytes, etag: str, at: float
    ) -> Stored:
        modified = int(at * 1000)
        self._execute(
            "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(path.rstrip("/"), path.endswith("/"), parent, pod, media_type, etag, modified),
                *(len(content), content),
            ),
        )
        stored = Stored(path, pod, media_type, content, etag, modified)
        self._announce(pod, path, "Create", at, stored)
        return stored

    def _touch(self, container: Path, at: float) -> None:
        """Give a container a new tag, since its listing shows size and time of each member."""
        self._execute(
            "UPDATE resource SET etag = ?, modified = ? WHERE name = ?",
            (_new_tag(), int(at * 1000), container[:-1]),
        )

    def _announce(self, pod: int, path: Path, kind: str, at: float, stored: Stored | None) -> None:
        self._execute("INSERT INTO change (pod, path, kind, at) VALUES (?, ?, ?, ?)", (pod, path, kind, at))
        for observer in self._observers:
            observer.changed(self, path, kind, stored)


def _new_tag() -> str:
    """Return a tag that no earlier state of a container had; it need not be secret, so it comes cheap."""
    return f"{random.getrandbits(8 * conditions.TAG_BYTES):024x}"


def _name_length(row: tuple[str, ...]) -> int:
    return len(row[0])


def _pod(row: tuple[int, str, str]) -> Pod:
    return Pod(row[0], row[1], Path(f"/{row[1]}/"), WebId(row[2]))


def _require_same_kind(path: Path, is_container: bool) -> None:
    # Solid Protocol, 3.1: "/x" and "/x/" must not both exist; a document has no members.
    if is_container != path.endswith("/"):
        existing = "container" if is_container else "document"
        name = path.rstrip("/")
        raise Conflict(f"{name} is a {existing} already; a path names a document or a container, never both.")
