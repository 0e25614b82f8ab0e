"""The rim of an app: every answer carries the security fields, and no body is read without end."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vocab.pages.headers import security_headers

MAX_BODY = 8 * 1024 * 1024  # the largest is a programme with all its texts, some hundred kilobytes

_FIELDS: Mapping[str, str] = {
    # What depends on cookies is rendered, and says so itself; a style sheet that varied by cookie were never reused.
    **{name: value for name, value in security_headers().items() if name != "Vary"},
}


class Rim:
    """Stands around an app as an ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        read = int(stated) if stated.isdecimal() and int(stated) > MAX_BODY else 0

        async def limited() -> Message:
            nonlocal read
            if read <= MAX_BODY:
                message = await receive()
                read += len(message.get("body", b""))
            if read > MAX_BODY:
                raise HTTPException(413)
            return message

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _FIELDS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, limited, secured)
