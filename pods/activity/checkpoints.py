"""Making checkpoints: each log that grew gets an entry in the host's tree, and the host signs the tree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pods.activity import keys_sql, reading, retention, tree_sql
from pods.activity.keys_sql import Cover, PodLog
from pods.activity.tree_sql import Signed
from pods.model import Clock
from pods.recurring import recurring
from pods.storage.base import Commits, Store, Transaction
from pods.transparency import merkle
from pods.transparency.notes import Signer
from pods.transparency.records import commitment

EVERY_SECONDS = 60.0  # between checkpoints of a host whose logs grow: as long a tail could be cut unseen
DAY = 86_400.0


class Checkpoints:
    """Signs the host's tree now and then, and on demand; several workers may do so at once."""

    def __init__(
        self, store: Store, commits: Commits, signer: Signer, *, kept_days: int, clock: Clock
    ) -> None:
        self._store = store
        self._commits = commits
        self._signer = signer
        self._kept_days = kept_days
        self._clock = clock

    @property
    def verifier_key(self) -> str:
        """The public key of the checkpoints, as witnesses write it."""
        return self._signer.verifier_key

    def sign(self, tx: Transaction) -> bool:
        """Cover every line that is written by now; False if no log grew."""
        before = entries = tree_sql.size(tx)
        new: dict[tuple[int, int], bytes] = {}
        stored = tree_sql.node(tx)

        def node(level: int, position: int) -> bytes:
            return new.get((level, position)) or stored(level, position)

        covers = []
        for grown in keys_sql.grown(tx):
            cover = _cover(tx, grown, entries)
            leaf = merkle.leaf_hash(commitment(grown.blind, cover.size, merkle.root_of_peaks(cover.peaks)))
            new.update({(level, at): value for level, at, value in merkle.added(node, entries, leaf)})
            covers.append(cover)
            entries += 1
        if entries == before and tree_sql.newest(tx) is not None:
            return False
        # Written at once: after a question about thousands of pods other writers wait for this commit.
        tree_sql.add(tx, new)
        keys_sql.cover(tx, covers)
        at = self._clock()
        note = self._signer.sign(entries, merkle.root(node, entries), at)
        tree_sql.add_checkpoint(tx, Signed(entries, at, note, self.verifier_key))
        return True

    async def up_to_date(self) -> None:
        """Sign a checkpoint unless the newest covers everything."""
        if await self._store.read(_is_behind):
            await self._commits.submit(self.sign, long=True)

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Sign while the host serves, and empty the lines that are past their time."""
        async with (
            recurring(self.up_to_date, EVERY_SECONDS, "checkpoints", first=EVERY_SECONDS),
            recurring(self.empty, DAY, "emptying the log", first=EVERY_SECONDS),
        ):
            yield

    async def empty(self) -> int:
        """Take away the text of lines that are older than the host keeps them; return how many there were."""
        if not self._kept_days:
            return 0
        before, count = self._clock() - self._kept_days * DAY, 0
        while due := await self._store.read(lambda tx: retention.due(tx, before)):
            await self._commits.submit(lambda tx, due=due: retention.empty(tx, due))  # type: ignore[misc]
            count += len(due)
        return count


def _is_behind(tx: Transaction) -> bool:
    return tree_sql.newest(tx) is None or bool(keys_sql.grown(tx))


def _cover(tx: Transaction, grown: PodLog, entry: int) -> Cover:
    """Return that the entry speaks of all lines of a log."""
    size, peaks = grown.size, list(grown.peaks)
    while page := reading.digests(tx, grown.pod, after=size):
        for digest in page:
            peaks = merkle.extended(peaks, size, merkle.leaf_hash(digest))
            size += 1
    return Cover(grown.pod, size, tuple(peaks), entry)
