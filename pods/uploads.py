"""Large bodies on their way into the blob store: counted, hashed, and known to the sweeper before the first byte."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from pods.changes import Content
from pods.errors import PodError, QuotaExceeded, TooLarge
from pods.model import Answer, Body, Clock, Operation
from pods.protocol import conditions, rdf, target
from pods.storage import blobs_sql
from pods.storage.base import Blob, Commits
from pods.storage.blobs import BlobStore

WRITE_BYTES = 1024 * 1024  # handed to the writing thread at a time; what one upload holds in memory, twice
MAX_PARSED = 16 * 1024 * 1024  # bytes of a body that must be parsed, and so held in memory
LEASE_SECONDS = 3600.0  # after a crash an upload is removed when this has passed
RENEW_SECONDS = 600.0  # how often an upload that goes on says so


class GivenUp(PodError):
    """The upload was struck out by the sweeper, since this host was not heard of for too long."""


class Uploads:
    """Puts streams into the blob store. A blob that no row names in the end is removed by the sweeper."""

    def __init__(
        self,
        blobs: BlobStore,
        commits: Commits,
        *,
        clock: Clock,
        new_key: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._blobs = blobs
        self._commits = commits
        self._clock = clock
        self._new_key = new_key

    async def carry(
        self, body: Body, room: int | None, write: Callable[[Content], Awaitable[Answer]]
    ) -> Answer:
        """Put a body into the blob store and write the resource that it is the content of."""
        blob = await self.keep(body.media_type, within(room, body))
        try:
            return await write(Content(body.media_type, b"", blob=blob))
        except BaseException:
            await self.give_up(blob.key)
            raise

    async def keep(self, media_type: str, pieces: AsyncIterator[bytes]) -> Blob:
        """Return what was read to the end, durable; what the iterator raises is raised, and nothing is kept."""
        key = self._new_key()
        due = self._clock() + LEASE_SECONDS
        await self._commits.submit(lambda tx: blobs_sql.expect(tx, key, due))
        writer = await asyncio.to_thread(self._blobs.create, key)
        try:
            tag, size = conditions.tag_maker(media_type), 0

            def take(batch: list[bytes]) -> int:
                piece = b"".join(batch)
                tag.update(piece)
                writer.write(piece)
                return len(piece)

            renewed = self._clock()
            async for batch in _batches(pieces):
                size += await asyncio.to_thread(take, batch)
                if self._clock() - renewed >= RENEW_SECONDS:
                    renewed = self._clock()
                    await self._renew(key, renewed + LEASE_SECONDS)
            await asyncio.to_thread(writer.finish)
        except BaseException:
            # Shielded: a cancelled request must not leave the file to the sweeper only.
            await asyncio.shield(asyncio.ensure_future(asyncio.to_thread(writer.abandon)))
            await self.give_up(key)
            raise
        return Blob(key, size, tag.hexdigest())

    async def give_up(self, key: str) -> None:
        """Leave a blob to the sweeper, at once; without effect once a row names it."""
        at = self._clock()
        with suppress(PodError):  # a host that shuts down: the lease ends by itself
            await asyncio.shield(self._commits.submit(lambda tx: blobs_sql.give_up(tx, key, at)))

    async def _renew(self, key: str, due: float) -> None:
        if not await self._commits.submit(lambda tx: blobs_sql.prolong(tx, key, due)):
            raise GivenUp("The upload was given up by the host; send it again.")


def must_be_parsed(op: Operation, body: Body) -> bool:
    """Say whether a body is RDF or a patch, or lies where nothing else may be."""
    described = op.method == "PUT" and (target.is_container(op.path) or target.is_auxiliary(op.path))
    return op.method == "PATCH" or described or rdf.is_rdf(body.media_type)


async def in_memory(body: Body) -> Body:
    """Return a body with its stream read into memory, where it is to be parsed; raise TooLarge."""
    message = f"RDF and patches have at most {MAX_PARSED:,} bytes; divide the document."
    if body.length is not None and body.length > MAX_PARSED:
        raise TooLarge(message)
    parts, size = [], 0
    async for piece in _stream_of(body):
        parts.append(piece)
        size += len(piece)
        if size > MAX_PARSED:
            raise TooLarge(message)
    return Body(body.media_type, b"".join(parts))


async def within(room: int | None, body: Body) -> AsyncIterator[bytes]:
    """Return the stream of a body of unknown length as long as there is room for it; raise QuotaExceeded."""
    size = 0
    async for piece in _stream_of(body):
        size += len(piece)
        if room is not None and size > room:
            raise QuotaExceeded(
                f"The pod has room for {room:,} bytes, and the body has more. Delete something."
            )
        yield piece


def _stream_of(body: Body) -> AsyncIterator[bytes]:
    if body.stream is None:
        raise ValueError("the body is in memory already")
    return body.stream


async def _batches(pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    async for piece in pieces:
        batch.append(piece)
        size += len(piece)
        if size >= WRITE_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
