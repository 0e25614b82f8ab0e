"""The page that leads to the apps, and the address that says whether they are up."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from vocab.pages import Navigation, Pages, about_routes, msg, static_routes

NAVIGATION = (
    Navigation(msg("Questions"), "/insight/", "insight"),
    Navigation(msg("Value-back"), "/valueback/", "valueback"),
    Navigation(msg("Check-in"), "/checkin/", "checkin"),
)


def front_routes(origin: str, wallet_url: str) -> list[BaseRoute]:
    """Return the routes of the front page at `origin`, the apps' address without a slash at the end."""
    pages = Pages(
        [Path(__file__).resolve().parent],
        name="apps",
        origin=origin,
        tagline=msg("What the town does with what people agreed to"),
        navigation=NAVIGATION,
    )

    async def front(request: Request) -> Response:
        return pages.render(request, "front.html", wallet=wallet_url)

    async def ready(_request: Request) -> Response:
        return PlainTextResponse("ready\n")

    return [Route("/", front), Route("/ready", ready), *about_routes(pages), *static_routes()]
