"""Notifications under load: every change of a document is told, once it was acknowledged, over each kind of channel."""

from __future__ import annotations

import asyncio
import json
import random

from websockets.asyncio.client import ClientConnection, connect

from pods.client import SolidClient
from tests.notified_host import CONTEXT, WEB_SOCKET, WEBHOOK, Receiver
from tests.soak.tally import Tally, Wrong, work_until

PATIENCE = 20.0  # seconds for what comes in some milliseconds
CONNECTED_FOR = 50  # changes that a WebSocket hears of before it is opened anew
RESTS = 0.2  # seconds between two changes


class Listener:
    """Changes a document of its own and waits until it was told of it."""

    def __init__(
        self, owner: SolidClient, *, origin: str, document: str, hook: Receiver | None = None
    ) -> None:
        """With a hook it is told there, else over a WebSocket."""
        self._owner = owner
        self._origin = origin
        self._document = document
        self._hook = hook
        self._receive_from = ""
        self._socket: ClientConnection | None = None
        self._changes = 0

    async def run(self, until: float, tally: Tally) -> None:
        """Listen until the monotonic time `until`."""
        await self._put()
        await self._subscribe()
        await work_until(until, tally, ((1, self.change_and_hear),), random.Random(0))
        if self._socket is not None:
            await self._socket.close()

    async def change_and_hear(self) -> str:
        """Change the document: the next message says so."""
        if self._hook is None and (self._socket is None or self._changes % CONNECTED_FOR == 0):
            await self._open()
        await self._put()
        message = await (self._next_of_hook() if self._hook is not None else self._next_of_socket())
        if (message["object"], message["type"]) != (self._document, "Update"):
            raise Wrong(f"told of {message['type']} of {message['object']} instead of {self._document}")
        await asyncio.sleep(RESTS)
        return f"PUT, told by {'webhook' if self._hook is not None else 'WebSocket'}, pause"

    async def _put(self) -> None:
        self._changes += 1
        content = f"<#it> <urn:x:is> {self._changes} ."
        answer = await self._owner.request(
            "PUT", self._document, headers={"content-type": "text/turtle"}, content=content
        )
        if not answer.is_success:
            raise Wrong(f"{answer.status_code} for a document that is listened to: {answer.text[:200]}")

    async def _subscribe(self) -> None:
        kind = WEBHOOK if self._hook is not None else WEB_SOCKET
        wanted = {"@context": [CONTEXT], "type": kind, "topic": [self._document]}
        if self._hook is not None:
            wanted["sendTo"] = self._hook.url
        answer = await self._owner.request(
            "POST",
            f"{self._origin}/.notifications/{kind}/",
            headers={"content-type": "application/ld+json"},
            content=json.dumps(wanted),
        )
        if not answer.is_success:
            raise Wrong(f"{answer.status_code} for a channel: {answer.text[:200]}")
        self._receive_from = answer.json().get("receiveFrom", "")

    async def _open(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            await self._subscribe()
        self._socket = await connect(self._receive_from)

    async def _next_of_socket(self) -> dict[str, str]:
        if self._socket is None:
            raise Wrong("there is no WebSocket")
        message: dict[str, str] = json.loads(await asyncio.wait_for(self._socket.recv(), PATIENCE))
        return message

    async def _next_of_hook(self) -> dict[str, str]:
        if self._hook is None:
            raise Wrong("there is no webhook")
        return (await self._hook.next(PATIENCE)).message
