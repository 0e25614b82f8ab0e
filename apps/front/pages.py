"""The page that leads to the apps, and the address that says whether they are up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from vocab.pages import Navigation, Pages, about_routes, msg, static_routes

Handler = Callable[[Request, Exception], Awaitable[Response]]

NAVIGATION = (
    Navigation(msg("Questions"), "/insight/", "insight"),
    Navigation(msg("Value-back"), "/valueback/", "valueback"),
    Navigation(msg("Check-in"), "/checkin/", "checkin"),
    Navigation(msg("Breaches"), "/breaches/", "breaches"),
)


def front(origin: str, wallet_url: str) -> tuple[list[BaseRoute], dict[Any, Handler]]:
    """Return routes and error handlers of the front at `origin`, the apps' address without a slash at the end."""
    pages = Pages(
        [Path(__file__).resolve().parent],
        name="apps",
        origin=origin,
        tagline=msg("What the town does with what people agreed to"),
        navigation=NAVIGATION,
    )

    async def page(request: Request) -> Response:
        return pages.render(request, "front.html", wallet=wallet_url)

    async def ready(_request: Request) -> Response:
        return PlainTextResponse("ready\n")

    async def failed(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        status = error.status_code if isinstance(error, HTTPException) else 500
        title = _("There is nothing here") if status == 404 else _("Something went wrong")
        return pages.problem(request, status, title, _("Start again from the front page."))

    routes = [Route("/", page), Route("/ready", ready), *about_routes(pages), *static_routes()]
    return routes, {HTTPException: failed, Exception: failed}
