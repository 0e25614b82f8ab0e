"""The body of a request as it arrives: piece by piece, bounded in bytes and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.types import Receive

from pods.errors import BadRequest, PodError, RequestTimeout, TooLarge

IN_MEMORY = 1024 * 1024  # bytes of a body that are held in memory, and in a row of the database
STALL_SECONDS = 30.0  # without a byte, then the request is given up: slow bodies hold connections
LINGER_SECONDS = 2.0  # a client that was refused still sends for so long without losing the answer
LINGER_BYTES = 4 * 1024 * 1024


class Arriving:
    """Reads a body to its end, once. Raises BadRequest, RequestTimeout or TooLarge."""

    __slots__ = ("_asked", "_most", "_receive", "_request", "_stalled", "_whole", "ended")

    def __init__(
        self,
        request: Mapping[bytes, bytes],
        receive: Receive,
        *,
        most: int,
        whole: Callable[[], bytes | None] | None = None,
    ) -> None:
        """`whole` gives the body if all of it is there already: then there is no wait, and none to be bounded."""
        self._request = request
        self._receive = receive
        self._whole = whole
        self._most = most
        self._asked = False
        self._stalled = False
        self.ended = False

    @property
    def declared(self) -> int | None:
        """Bytes that Content-Length promises; None for a body in chunks."""
        length = self._request.get(b"content-length", b"")
        return int(length[:18]) if length.isdigit() else None  # so long a number is over any limit

    @property
    def left_unread(self) -> bool:
        """Say whether so much is still to come that the connection is better given up than read to its end."""
        if self.ended:
            return False
        return self._stalled or b"transfer-encoding" in self._request or (self.declared or 0) > IN_MEMORY

    def require_length(self) -> None:
        """Raise TooLarge if the client says already that the body is over the limit."""
        if (self.declared or 0) > self._most:
            raise _too_large(self._most)

    async def piece(self) -> bytes:
        """Return what came next; `ended` says whether anything follows."""
        self._asked = True
        try:
            async with asyncio.timeout(STALL_SECONDS):
                message = await self._receive()
        except TimeoutError:
            self._stalled = True
            raise RequestTimeout(
                f"No byte of the body came for {STALL_SECONDS:.0f} seconds; send it again."
            ) from None
        if message["type"] == "http.disconnect":
            self.ended = True
            raise BadRequest("The connection ended within the body.")
        self.ended = not message.get("more_body", False)
        content: bytes = message.get("body", b"")
        return content

    async def start(self) -> bytes:
        """Return the whole body if it fits into memory, otherwise its beginning."""
        if (self.declared or 0) > IN_MEMORY:
            return b""  # nothing is asked for before somebody wants it: 100 Continue is sent by asking
        whole = self._whole() if self._whole is not None else None
        if whole is not None:
            self.ended = True
            return whole
        parts: list[bytes] = []
        size = 0
        while size <= IN_MEMORY:
            parts.append(await self.piece())
            size += len(parts[-1])
            if self.ended:
                break
        return b"".join(parts)

    async def stream(self, start: bytes) -> AsyncIterator[bytes]:
        """Return the body from its beginning, which was read already, to its end."""
        size = len(start)
        if start:
            yield start
        while not self.ended:
            piece = await self.piece()
            size += len(piece)
            if size > self._most:
                raise _too_large(self._most)
            if piece:
                yield piece

    async def linger(self) -> None:
        """Read on for a moment after an early answer: a reset at once could take the answer from the client."""
        if self._stalled or (b"expect" in self._request and not self._asked):
            return  # a client that expects 100 (Continue) sends nothing before we ask for it
        size = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.ended and size < LINGER_BYTES:
                    size += len(await self.piece())
        except (TimeoutError, PodError):
            return


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"A body has at most {most:,} bytes here; divide it, or ask the host's operator.")
