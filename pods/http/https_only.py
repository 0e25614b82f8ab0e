"""A host with an https address behind a proxy: plain requests are sent to https, and browsers told to keep to it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pods.http import cors, inbound, outbound
from pods.model import Answer
from pods.settings import BadSetting

HSTS = (b"strict-transport-security", b"max-age=31536000")
"""RFC 6797: a year. Without includeSubDomains: what else stands below the name is not ours to decide."""
_SAFE = frozenset({"GET", "HEAD"})


class HttpsOnly:
    """The host for whoever comes by https, and the way there for whoever does not.

    Solid Protocol 2.1: "When both http and https URI schemes are supported, the server MUST redirect all http URIs
    to their https counterparts". The proxy says how a request came to it, in `X-Forwarded-Proto`. It is believed from
    anybody: all that a lie brings is a redirect for the liar. The address is made of the host's own origin.
    """

    def __init__(self, app: ASGIApp, origin: str) -> None:
        if urlsplit(origin).scheme != "https":
            raise BadSetting(f"https_only: pod_url is {origin!r}, which is no https address")
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        fields = inbound.fields(scope["headers"])
        # A proxy before the proxy may have added its own; the first is that of the client's request.
        plain = fields.get(b"x-forwarded-proto", b"").partition(b",")[0].strip().lower() in (b"http", b"ws")
        if scope["type"] == "websocket":
            # Nobody follows a redirect of a WebSocket; its address is a secret that just travelled in clear.
            await (
                send({"type": "websocket.close", "code": 1008}) if plain else self._app(scope, receive, send)
            )
            return
        if plain:
            await self._redirect(scope, send, cors.fields(fields))
            return

        async def send_with_field(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], HSTS]
            await send(message)

        await self._app(scope, receive, send_with_field)

    async def _redirect(self, scope: Scope, send: Send, further: list[tuple[bytes, bytes]]) -> None:
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        # RFC 9110, 15.4.9: after 308 the method stays; the older 301 is what Solid's first versions named.
        status = 301 if scope["method"] in _SAFE else 308
        place = f"{self._origin}{path}{'?' if query else ''}{query}"
        answer = Answer(status, (("location", place),))
        await outbound.send_answer(send, answer, further, head=scope["method"] == "HEAD")
