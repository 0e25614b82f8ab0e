"""Containers with very many members: listed whole, a slice at a time, so that nobody else waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from pods.errors import Forbidden
from pods.model import Operation
from pods.protocol import listing, rdf
from pods.storage.base import Entry, Stored, Transaction

AT_ONCE = 1_000  # members that are listed in one go, and kept; above that the list is streamed and not kept
SLICE = 100  # members between two chances for other requests; a millisecond, three where it is converted

Still = Callable[[Operation, Callable[[Transaction], bool]], Awaitable[bool]]
"""Looks at something on a snapshot if the operation may still read there; says whether it could."""


class LongListings:
    """Streams listings. Memory holds one slice, however many members there are.

    Each slice is read in a transaction of its own that looks at the rights again (design, rule 2), after the name
    that the slice before ended with: what is there all the time is listed exactly once. A change in between may
    show or not; the entity tag is that of the beginning, and no later state of the container ever has it again.
    """

    def __init__(self, base_url: str, still: Still) -> None:
        self._base = base_url
        self._still = still

    async def pieces(
        self, op: Operation, stored: Stored, first: Sequence[Entry], media_type: str
    ) -> AsyncIterator[bytes]:
        """Return the container as RDF of this media type; `first` are its first members.

        Raises Forbidden when the right to read ends meanwhile.
        """
        array = media_type == rdf.JSON_LD
        opening = b"[" if array else b""
        async for turtle in self._turtle(op, stored, first):
            piece = turtle if media_type == rdf.TURTLE else self._converted(turtle, stored, media_type)
            if array:
                # Node objects of one subject may stand in several places of a document (JSON-LD 1.1, 9.2).
                piece = piece.strip().removeprefix(b"[").removesuffix(b"]")
            if piece:
                yield opening + piece
                opening = b"," if array else b""
            await asyncio.sleep(0)
        if array:
            yield b"]"

    async def _turtle(self, op: Operation, stored: Stored, first: Sequence[Entry]) -> AsyncIterator[bytes]:
        """Give the container in parts, each of which is Turtle by itself."""
        members = first[:SLICE]
        yield listing.opening(stored, members)
        while members:
            members = await self._following(op, stored, members[-1])
            if members:
                yield listing.more(stored, members)
        # At the end: a prefix that the owner declared must mean nothing to what the host says.
        if stored.content:
            yield stored.content

    async def _following(self, op: Operation, stored: Stored, last: Entry) -> list[Entry]:
        found: list[Entry] = []

        def look(tx: Transaction) -> bool:
            found[:] = tx.children(stored.path, after=last.path, limit=SLICE)
            return True

        if not await self._still(op, look):
            raise Forbidden("The right to read ended during the listing.")
        return found

    def _converted(self, turtle: bytes, stored: Stored, media_type: str) -> bytes:
        return rdf.convert(rdf.TURTLE, media_type, turtle, self._base + stored.path)
