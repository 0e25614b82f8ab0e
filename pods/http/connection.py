"""A connection on which clients may offer protocols, and use methods, that the HTTP parser does not take."""

from __future__ import annotations

import re
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pods.http import cors
from pods.http.cycle import WHOLE_BODY, Cycle

# A whole line of the head; a WebSocket is the one protocol that a connection here may change to.
_OFFER = re.compile(rb"\r\nupgrade:(?![ \t]*websocket[ \t]*\r\n)[^\r\n]*(?=\r\n)", re.IGNORECASE)
_END = b"\r\n\r\n"
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}) /[!-~]* HTTP/1\.[01]\r\n")  # RFC 9110, 5.6.2
_KNOWN = frozenset(cors.METHODS.encode().split(b", "))
_NOT_ALLOWED = (
    b"HTTP/1.1 405 Method Not Allowed\r\nallow: " + cors.METHODS.encode() + b"\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


def without_offers(received: bytes) -> bytes:
    """Return the beginning of a request without its offers of other protocols."""
    end = received.find(_END)
    head = received if end < 0 else received[: end + 2]
    return _OFFER.sub(b"", head) + received[len(head) :]


class Connection(HttpToolsProtocol):
    """Parses requests as uvicorn does, but for offers of other protocols and methods that nobody knows.

    Java's client offers HTTP/2 with every request, `curl --http2` too. RFC 9110, 7.8, lets a server ignore that; the
    parser takes the offer for accepted instead and drops the content, so that a document would be stored empty.
    """

    _in_head = True
    _latest = b""

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self._in_head and b"pgrade:" in data:
            data = without_offers(data)
        self._latest = data
        super().data_received(data)
        self._latest = b""

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not take; a method that it does not know is 405 (Solid Protocol, 2.1)."""
        line = _REQUEST_LINE.match(self._latest) if self._in_head else None
        if line is None or line[1] in _KNOWN:
            super().send_400_response(msg)
            return
        self.transport.write(_NOT_ALLOWED)
        self.transport.close()

    def on_headers_complete(self) -> None:
        """Note that what follows is content, which is left alone."""
        self._in_head = False
        super().on_headers_complete()
        if self.cycle is not None:  # a WebSocket's first request has none
            # uvicorn makes it, and does not ask of what class; nothing of it has run yet.
            self.cycle.__class__ = Cycle
            cast(dict[str, Any], self.scope)[WHOLE_BODY] = cast(Cycle, self.cycle).whole_body

    def on_message_complete(self) -> None:
        """Note that what follows is another request."""
        self._in_head = True
        super().on_message_complete()
