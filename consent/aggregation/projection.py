"""Keeps the projection in step with the pods: reads the change feed, verifies receipts, writes typed rows."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from consent.aggregation.errors import AnsweredElsewhere
from consent.aggregation.rows import COLUMNS, Value, profile_row, receipt_rows
from consent.receipts.errors import BadReceipt
from consent.receipts.keys import PublicKey
from consent.receipts.model import Receipt
from consent.receipts.signing import verify
from pods.model import Path as ResourcePath
from pods.removal_sql import ANYWHERE
from pods.storage.base import Change, Store, Transaction
from vocab.shapes import SHAPES

if TYPE_CHECKING:
    from consent.aggregation.projection_sql import ProjectionTables

BATCH = 20_000  # changes of one DuckDB transaction: a few seconds of work to lose in a crash
CONTAINERS = tuple(SHAPES[name].container for name in ("Participation", "Purchase"))
PROFILE_DOCUMENT = SHAPES["Profile"].document or ""
SIGNED = ".jws"  # the receipt is the signed bytes; the RDF beside them is derived and proves nothing


class Issuers(Protocol):
    """The issuers whose receipts count; a KeyLookup that can say when it changed."""

    def __call__(self, issuer: str, kid: str) -> PublicKey | None: ...

    def fingerprints(self) -> Mapping[str, str]:
        """Return each issuer with something that changes when its keys do."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents to read again: path and person; and those who left."""

    profiles: dict[str, int] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    """Persons whose pods were removed, of whom nothing is read again."""


