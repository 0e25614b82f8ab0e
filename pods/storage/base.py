"""Protocols of a store: one transaction reads rights, data and log, or writes them, together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from pods.model import Path, WebId

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pod:
    """A storage (`pim:Storage`) and its owner. `root` is its container, `/anna/`."""

    key: int
    name: str
    root: Path
    owner: WebId


class Entry(NamedTuple):
    """A resource as a listing shows it. `modified` is milliseconds since the epoch; `size` bytes."""

    path: Path
    media_type: str
    size: int
    etag: str
    modified: int


class Stored(NamedTuple):
    """A resource with its content. A container has media type `text/turtle` and holds extra triples only."""

    path: Path
    pod: int
    media_type: str
    content: bytes
    etag: str
    modified: int
    blob: str | None = None
    """Key of the content in the blob store; `content` is then empty, and `blob_size` says how much there is."""
    blob_size: int = 0

    @property
    def size(self) -> int:
        """Bytes of the content, wherever it lies."""
        return self.blob_size if self.blob is not None else len(self.content)


@dataclass(frozen=True, slots=True)
class Blob:
    """Content that was put into the blob store and waits for a row to name it."""

    key: str
    size: int
    digest: str
    """The entity tag of this content under its media type (`conditions.content_tag`)."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod holds, in bytes as quotas count them, and its own limit; None where the host's setting rules."""

    used: int
    quota: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the outbox, numbered in commit order. `kind` is Create, Update or Delete (ActivityStreams)."""

    seq: int
    pod: int
    path: Path
    kind: str
    at: float


class Transaction(Protocol):
    """Everything that one request may do with the store; all of it commits, or none."""

    def pod(self, name: str) -> Pod | None: ...

    def pod_by_key(self, key: int) -> Pod | None: ...

    def add_pod(self, name: str, owner: WebId, at: float) -> Pod:
        """Create a pod with its root container; raise Conflict if the name is taken."""

    def get(self, path: Path) -> Stored | None: ...

    def first_of(self, paths: Sequence[Path], *, beside: Path | None = None) -> Stored | None:
        """Return the first of these paths that exists (the effective ACL lookup), in one query.

        It also looks up what is `beside`. What was looked up costs no query again, until something is changed.
        """

    def children(
        self, container: Path, *, after: Path | None = None, limit: int | None = None
    ) -> list[Entry]:
        """Return the members of a container in path order; auxiliary resources are never members."""

    def write(
        self, path: Path, media_type: str, content: bytes, at: float, *, blob: Blob | None = None
    ) -> Stored:
        """Create or replace; missing containers on the way are created. Announces each change.

        Content that lies in the blob store already is given as `blob`, with empty `content`; it must have been
        announced (`blobs_sql.expect`). What the pod uses is counted, and never refused here: whoever writes for
        a client asks `usage` afterwards.
        Raises Conflict if an ancestor is a document, or the path with or without its slash exists; StoreError
        if the blob was given up meanwhile.
        """

    def usage(self, pod: int) -> Usage: ...

    def delete(self, path: Path, at: float) -> None:
        """Remove a resource with its auxiliary resources; raise Conflict for a container with members."""

    def changes(self, after: int, limit: int) -> list[Change]: ...

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement with `?` parameters and return its rows; for tables that another module owns."""

    def execute_many(self, sql: str, parameters: Iterable[Sequence[Any]]) -> None: ...

    @property
    def row_count(self) -> int:
        """Rows that the last `execute` changed."""


class Observer(Protocol):
    """Told of every change inside the transaction that makes it, so that an index can never lag behind."""

    def changed(self, tx: Transaction, path: Path, kind: str, stored: Stored | None) -> None: ...


class Store(Protocol):
    """A database of pods. Schemas of layers above are given at opening as (name, statements)."""

    def observe(self, observer: Observer) -> None:
        """Tell the observer of every change from now on; call before serving."""

    def read(self, job: Callable[[Transaction], T]) -> Awaitable[T]:
        """Run the job on a snapshot and return what it returns; the event loop is never held up by waiting.

        What is in one process answers at once, without a switch to another task. What is not may run the job
        again, and lets others run where it waits: a job has no effect but through its transaction.
        """

    def reading(self) -> AbstractContextManager[Transaction]:
        """A snapshot, for programs without an event loop: nothing committed later is seen."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """A serialised write transaction, durable when the block ends; rolled back on any exception."""

    def purge(self) -> None:
        """Overwrite what deleted rows leave behind, as far as the database can do it; may wait, so use a thread."""

    def settle(self) -> None:
        """Number what was committed to the outbox; called before the snapshot that reads `Transaction.changes`.

        It may wait for the database: from an event loop, call it in a thread.
        """

    def close(self) -> None: ...


class Commits(Protocol):
    """Runs write jobs one after another, several to a commit, each in a savepoint of its own."""

    def submit(self, job: Callable[[Transaction], T], *, long: bool = False) -> Awaitable[T]:
        """Return once the commit that holds the job is durable; the job's exception rolls back the job alone.

        `long` is for a job of more than some milliseconds: it does not hold up reads. On PostgreSQL a job may
        run several times, when another worker was first: it has no effect but through its transaction.
        """

    async def drain(self) -> None:
        """Finish what was submitted, and take nothing more."""

    def close(self) -> None:
        """Release what the queue holds; drain first where a server ran."""
