"""A connection that clients may offer another protocol on: what is not spoken here is passed over."""

from __future__ import annotations

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A whole line of the head; a WebSocket is the one protocol that a connection here may change to.
_OFFER = re.compile(rb"\r\nupgrade:(?![ \t]*websocket[ \t]*\r\n)[^\r\n]*(?=\r\n)", re.IGNORECASE)
_END = b"\r\n\r\n"


def without_offers(received: bytes) -> bytes:
    """Return the beginning of a request without its offers of other protocols."""
    end = received.find(_END)
    head = received if end < 0 else received[: end + 2]
    return _OFFER.sub(b"", head) + received[len(head) :]


class Connection(HttpToolsProtocol):
    """Parses requests as uvicorn does, but for offers of other protocols.

    Java's client offers HTTP/2 with every request, `curl --http2` too. RFC 9110, 7.8, lets a server ignore that; the
    parser takes the offer for accepted instead and drops the content, so that a document would be stored empty.
    """

    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network."""
        if self._in_head and b"pgrade:" in data:
            data = without_offers(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Note that what follows is content, which is left alone."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that what follows is another request."""
        self._in_head = True
        super().on_message_complete()