class Projector:
    """Owns the projection. Threads may call it at once; a second process cannot open the same file."""

    def __init__(self, store: Store, path: Path | None, issuers: Issuers) -> None:
        self._store = store
        self._path = path
        self._issuers = issuers
        self._lock = threading.Lock()
        self._tables: ProjectionTables | None = None
        self._closing = threading.Event()
        self._passed = (0, 0)
        """The position in the file, and the last change that was looked at since: what changes no row is not
        worth a write."""

    def open(self) -> None:
        """Open the file; raise AnsweredElsewhere if another process has it open."""
        with self._lock:
            self._opened()

    def keep_up(self) -> None:
        """Catch up if anybody could ask: where no issuer was ever admitted, nothing is opened and nothing loaded."""
        known = self._tables is not None or self._path is None or self._path.exists()
        if known or self._issuers.fingerprints():
            self.catch_up()

    def catch_up(self) -> int:
        """Bring the rows up to the last change committed before this call, and return its number."""
        with self._lock:
            tables = self._opened()
            self._follow_issuers(tables)
            position = self._position(tables)
            while not self._closing.is_set():
                self._store.settle()
                with self._store.reading() as tx:
                    changes = tx.changes(position, BATCH)
                    batch = batch_of(changes)
                    if batch.profiles or batch.receipts or batch.gone or len(changes) == BATCH:
                        self._write(tables, batch, tx, changes[-1].seq)
                if changes:
                    position = changes[-1].seq
                    self._passed = (tables.position(), position)
                # Not until nothing is new: under a load of writes that would be never, and each round has its price.
                if len(changes) < BATCH:
                    break
            return position

    def _follow_issuers(self, tables: ProjectionTables) -> None:
        """Verify again what an issuer's admission, new keys or dismissal may have changed."""
        now, before = self._issuers.fingerprints(), tables.issuers()
        if now == before:
            return
        changed = [iri for iri, keys in before.items() if now.get(iri) != keys]
        batch = Batch(receipts={**tables.receipts_of(changed), **tables.unverified()})
        with self._store.reading() as tx:
            self._write(tables, batch, tx, tables.position(), issuers=now)

    def cursor(self) -> Any:
        """Return a DuckDB connection that sees the rows as they stand now."""
        with self._lock:
            return self._opened().cursor()

    def identity(self) -> str:
        """Return what this projection is called in the ledger of budgets; raise AnsweredElsewhere as `open` does."""
        with self._lock:
            return self._opened().identity

    def owned(self) -> bool:
        """Say whether this process has the file open."""
        return self._tables is not None

    def close(self) -> None:
        """Close the file, after the batch that is being written; the next call opens it again."""
        self._closing.set()
        with self._lock:
            self._closing.clear()
            if self._tables is not None:
                position = self._position(self._tables)
                if position > self._tables.position():
                    self._tables.begin()
                    self._tables.commit(position)
                self._tables.close()
                self._tables = None

    def _position(self, tables: ProjectionTables) -> int:
        written, passed = tables.position(), self._passed
        return passed[1] if passed[0] == written else written

    def _opened(self) -> ProjectionTables:
        if self._tables is None:
            # Here: DuckDB and Arrow take some tens of megabytes, which a plain pod host does not need.
            from consent.aggregation.projection_sql import ProjectionTables, Taken

            try:
                self._tables = ProjectionTables(self._path)
            except Taken as error:
                raise AnsweredElsewhere from error
        return self._tables

    def _write(
        self,
        tables: ProjectionTables,
        batch: Batch,
        tx: Transaction,
        position: int,
        *,
        issuers: Mapping[str, str] | None = None,
    ) -> None:
        tables.begin()
        try:
            if issuers is not None:
                tables.set_issuers(issuers)
            if batch.gone:
                tables.forget_units(sorted(batch.gone))
            self._write_profiles(tables, batch.profiles, tx)
            doubles = tables.forget(list(batch.receipts))
            tables.forget(list(doubles))
            self._write_receipts(tables, {**batch.receipts, **doubles}, tx)
            tables.commit(position)
        except BaseException:
            tables.rollback()
            raise

    def _write_profiles(self, tables: ProjectionTables, profiles: Mapping[str, int], tx: Transaction) -> None:
        rows: list[tuple[Value, ...]] = []
        for path, unit in profiles.items():
            stored, pod = tx.get(ResourcePath(path)), tx.pod_by_key(unit)
            row = profile_row(stored.content, pod.owner) if stored and pod else None
            if row is not None:
                rows.append((unit, *row))
        tables.replace_profiles(list(profiles.values()), rows)

    def _write_receipts(self, tables: ProjectionTables, paths: Mapping[str, int], tx: Transaction) -> None:
        verified, failed = self._verify(paths, tx)
        # A receipt that lies twice in one pod counts once. Copies in two pods are not looked for here: if one
        # person's data could silence another's, adding a person would change two contributions, not one.
        seen = tables.counted([unit for _, unit, _ in verified], [one.nonce for _, _, one in verified])
        number = tables.next_receipt()
        receipts: list[tuple[int, int, str, str, str, bool]] = []
        rows: dict[str, list[tuple[Value, ...]]] = {table: [] for table in COLUMNS}
        for path, unit, receipt in verified:
            fresh = (unit, receipt.nonce) not in seen
            receipts.append((number, unit, path, receipt.nonce, receipt.issuer, fresh))
            if fresh:
                seen.add((unit, receipt.nonce))
                for table, found in receipt_rows(receipt).items():
                    rows[table] += [(unit, number, *row) for row in found]
            number += 1
        tables.add_receipts(receipts)
        for table, found in rows.items():
            tables.add_rows(table, found)
        tables.set_unverified(paths, failed)

    def _verify(
        self, paths: Mapping[str, int], tx: Transaction
    ) -> tuple[list[tuple[str, int, Receipt]], dict[str, int]]:
        verified: list[tuple[str, int, Receipt]] = []
        failed: dict[str, int] = {}
        keys = cache(self._issuers)  # for this batch: an issuer signs thousands of receipts
        for path, unit in paths.items():
            stored = tx.get(ResourcePath(path))
            if stored is None:
                continue
            try:
                verified.append((path, unit, verify(stored.content, keys)))
            except BadReceipt:
                failed[path] = unit
        return verified, failed


def batch_of(changes: Sequence[Change]) -> Batch:
    """Return what the changes touch of all that a question could be about."""
    batch = Batch()
    for change in changes:
        if change.path == ANYWHERE:
            batch.gone.add(change.pod)
            continue
        relative = change.path.split("/", 2)[-1]
        if relative == PROFILE_DOCUMENT:
            batch.profiles[change.path] = change.pod
        elif relative.endswith(SIGNED) and relative.startswith(CONTAINERS):
            batch.receipts[change.path] = change.pod
    return batch
