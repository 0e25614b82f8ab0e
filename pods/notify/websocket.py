"""WebSocketChannel2023: notifications over a WebSocket that the receiver opened."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from pods.errors import PodError, TooManyRequests
from pods.model import Clock
from pods.notify import channels_sql
from pods.notify.live import Connection, Ended, Live
from pods.notify.model import ChannelType
from pods.notify.waiting import either
from pods.storage.base import Store

log = logging.getLogger(__name__)

SEND_SECONDS = 20.0  # a receiver that takes no byte for so long is gone or stuck
CLOSE_SECONDS = 1.0
IDLE_SECONDS = 3_600.0  # nothing to tell; the server's pings find out whether somebody is there
MAX_INPUT = 1_024  # characters; nothing that a receiver says means anything
MOST_INPUTS = 1_000  # messages of one receiver
# RFC 6455, 7.4.1
_FULFILLED, _GOING_AWAY, _POLICY, _TOO_BIG, _FAILED, _TRY_LATER = 1000, 1001, 1008, 1009, 1011, 1013


class WebSocketReceivers:
    """The ASGI application at the receiveFrom addresses of WebSocket channels."""

    def __init__(self, store: Store, live: Live, *, clock: Clock, send_seconds: float = SEND_SECONDS) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        socket = WebSocket(scope, receive, send)
        secret = socket.path_params["secret"]
        channel = await self._store.read(lambda tx: channels_sql.by_secret(tx, secret, self._clock()))
        if channel is None or channel.kind is not ChannelType.WEB_SOCKET:
            await socket.send_denial_response(Response("There is no such channel, or it has ended.\n", 404))
            return
        await socket.accept()
        try:
            async with self._live.connected(channel) as connection:
                await self._serve(socket, connection)
        except TooManyRequests as error:
            await socket.close(_TRY_LATER, str(error))

    async def _serve(self, socket: WebSocket, connection: Connection) -> None:
        try:
            await either(self._tell(socket, connection), _hear(socket))
        except WebSocketDisconnect:
            return
        except _Close as closing:
            # A receiver that reads nothing does not take the reason either.
            with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                await asyncio.wait_for(socket.close(closing.code, closing.reason), CLOSE_SECONDS)

    async def _tell(self, socket: WebSocket, connection: Connection) -> None:
        while True:
            try:
                message = await connection.next(IDLE_SECONDS)
                if message is not None:
                    await asyncio.wait_for(socket.send_text(message.content.decode()), self._send_seconds)
            except Ended as ended:
                # RFC 6455, 7.4.1: after any code but 1000, clients that connect again by themselves do so.
                raise _Close(_FULFILLED if ended.as_agreed else _POLICY, str(ended)) from ended
            except PodError as error:
                log.warning("a notification could not be made: %s", error)
                raise _Close(_FAILED, "the host could not go on; connect again") from error
            except TimeoutError as error:
                log.info("a WebSocket receiver that read nothing was cut")
                raise _Close(_GOING_AWAY, "the receiver reads too slowly") from error


async def _hear(socket: WebSocket) -> None:
    """Read until the receiver goes; what it says is bounded and thrown away."""
    for _ in range(MOST_INPUTS):
        said = await socket.receive()
        if said["type"] == "websocket.disconnect":
            return
        if len(said.get("text") or said.get("bytes") or b"") > MAX_INPUT:
            raise _Close(_TOO_BIG, f"a receiver says at most {MAX_INPUT} characters")
    raise _Close(_POLICY, "a receiver listens")


class _Close(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
