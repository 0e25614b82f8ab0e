"""From an Answer to ASGI messages."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from starlette.types import Receive, Send

from pods.errors import PodError
from pods.http.arriving import Arriving
from pods.model import Answer

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0  # a client that takes nothing for so long is let go, with the file that it holds open

# Pod content is written by strangers and shares one origin with the login pages: as a page it must be
# powerless (NSS#1719: stored HTML acted as the user).
SECURITY = (
    (
        b"content-security-policy",
        b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"cache-control", b"no-cache"),
)


async def send_answer(
    send: Send,
    answer: Answer,
    further: list[tuple[bytes, bytes]],
    *,
    head: bool = False,
    unread: Arriving | None = None,
) -> None:
    """Write out an answer with the further fields; the answer to HEAD has fields only.

    `unread` is a body that was refused before its end: the connection ends with this answer.
    """
    empty = head or answer.status in (204, 304)
    start = _start(answer, further, head=head, last=unread is not None)
    await send(start)
    content = b"" if empty else answer.content
    if unread is not None:
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await unread.linger()
        content = b""
    await send({"type": "http.response.body", "body": content})


async def send_stream(
    send: Send, receive: Receive, answer: Answer, further: list[tuple[bytes, bytes]]
) -> None:
    """Write out an answer piece by piece, as fast as the client takes it.

    What cannot be opened raises StoreError before anything is sent. What breaks off later leaves the answer
    short of its Content-Length, by which the client sees that it is not whole (RFC 9112, 8).
    """
    if answer.stream is None:
        raise ValueError("there is no stream in this answer")
    async with aclosing(answer.stream()) as pieces:  # type: ignore[type-var]  # a generator, which has aclose
        piece = await anext(pieces, b"")
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            await send(_start(answer, further, head=False, last=False))
            while piece and not gone.done():
                async with asyncio.timeout(STALL_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await anext(pieces, b"")
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        except (PodError, TimeoutError) as error:
            log.info("a download was broken off: %s", type(error).__name__)
        except Exception:  # the one door for what nobody foresaw: no problem document fits behind half a body
            log.exception("a download failed")
        finally:
            gone.cancel()


def _start(
    answer: Answer, further: list[tuple[bytes, bytes]], *, head: bool, last: bool
) -> dict[str, object]:
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if b"vary" in dict(fields):
        fields, further = with_one_vary(fields, further)
    fields += SECURITY if not answer.own_policy else SECURITY[1:]
    fields += further
    # A stream of unknown length ends where its last chunk says so (RFC 9112, 7.1).
    if answer.status not in (204, 304) and not (answer.stream is not None and answer.length is None):
        length = answer.length if answer.length is not None else len(answer.content)
        # RFC 9110, 9.3.2: an answer to HEAD may leave out what is known only when the content is made.
        if length or answer.length is not None or not head:
            fields.append((b"content-length", b"%d" % length))
    if last:
        fields.append((b"connection", b"close"))
    return {"type": "http.response.start", "status": answer.status, "headers": fields}


def with_one_vary(
    fields: list[tuple[bytes, bytes]], further: list[tuple[bytes, bytes]]
) -> tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]]:
    """Put what this answer varies by besides into the one Vary field: some clients read the first of a name only."""
    own = b"".join([b", " + value for name, value in fields if name == b"vary"])
    return (
        [field for field in fields if field[0] != b"vary"],
        [(name, _each_once(value + own) if name == b"vary" else value) for name, value in further],
    )


def _each_once(names: bytes) -> bytes:
    found: dict[bytes, bytes] = {}
    for name in names.split(b","):
        found.setdefault(name.strip().lower(), name.strip())
    return b", ".join(found.values())


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
