"""StreamingHTTPChannel2023: notifications in the body of one answer that does not end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from pods.errors import Forbidden, NotFound, PodError
from pods.model import Agent, Clock
from pods.notify import channels_sql
from pods.notify.live import Connection, Ended, Live
from pods.notify.model import Channel, ChannelType
from pods.notify.waiting import either
from pods.protocol import negotiate, rdf
from pods.storage.base import Store

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 25.0  # between bytes: proxies close what is silent for a minute
SEND_SECONDS = 20.0  # a receiver that takes no byte for so long is gone or stuck
# White space between two documents: JSON and Turtle readers skip it.
_LINE = b"\n"


class StreamReceivers:
    """The ASGI application at the receiveFrom addresses: an answer that tells until the channel ends.

    Each part is one document and a line end.
    """

    def __init__(
        self,
        store: Store,
        live: Live,
        agent_of: Callable[[Request], Awaitable[Agent]],
        *,
        clock: Clock,
        keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._store = store
        self._live = live
        self._agent_of = agent_of
        self._clock = clock
        self._keep_alive_seconds = keep_alive_seconds
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        channel = await self._channel(Request(scope))
        async with self._live.connected(channel) as connection:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", _media_type(channel).encode()),
                        (b"cache-control", b"no-store"),
                        (b"x-accel-buffering", b"no"),  # proxies that collect answers would hold it back
                        (b"x-content-type-options", b"nosniff"),
                    ],
                }
            )
            await either(self._tell(send, connection), _until_gone(receive, send))

    async def _channel(self, request: Request) -> Channel:
        secret = request.path_params["secret"]
        # "The same access token can be used with both resources": it need not, but it must not be a wrong one.
        agent = await self._agent_of(request)
        channel = await self._store.read(lambda tx: channels_sql.by_secret(tx, secret, self._clock()))
        if channel is None or channel.kind is not ChannelType.STREAMING:
            raise NotFound("There is no such channel, or it has ended; subscribe anew.")
        if agent.webid not in (None, channel.agent.webid):
            raise Forbidden("This channel was opened by somebody else.")
        return channel

    async def _tell(self, send: Send, connection: Connection) -> None:
        with suppress(Ended):
            while True:
                try:
                    message = await connection.next(self._keep_alive_seconds)
                except PodError as error:
                    log.warning("a notification could not be made: %s", error)
                    break  # the receiver connects again, and hears it then
                content = _LINE if message is None else message.content + _LINE
                sent = send({"type": "http.response.body", "body": content, "more_body": True})
                try:
                    await asyncio.wait_for(sent, self._send_seconds)
                except TimeoutError:
                    log.info("a streaming receiver that read nothing was cut")
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _media_type(channel: Channel) -> str:
    """Return the type of each part of a stream."""
    return negotiate.preferred(channel.accept, (rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES)) or rdf.JSON_LD


async def _until_gone(receive: Receive, send: Send) -> None:
    """Return when the receiver has gone; or when the host leaves, with an end by which the receiver sees that it did."""
    while (await receive()).get("more_body", False):
        pass
    if (await receive())["type"] != "http.disconnect":
        await send({"type": "http.response.body", "body": b"", "more_body": False})
