"""One request on a connection and its answer: uvicorn's, with what is written, and a body that has come, in one piece."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from typing import cast

from starlette.types import Message
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

WHOLE_BODY = "portico.whole_body"
"""The key of a scope under which it is found that gives the body if all of it has come: `Cycle.whole_body`.

Who gets the scope takes it out: a request that leads back to itself is released by the garbage collector only.
"""

_CONTROLS = bytes({*range(0x20), 0x7F} - {ord("\t")})  # RFC 9110, 5.5: what no value of a field may hold
_BODILESS = frozenset({204, 304})
_JOINED = 64 * 1024  # bytes of content that are copied behind their head rather than written by themselves


class Cycle(RequestResponseCycle):
    """As uvicorn's, which looks at each field of an answer twice with an expression, and has a date of its own.

    That date is set once a second and older than what was written since, but no Last-Modified may be later than the
    Date of its answer (RFC 9110, 8.8.2.1).
    """

    _held = b""
    """The head of an answer whose content is still to come."""

    def whole_body(self) -> bytes | None:
        """Return the body if it has come to its end; None if it has not. What was returned does not come again."""
        if self.more_body or self.disconnected or self.response_complete:
            return None
        self.flow.resume_reading()
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return body

    async def send(self, message: ASGISendEvent) -> None:
        """Write a message out; the head of an answer together with the first of its content.

        ASGI, "Response Start": a server sends nothing before it has the first content. Whoever reads would wake up twice.
        """
        if self.response_started or message["type"] != "http.response.start":
            await super().send(self._behind_head(message) if self._held else message)
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        head = self._head(cast(Message, message))
        self.response_started = True
        self.waiting_for_100_continue = False
        if self.chunked_encoding:
            self.transport.write(head)  # of a stream: its first piece may be long in coming
        else:
            self._held = head

    def _behind_head(self, message: ASGISendEvent) -> ASGISendEvent:
        head, self._held = self._held, b""
        content: bytes = cast(Message, message).get("body", b"")
        if self.scope["method"] == "HEAD" or len(content) > _JOINED:
            self.transport.write(head)
            return message
        self.expected_content_length += len(head)
        return cast(ASGISendEvent, {**message, "body": head + content})

    def _head(self, message: Message) -> bytes:
        status: int = message["status"]
        own = [field for field in self.default_headers if field[0] != b"date"]
        fields: list[tuple[bytes, bytes]] = [*own, *message.get("headers", ())]
        lines = [STATUS_LINE[status].rstrip(), b"date: " + _date(int(time.time()))]
        lines += [_label(name) + value for name, value in fields]
        lines += self._framing(status, dict(fields))
        head = b"\r\n".join(lines)
        # A field that holds an end of line would be two, the second one a stranger's.
        if len(head) - len(head.translate(None, _CONTROLS)) != 2 * (len(lines) - 1):
            raise RuntimeError("Invalid HTTP header value.")
        return head + b"\r\n\r\n"

    def _framing(self, status: int, said: dict[bytes, bytes]) -> list[bytes]:
        """Note how long the answer will be and whether it is the last; return what the client must hear besides."""
        further = []
        if b"content-length" in said:
            self.expected_content_length = int(said[b"content-length"])
            self.chunked_encoding = False
        elif said.get(b"transfer-encoding", b"").lower() == b"chunked":
            self.chunked_encoding = True
        elif self.scope["method"] != "HEAD" and status not in _BODILESS:
            self.chunked_encoding = True
            further.append(b"transfer-encoding: chunked")
        if b"close" in said.get(b"connection", b"").lower():
            self.keep_alive = False
        elif not self.keep_alive:
            further.append(b"connection: close")
        return further


# Names of fields are our own, and few; they come in lower case (ASGI, "Response Start").
@lru_cache(maxsize=1024)
def _label(name: bytes) -> bytes:
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    return name + b": "


@lru_cache(maxsize=4)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
