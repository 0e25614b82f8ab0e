"""Looks at everything that a host stores, from one snapshot, and says what is not as it should be."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from pods import activity
from pods.authz import acl
from pods.errors import BadTarget, PodError, StoreError
from pods.model import Mode, Path
from pods.protocol import conditions, rdf, target
from pods.storage import lock_holders
from pods.storage.base import Transaction
from pods.storage.blobs import BlobStore
from pods.upkeep import doctor_sql
from pods.upkeep.doctor_sql import Row

ERROR, NOTICE = "error", "notice"
WRITERS_SECONDS = 10.0  # a commit takes milliseconds, an import of a pod some seconds


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be; `repair` names what could set it right without losing anything."""

    severity: str
    check: str
    where: str
    what: str
    repair: Callable[[Transaction], None] | None = None


class Doctor:
    """Examines the host at `base` with the tables of `known_steps`; `fast` leaves out digests of large content."""

    def __init__(
        self, base: str, blobs: BlobStore, known_steps: frozenset[str], *, fast: bool = False
    ) -> None:
        self._base = base
        self._blobs = blobs
        self._known_steps = known_steps
        self._fast = fast

    def examine(self, tx: Transaction) -> Iterator[Finding]:
        """Return what is wrong in a snapshot of the database, and with the content that it names."""
        for step in sorted(doctor_sql.migrations(tx) - self._known_steps):
            yield Finding(
                ERROR, "migrations", step, "was applied by a newer version of Portico; update this one"
            )
        leaving = doctor_sql.leaving(tx)
        for name, parent in doctor_sql.homeless(tx):
            yield Finding(
                ERROR, "containment", name, f"its container {parent} is missing, or is none of its pod"
            )
        for row in doctor_sql.rows(tx):
            if row.pod not in leaving:
                yield from self._resource(tx, row)
        held = doctor_sql.held(tx)
        for key, name, owner, used in doctor_sql.pods(tx):
            if key not in leaving:
                yield from self._pod(tx, key, name, owner)
                yield from _counter(name, key, used, held.get(key, 0))

    def _resource(self, tx: Transaction, row: Row) -> Iterator[Finding]:
        path = Path(row.name + "/" if row.container else row.name)
        try:
            canonical = target.canonical(path.encode()) == path and not row.name.endswith("/")
        except BadTarget:
            canonical = False
        expected = None if target.is_auxiliary(path) else target.parent_of(path)
        if not canonical:
            yield Finding(
                ERROR, "paths", path, "is not written as a request would name it, so nobody reaches it"
            )
        elif row.parent != expected:
            yield Finding(ERROR, "containment", path, f"is listed in {row.parent}, not in {expected}")
        if target.is_auxiliary(path) and tx.get(target.subject_of(path)) is None:
            yield Finding(NOTICE, "orphans", path, "is about a resource that does not exist")
        yield from self._content(path, row)

    def _content(self, path: Path, row: Row) -> Iterator[Finding]:
        if row.blob is not None:
            yield from self._blob(path, row, row.blob)
        elif len(row.content) != row.size:
            yield Finding(
                ERROR, "content", path, f"has {len(row.content)} bytes, and is said to have {row.size}"
            )
        elif not row.container and conditions.content_tag(row.media_type, row.content) != row.etag:
            yield Finding(
                ERROR, "content", path, "is not what was written: its entity tag is of something else"
            )

    def _blob(self, path: Path, row: Row, key: str) -> Iterator[Finding]:
        try:
            size = self._blobs.size(key)
        except StoreError as error:
            yield Finding(ERROR, "blobs", path, f"its content cannot be looked at: {error}")
            return
        if size is None:
            yield Finding(
                ERROR, "blobs", path, f"its content, the blob {key}, is missing; a backup may have it"
            )
        elif size != row.size:
            yield Finding(
                ERROR, "blobs", path, f"its content has {size} bytes, and is said to have {row.size}"
            )
        elif not self._fast and self._tag(key, row.media_type) != row.etag:
            yield Finding(ERROR, "blobs", path, "its content is not what was written: the digest differs")

    def _tag(self, key: str, media_type: str) -> str:
        maker, reader = conditions.tag_maker(media_type), self._blobs.open(key)
        try:
            while piece := reader.read():
                maker.update(piece)
        finally:
            reader.close()
        return maker.hexdigest()

    def _pod(self, tx: Transaction, key: int, name: str, owner: str) -> Iterator[Finding]:
        root = Path(f"/{name}/")
        if tx.get(root) is None:
            yield Finding(ERROR, "pods", root, "has no root container")
        rules = tx.get(target.acl_of(root))
        if rules is None:
            yield Finding(ERROR, "pods", root, "has no access rule, so nobody controls it")
        else:
            yield from self._control(root, owner, rules.media_type, rules.content)
        for what in activity.faults(tx, key):
            yield Finding(ERROR, "logs", root, f"the access log was changed: {what}")

    def _control(self, root: Path, owner: str, media_type: str, content: bytes) -> Iterator[Finding]:
        address = self._base + root
        try:
            listed = acl.read(rdf.parse(media_type, content, address + target.ACL))
        except PodError as error:
            yield Finding(ERROR, "pods", f"{root}{target.ACL}", f"cannot be read: {error}")
            return
        control = [rule for rule in listed if Mode.CONTROL & rule.modes and address in rule.access_to]
        if not control:
            yield Finding(ERROR, "pods", root, "has no access rule by which anybody controls it")
        elif not any(owner in rule.agents for rule in control):
            yield Finding(NOTICE, "pods", root, "its owner does not control it; others do")


def _counter(name: str, key: int, used: int, held: int) -> Iterator[Finding]:
    if used != held:

        def correct(tx: Transaction) -> None:
            # Counted again where nobody else writes: the snapshot is over by now.
            doctor_sql.set_used(tx, key, doctor_sql.held(tx).get(key, 0))

        yield Finding(
            ERROR, "counters", f"/{name}/", f"is said to hold {used} bytes and holds {held}", correct
        )


def permissions(data: FilePath, secret_files: Sequence[str]) -> Iterator[Finding]:
    """Return what others on the machine may read of a data folder and should not."""
    for place in (data, *(file for pattern in secret_files for file in sorted(data.glob(pattern)))):
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & 0o077:

            def close(_: Transaction, place: FilePath = place, mode: int = mode) -> None:
                place.chmod(mode & 0o700)

            yield Finding(ERROR, "permissions", str(place), f"others may read it ({mode:o})", close)


def writers(database: FilePath, patience: float = WRITERS_SECONDS) -> Iterator[Finding]:
    """Return who keeps everybody from writing to a SQLite file, if somebody does for so many seconds."""
    who = lock_holders.blocked(database, patience)
    if who is not None:
        yield Finding(
            ERROR,
            "writers",
            str(database),
            f"can be written by nobody: {who} has the turn. Let it go on (kill -CONT) or end it (kill -9):"
            " what it has not committed is rolled back, and nothing that was acknowledged is lost",
        )
