"""Composition of the desk for breaches: pages below `/breaches` at the apps' origin. It keeps no data of its own."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from apps.breaches.host import Host
from apps.breaches.pages import BreachPages
from apps.settings import AppSettings
from apps.site.frame import FOLDER as SITE_FOLDER
from apps.site.frame import site, unreachable
from pods.client import SolidError
from pods.model import Clock
from pods.settings import read_settings
from vocab.pages import Navigation, msg

NAME = "breaches"
PREFIX = f"/{NAME}"
FOLDER = Path(__file__).resolve().parent
HOST_SECONDS = 60.0  # counting over a whole region's logs may take the host some seconds
NAVIGATION = (
    Navigation(msg("Breaches"), f"{PREFIX}/", "home"),
    Navigation(msg("For organisations"), f"{PREFIX}/staff", "staff"),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return the desk. Its routes are full paths, so it is called by path and not mounted.

    `transport` reaches the pod host, which may then be in the same process.
    """
    frame = site(
        settings,
        clock,
        name=NAME,
        label="Portico breaches",
        tagline=msg("When data got out: count, tell, put right"),
        folders=[FOLDER, SITE_FOLDER],
        navigation=NAVIGATION,
    )
    http = httpx.AsyncClient(transport=transport, timeout=HOST_SECONDS, trust_env=False)
    host = Host(http, settings.pod_url.rstrip("/"), frame.organisations, clock=clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()
        await frame.close()

    failed = unreachable(frame.pages)
    app = FastAPI(
        title="Portico breaches",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        exception_handlers={**frame.exception_handlers(), SolidError: failed, httpx.HTTPError: failed},
    )
    app.router.routes.extend(
        [
            *frame.routes(PREFIX),
            *BreachPages(frame, host, prefix=PREFIX, pod_url=settings.pod_url, clock=clock).routes(),
        ]
    )
    return app


def create_app() -> ASGIApp:
    """Return the desk from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(AppSettings, os.environ), time.time)
