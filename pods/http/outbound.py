"""From an Answer to ASGI messages."""

from __future__ import annotations

from starlette.types import Send

from pods.model import Answer

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
    send: Send, answer: Answer, further: list[tuple[bytes, bytes]], *, head: bool = False
) -> None:
    """Write out an answer with the further fields; the answer to HEAD has fields only."""
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    fields += SECURITY if not answer.own_policy else SECURITY[1:]
    fields += further
    if answer.status not in (204, 304):
        fields.append((b"content-length", b"%d" % len(answer.content)))
    await send({"type": "http.response.start", "status": answer.status, "headers": fields})
    content = b"" if head or answer.status in (204, 304) else answer.content
    await send({"type": "http.response.body", "body": content})
