"""A connection on which clients may offer protocols, and use methods, that the HTTP parser does not take.

It bounds what the parser does not: how long the head of a request is, and how long it takes to come.
"""

from __future__ import annotations

import re
from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pods.http import cors
from pods.http.cycle import WHOLE_BODY, Cycle

MAX_HEAD = 64 * 1024  # bytes of a request line with its fields; tokens and cookies need a tenth
HEAD_SECONDS = 30.0  # from the first byte of a head to its last: a slow one holds a connection and its memory

# A whole line of the head; a WebSocket is the one protocol that a connection here may change to.
_OFFER = re.compile(rb"\r\nupgrade:(?![ \t]*websocket[ \t]*\r\n)[^\r\n]*(?=\r\n)", re.IGNORECASE)
_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) /[!-~]* HTTP/1\.[01]\r\n")  # RFC 9110, 5.6.2
_KNOWN = frozenset(cors.METHODS.encode().split(b", "))
_TOO_LONG = (  # RFC 6585, 5
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_NOT_ALLOWED = (
    b"HTTP/1.1 405 Method Not Allowed\r\nallow: " + cors.METHODS.encode() + b"\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


def without_offers(received: bytes) -> bytes:
    """Return the beginning of a request without its offers of other protocols."""
    end = received.find(_END)
    head = received if end < 0 else received[: end + 2]
    return _OFFER.sub(b"", head) + received[len(head) :]


class _Nowhere(list[tuple[bytes, bytes]]):
    """Takes fields and keeps none."""

    def append(self, field: tuple[bytes, bytes], /) -> None:
        """Let a field go."""


# RFC 9110, 6.5.1: "a recipient MUST NOT merge a received trailer field into the header section" by default. The
# parser would: what a proxy in front has looked through would change once more behind it.
_TRAILERS = _Nowhere()


class Connection(HttpToolsProtocol):
    """Parses requests as uvicorn does, but for offers of other protocols and methods that nobody knows.

    Java's client offers HTTP/2 with every request, `curl --http2` too. RFC 9110, 7.8, lets a server ignore that; the
    parser takes the offer for accepted instead and drops the content, so that a document would be stored empty.
    """

    head_seconds: ClassVar[float] = HEAD_SECONDS
    _in_head = True
    _latest = b""
    _unused = 0
    """Bytes that have come since anything was made of them: the end of a head, or content."""
    _patience: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Wait for a first byte as long as for a further request."""
        super().connection_made(cast(Transport, transport))
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._unset_keepalive_if_required()
        self._wait_no_more()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Let an answer without end know that the host leaves: it receives once more after the end of its request.

        A download has nothing to do with that, and goes on for as long as the host waits for it.
        """
        super().shutdown()
        if self._answers():
            self.cycle.message_event.set()

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self._in_head and b"pgrade:" in data:
            data = without_offers(data)
        self._latest = data
        self._unused += len(data)
        super().data_received(data)
        self._latest = b""
        if self._unused > MAX_HEAD:
            self._refuse(_TOO_LONG)
        elif (
            self._patience is None
            and not self._answers()
            and self in self.connections  # neither closed nor a WebSocket's by now
        ):
            self._patience = self.loop.call_later(self.head_seconds, self._give_up)

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not take; a method that it does not know is 405 (Solid Protocol, 2.1)."""
        line = _REQUEST_LINE.match(self._latest) if self._in_head else None
        if self.transport.is_closing():
            return
        if line is None or line[1] in _KNOWN:
            super().send_400_response(msg)
            return
        self._refuse(_NOT_ALLOWED)

    def on_headers_complete(self) -> None:
        """Note that what follows is content, which is left alone."""
        if max(self._unused, len(self._latest)) > MAX_HEAD and _length(self.headers) > MAX_HEAD:
            self._refuse(_TOO_LONG)
            raise ValueError("the head of the request is too long")
        self._in_head = False
        self._unused = 0
        self._wait_no_more()
        super().on_headers_complete()
        if self.cycle is not None:  # a WebSocket's first request has none
            # uvicorn makes it, and does not ask of what class; nothing of it has run yet.
            self.cycle.__class__ = Cycle
            cast(dict[str, Any], self.scope)[WHOLE_BODY] = cast(Cycle, self.cycle).whole_body
        if not self.parser.should_upgrade():  # uvicorn looks for the protocol once more
            self.headers = _TRAILERS

    def on_body(self, body: bytes) -> None:
        """Note that something was made of what came."""
        self._unused = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that what follows is another request."""
        self._in_head = True
        self._unused = 0
        super().on_message_complete()

    def _give_up(self) -> None:
        self._patience = None
        if self._in_head and self._unused:
            self._refuse(_TOO_SLOW)
        else:  # the rest of a body whose answer was given, or nothing at all
            self.transport.close()

    def _refuse(self, answer: bytes) -> None:
        if self.transport.is_closing():
            return
        if not self._answers():  # or it would stand within the answer to another
            self.transport.write(answer)
        self.transport.close()

    def _answers(self) -> bool:
        cycle = cast(Cycle | None, self.cycle)  # before the first request there is none
        return cycle is not None and not cycle.response_complete

    def _wait_no_more(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _length(fields: list[tuple[bytes, bytes]]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in fields)
