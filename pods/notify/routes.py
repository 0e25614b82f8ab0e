"""Routes below `/.notifications/`: subscription services, channels, their receivers, and who sends webhooks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from pods.errors import NotAcceptable
from pods.http.callers import Callers, limited_body
from pods.http.openapi import OBJECT, TEXT, described, record
from pods.notify import wire
from pods.notify.live import Live
from pods.notify.model import Channel, ChannelType
from pods.notify.subscriptions import Subscriptions
from pods.protocol import negotiate, rdf

_OFFERED = (rdf.JSON_LD, rdf.TURTLE, rdf.N_TRIPLES)
_SUBSCRIPTION = record(
    {"@context": {}, "type": TEXT, "topic": TEXT},
    {"sendTo": TEXT, "startAt": TEXT, "endAt": TEXT, "rate": TEXT, "accept": TEXT, "state": TEXT},
)
_SECRET = "receive/{secret}"
DISABLED = "https://w3id.org/portico/ns#disabled"
"""Says on a webhook why it is not called any more."""


class NotificationRoutes:
    """HTTP of the subscription services of one host."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        callers: Callers,
        live: Live,
        receivers: Mapping[ChannelType, ASGIApp],
        *,
        base: str,
        sender: str,
    ) -> None:
        self._subscriptions = subscriptions
        self._callers = callers
        self._live = live
        self._receivers = receivers
        self._base = base
        self._sender = sender

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes of every channel type."""
        return [route for kind in ChannelType for route in self._routes_of(kind)]

    def _routes_of(self, kind: ChannelType) -> list[BaseRoute]:
        async def subscribe(request: Request) -> Response:
            """Open a channel for a topic (Solid Notifications Protocol, "Subscription")."""
            return await self._subscribe(request, kind)

        async def service(request: Request) -> Response:
            """What the subscription service offers."""
            return _answer(
                request, wire.service(kind, self._base), self._base, {"accept-post": wire.ACCEPT_POST}
            )

        async def channel(request: Request) -> Response:
            """A channel as its creator sees it."""
            return await self._channel(request, kind)

        async def end(request: Request) -> Response:
            """End a channel; only its creator may."""
            return await self._end(request, kind)

        router = APIRouter(tags=["notifications"])
        add = router.add_api_route
        written: dict[str, Any] = {"media_types": _OFFERED}
        add(kind.service, service, methods=["GET"], **described(OBJECT, **written))
        add(
            kind.service,
            subscribe,
            methods=["POST"],
            **described(OBJECT, body=_SUBSCRIPTION, body_types=_OFFERED, token=True, **written),
        )
        one: dict[str, Any] = {"places": ("channel",), "token": True}
        add(kind.service + "{channel}", channel, methods=["GET"], **described(OBJECT, **one, **written))
        add(kind.service + "{channel}", end, methods=["DELETE"], **described(status=204, **one))
        receiver = self._receivers.get(kind)
        if kind is ChannelType.WEB_SOCKET and receiver is not None:
            return [WebSocketRoute(kind.service + _SECRET, receiver), *router.routes]
        if receiver is not None:
            return [Route(kind.service + _SECRET, receiver, methods=["GET"]), *router.routes]
        return list(router.routes)

    async def _subscribe(self, request: Request, kind: ChannelType) -> Response:
        agent = await self._callers.agent(request)
        media_type = wire.media_type_of(request.headers.get("content-type", ""))
        content = await limited_body(request, wire.MAX_REQUEST)
        if media_type != rdf.JSON_LD:
            content = rdf.convert(media_type, rdf.JSON_LD, content, self._base + kind.service)
        wanted = wire.read_request(content, kind, self._base)
        channel, secret = await self._subscriptions.subscribe(agent, wanted)
        # The one time that the secret is told: only its digest is kept.
        document = wire.described(channel, self._base, **self._reached_by(channel, secret))
        return _answer(request, document, self._base, {"cache-control": "no-store"})

    async def _channel(self, request: Request, kind: ChannelType) -> Response:
        agent, channel_id = await self._callers.agent(request), request.path_params["channel"]
        channel = await self._subscriptions.channel(agent, kind, channel_id)
        document = wire.described(channel, self._base, **self._reached_by(channel, None))
        if channel.disabled is not None:
            document[DISABLED] = channel.disabled
        return _answer(request, document, self._base, {"cache-control": "no-store"})

    async def _end(self, request: Request, kind: ChannelType) -> Response:
        agent, channel_id = await self._callers.agent(request), request.path_params["channel"]
        await self._subscriptions.end(agent, kind, channel_id)
        self._live.ended(channel_id)
        return Response(status_code=204)

    def _reached_by(self, channel: Channel, secret: str | None) -> dict[str, str]:
        if channel.kind is ChannelType.WEBHOOK:
            return {"sender": self._sender}
        if secret is None:
            return {}
        # ws for http, wss for https: the channel is as safe as the pod host itself.
        base = (
            "ws" + self._base.removeprefix("http") if channel.kind is ChannelType.WEB_SOCKET else self._base
        )
        return {"receiveFrom": f"{base}{channel.kind.service}{_SECRET.format(secret=secret)}"}


def document_route(place: str, document: str, base: str) -> Route:
    """Return the route of a public document about the host; `document` is Turtle."""

    async def read(request: Request) -> Response:
        wanted = _wanted(request, (rdf.TURTLE, rdf.JSON_LD, rdf.N_TRIPLES))
        content = document.encode()
        if wanted != rdf.TURTLE:
            content = rdf.convert(rdf.TURTLE, wanted, content, base + place)
        return Response(content, headers={"vary": "accept", "content-type": wanted})

    return Route(place, read, methods=["GET", "HEAD"])


def _answer(request: Request, document: Mapping[str, Any], base: str, headers: Mapping[str, str]) -> Response:
    wanted = _wanted(request, _OFFERED)
    content = json.dumps(document).encode()
    if wanted != rdf.JSON_LD:
        content = rdf.convert(rdf.JSON_LD, wanted, content, base)
    return Response(content, headers={**headers, "content-type": wanted})


def _wanted(request: Request, offered: tuple[str, ...]) -> str:
    wanted = negotiate.preferred(request.headers.get("accept", "*/*"), offered)
    if wanted is None:
        raise NotAcceptable(f"This can be read as {', '.join(offered)}.")
    return wanted
