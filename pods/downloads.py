"""Large content on its way out: read piece by piece off the event loop, and only while it may still be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from pods.errors import Forbidden
from pods.model import Clock, Operation
from pods.storage import blobs_sql
from pods.storage.base import Transaction
from pods.storage.blobs import BlobStore

CHECK_BYTES = 16 * 1024 * 1024  # served at most after rights have gone
CHECK_SECONDS = 2.0  # and for this long, where the client is slow
AHEAD_SECONDS = 300.0  # what is removed sooner than this is not read on: not every store holds a file open

Still = Callable[[Operation, Callable[[Transaction], bool]], Awaitable[bool]]


class Downloads:
    """Opens content of the blob store for one reader whose rights hold, and looks again as it goes.

    `still` says whether an operation may be answered yet, and something else holds in the same transaction.
    """

    def __init__(self, blobs: BlobStore, still: Still, clock: Clock) -> None:
        self._blobs = blobs
        self._still = still
        self._clock = clock

    async def pieces(self, op: Operation, key: str, first: int, last: int) -> AsyncIterator[bytes]:
        """Return the bytes from `first` through `last`. Raises StoreError, or Forbidden when rights are gone."""
        reader = await asyncio.to_thread(self._blobs.open, key, first, last)
        try:
            checked, served = self._clock(), 0
            while piece := await asyncio.to_thread(reader.read):
                if served >= CHECK_BYTES or self._clock() - checked >= CHECK_SECONDS:
                    await self._require(op, key)
                    checked, served = self._clock(), 0
                served += len(piece)
                yield piece
        finally:
            reader.close()

    async def _require(self, op: Operation, key: str) -> None:
        # Design, rule 2: a withdrawal that has committed is effective for every later read, within one answer too.
        # What was replaced is served to its end, what was deleted is not.
        until = self._clock() + AHEAD_SECONDS

        def there(tx: Transaction) -> bool:
            return tx.get(op.path) is not None and blobs_sql.readable(tx, key, until)

        if not await self._still(op, there):
            raise Forbidden("The right to read ended during the download.")
