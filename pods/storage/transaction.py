"""What one transaction does, on either database: resources, containers, pods and the outbox."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pods.errors import Conflict, NotFound, StoreError
from pods.model import Path, WebId
from pods.protocol import conditions, target
from pods.storage.base import Blob, Change, Entry, Observer, Pod, Stored, Usage
from pods.storage.connection import Connection, Cursor

TURTLE = "text/turtle"
ALL = 1 << 62  # as the limit of a query: more rows than there can be
MOST_FOUND = 2 * target.MAX_DEPTH  # rows remembered within one job; most of them are known to be absent
ENTRY_BYTES = 512  # what a resource counts beside its content: its row and index entries, roughly
DROPPED_SECONDS = 3600.0  # how long replaced or deleted blobs are kept, for downloads that are under way

# What is asked and changed most. PostgreSQL is asked for several of these as one (`postgres_snapshots`), and not again
# for what a batch of writes knows from them (`postgres_rows`).
_RESOURCE = "name, container, pod, media_type, content, etag, modified, blob, size"
INSERT = (
    "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content, blob) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
TOUCH = "UPDATE resource SET etag = ?, modified = ? WHERE name = ?"
REMOVE = "DELETE FROM resource WHERE name = ? RETURNING size, blob"
ANY_OF_MANY = f"SELECT {_RESOURCE} FROM resource WHERE name = ANY(?)"  # noqa: S608  # constants only; PostgreSQL alone
REPLACE = "UPDATE resource SET media_type = ?, content = ?, size = ?, etag = ?, modified = ?, blob = ? WHERE name = ?"
# SQLite goes through the names as they come: for IN it would sort them into a table of its own first. CROSS JOIN tells it
# to (https://www.sqlite.org/optoverview.html#crossjoin).
ANY_OF = tuple(
    f"SELECT {_RESOURCE} FROM (VALUES {', '.join(['(?)'] * count)}) AS asked CROSS JOIN resource WHERE name = asked.column1"  # noqa: S608  # constants only
    for count in range(target.MAX_DEPTH + 3)
)
COUNT = "UPDATE pod SET used = used + ? WHERE key = ? RETURNING used, quota"
_MEMBERS = (
    "SELECT name, container, media_type, size, etag, modified FROM resource "
    "WHERE parent = ? AND name > ? ORDER BY name LIMIT ?"
)


class PodCache(dict[int, Pod]):
    """Committed pods by key. Name and owner never change and no key is used again: no entry ever lies."""


class SqlTransaction:
    """A transaction that is open on a connection; see `pods.storage.base.Transaction`."""

    __slots__ = ("_connection", "_execute", "_found", "_last", "_observers", "_pods", "_seen", "_usage")

    def __init__(
        self,
        connection: Connection,
        observers: Sequence[Observer],
        pods: PodCache,
        *,
        snapshot: bool = False,
    ) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._observers = observers
        self._pods = pods
        self._seen = pods if snapshot else PodCache()  # what a writer sees may yet be rolled back
        self._last: Cursor | None = None
        self._usage: tuple[int, Usage] | None = None
        # Rows found since the last statement that writes, so that nobody asks twice in one job.
        self._found: dict[str, tuple[Any, ...] | None] = {}

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
        return self._seen.setdefault(key, _pod(row))

    def committed(self) -> None:
        """Remember for later transactions what this one has seen; called once it is committed."""
        self._pods.update(self._seen)

    def add_pod(self, name: str, owner: WebId, at: float) -> Pod:
        # The name of a removed pod is nobody's: others may still trust the WebID that had it.
        if self.execute("SELECT 1 FROM gone_pod WHERE name = ?", (tombstone(name),)):
            raise Conflict(f"The pod name {name!r} is taken; choose another one.")
        row = self._execute(
            "INSERT INTO pod (name, owner, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING RETURNING key",
            (name, owner, at),
        ).fetchone()
        if row is None:
            raise Conflict(f"The pod name {name!r} is taken; choose another one.")
        pod = Pod(row[0], name, Path(f"/{name}/"), owner)
        self._insert(Stored(pod.root, pod.key, TURTLE, b"", _new_tag(), int(at * 1000)), None, at)
        return pod

    def get(self, path: Path) -> Stored | None:
        row = self._row(path.rstrip("/"))
        if row is None or bool(row[1]) != path.endswith("/"):
            return None
        return Stored(path, *row[2:])

    def first_of(self, paths: Sequence[Path], *, beside: Path | None = None) -> Stored | None:
        found = self._rows(paths if beside is None else (*paths, beside.rstrip("/")))
        for path in paths:
            if (row := found[path]) is not None:
                return Stored(row[0], *row[2:])
        return None

    def children(
        self, container: Path, *, after: Path | None = None, limit: int | None = None
    ) -> list[Entry]:
        found = self._execute(
            _MEMBERS, (container, after.rstrip("/") if after else "", ALL if limit is None else limit)
        )
        return [
            Entry(name + "/" if is_container else name, media_type, size, etag, modified)
            for name, is_container, media_type, size, etag, modified in found
        ]

    def write(
        self, path: Path, media_type: str, content: bytes, at: float, *, blob: Blob | None = None
    ) -> Stored:
        if blob is not None:
            self._adopt(blob)
            etag, size, key = blob.digest, blob.size, blob.key
        else:
            etag = _new_tag() if path.endswith("/") else conditions.content_tag(media_type, content)
            size, key = len(content), None
        name = path.rstrip("/")
        row = self._row(name)
        parent = None if target.is_auxiliary(path) else target.parent_of(path)
        if row is None:
            pod = self._container_for(path, at)
            stored = Stored(path, pod, media_type, content, etag, int(at * 1000), key, size)
            self._insert(stored, parent, at)
        else:
            is_container, pod, size_before, blob_before = row[1], row[2], row[8], row[7]
            _require_same_kind(path, bool(is_container))
            stored = Stored(path, pod, media_type, content, etag, int(at * 1000), key, size)
            self._execute(REPLACE, (media_type, content, size, etag, stored.modified, key, name))
            self._found.clear()
            self._count(pod, size - size_before)
            if blob_before is not None:
                self._drop(blob_before, at)
            self._announce(pod, path, "Update", at, stored)
        if parent is not None:
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
        for name in (*auxiliary, path):
            self._remove(stored.pod, Path(name), at)
        parent = target.parent_of(path)
        if parent is not None and not target.is_auxiliary(path):
            self._touch(parent, at)

    def usage(self, pod: int) -> Usage:
        if self._usage is not None and self._usage[0] == pod:
            return self._usage[1]
        row = self._execute("SELECT used, quota FROM pod WHERE key = ?", (pod,)).fetchone()
        if row is None:
            raise NotFound("There is no pod at this address.")
        return Usage(*row)

    def changes(self, after: int, limit: int) -> list[Change]:
        rows = self._execute(
            "SELECT seq, pod, path, kind, at FROM change WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
        )
        return [Change(*row) for row in rows]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._forget()
        cursor = self._execute(sql, parameters)
        self._last = cursor
        return cursor.fetchall()

    def execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None:
        self._forget()
        self._last = self._connection.executemany(sql, parameters)

    def _forget(self) -> None:
        self._found.clear()
        self._usage = None

    @property
    def row_count(self) -> int:
        return self._last.rowcount if self._last is not None else 0

    def _container_for(self, path: Path, at: float) -> int:
        """Return the pod key of a new resource's container, which is created if it is missing."""
        parent = target.parent_of(path)
        if parent is None:
            raise NotFound("There is no pod at this address.")
        row = self._row(parent[:-1])
        if row is None:
            return self.write(parent, TURTLE, b"", at).pod
        _require_same_kind(parent, bool(row[1]))
        return int(row[2])

    def _row(self, name: str) -> tuple[Any, ...] | None:
        return self._found[name] if name in self._found else self._rows((name,))[name]

    def _rows(self, names: Sequence[str]) -> Mapping[str, tuple[Any, ...] | None]:
        """Return the rows of these names; only those that are not known are asked for, in one query."""
        found = self._found
        if len(found) > MOST_FOUND:
            found.clear()
        asked = [name for name in names if name not in found]
        if asked:
            found.update(dict.fromkeys(asked))
            for row in self._execute(ANY_OF[len(asked)], asked):
                found[row[0]] = row
        return found

    def _insert(self, stored: Stored, parent: Path | None, at: float) -> None:
        self._found.clear()
        path = stored.path
        self._execute(
            INSERT,
            (
                *(path.rstrip("/"), path.endswith("/"), parent, stored.pod, stored.media_type, stored.etag),
                *(stored.modified, stored.size, stored.content, stored.blob),
            ),
        )
        self._count(stored.pod, stored.size + ENTRY_BYTES)
        self._announce(stored.pod, path, "Create", at, stored)

    def _remove(self, pod: int, path: Path, at: float) -> None:
        self._found.clear()
        row = self._execute(REMOVE, (path.rstrip("/"),)).fetchone()
        if row is None:
            return
        self._count(pod, -row[0] - ENTRY_BYTES)
        if row[1] is not None:
            self._drop(row[1], at)
        self._announce(pod, path, "Delete", at, None)

    def _count(self, pod: int, more: int) -> None:
        if more:
            row = self._execute(COUNT, (more, pod)).fetchone()
            self._usage = (pod, Usage(*row))

    def _adopt(self, blob: Blob) -> None:
        """Take a blob off the list of those that are removed; from now on a row names it."""
        cursor = self._execute("DELETE FROM dropped_blob WHERE key = ? AND removing = 0", (blob.key,))
        if cursor.rowcount != 1:
            raise StoreError("What was uploaded was given up in the meantime; send it again.")

    def _drop(self, key: str, at: float) -> None:
        self._execute("INSERT INTO dropped_blob (key, due) VALUES (?, ?)", (key, at + DROPPED_SECONDS))

    def _touch(self, container: Path, at: float) -> None:
        """Give a container a new tag, since its listing shows size and time of each member."""
        self._found.clear()
        self._execute(TOUCH, (_new_tag(), int(at * 1000), container[:-1]))

    def _announce(self, pod: int, path: Path, kind: str, at: float, stored: Stored | None) -> None:
        self._execute("INSERT INTO change (pod, path, kind, at) VALUES (?, ?, ?, ?)", (pod, path, kind, at))
        for observer in self._observers:
            observer.changed(self, path, kind, stored)


def _new_tag() -> str:
    """Return a tag that no earlier state of a container had; it need not be secret, so it comes cheap."""
    return f"{random.getrandbits(8 * conditions.TAG_BYTES):024x}"


def tombstone(name: str) -> bytes:
    """Return what is kept of the name of a removed pod."""
    return hashlib.sha256(name.encode()).digest()


def _pod(row: tuple[int, str, str]) -> Pod:
    return Pod(row[0], row[1], Path(f"/{row[1]}/"), WebId(row[2]))


def _require_same_kind(path: Path, is_container: bool) -> None:
    # Solid Protocol, 3.1: "/x" and "/x/" must not both exist; a document has no members.
    if is_container != path.endswith("/"):
        existing = "container" if is_container else "document"
        name = path.rstrip("/")
        raise Conflict(f"{name} is a {existing} already; a path names a document or a container, never both.")
