"""Composition of the apps' origin: insight, value-back, check-in and the desk for breaches, and a front page."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from apps.breaches.main import application as breaches
from apps.checkin.main import application as checkin
from apps.front.pages import front
from apps.insight.main import application as insight
from apps.settings import AppSettings
from apps.valueback.main import application as valueback
from pods.model import Clock
from pods.settings import read_settings


class ByPrefix:
    """Calls the app that the first segment of the path names. The apps' routes are whole paths."""

    def __init__(self, front: ASGIApp, apps: dict[str, ASGIApp]) -> None:
        self._front = front
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        segment = scope["path"].split("/", 2)[1] if scope["type"] in ("http", "websocket") else ""
        await self._apps.get(segment, self._front)(scope, receive, send)


def application(settings: AppSettings, clock: Clock) -> ASGIApp:
    """Return all apps of the origin as one ASGI application."""
    apps = {
        "insight": insight(settings, clock),
        "valueback": valueback(settings, clock),
        "checkin": checkin(settings, clock),
        "breaches": breaches(settings, clock),
    }

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for app in apps.values():
                await running.enter_async_context(app.router.lifespan_context(app))  # type: ignore[attr-defined]  # each is a Starlette application
            yield

    routes, handlers = front(settings.apps_url.rstrip("/"), settings.wallet_url)
    return ByPrefix(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan), dict(apps))


def create_app() -> ASGIApp:
    """Return the apps from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(AppSettings, os.environ), time.time)
