"""Composition of insight: pages and API below `/insight` at the apps' origin. It keeps no data of its own."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from apps.insight.api import Api
from apps.insight.host import Host
from apps.insight.pages.public import PublicPages
from apps.insight.pages.staff import StaffPages
from apps.settings import AppSettings
from apps.site.frame import FOLDER as SITE_FOLDER
from apps.site.frame import Handler, site, unreachable
from consent.client import AccessRefused
from pods.client import SolidError
from pods.model import Clock
from pods.settings import read_settings
from vocab.pages import Navigation, Pages, msg

NAME = "insight"
PREFIX = f"/{NAME}"
FOLDER = Path(__file__).resolve().parent
HOST_SECONDS = 60.0  # a question over a whole region may take the host some seconds
NAVIGATION = (
    Navigation(msg("Programmes"), f"{PREFIX}/", "programmes"),
    Navigation(msg("Register of questions"), f"{PREFIX}/questions", "questions"),
    Navigation(msg("For administrations"), f"{PREFIX}/staff", "staff"),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return insight. Its routes are full paths, so it is called by path and not mounted.

    `transport` reaches the pod host, which may then be in the same process.
    """
    frame = site(
        settings,
        clock,
        name=NAME,
        label="Portico insight",
        tagline=msg("Answers about the town, from people who agreed, and about nobody in particular"),
        folders=[FOLDER, SITE_FOLDER],
        navigation=NAVIGATION,
    )
    http = httpx.AsyncClient(transport=transport, timeout=HOST_SECONDS, trust_env=False)
    host = Host(http, settings.pod_url.rstrip("/"), frame.organisations, clock=clock)
    public = PublicPages(frame, host)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await http.aclose()
        await frame.close()

    failed = unreachable(frame.pages)
    app = FastAPI(
        title="Portico insight",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/api/openapi.json",
        lifespan=lifespan,
        exception_handlers={
            **frame.exception_handlers(),
            SolidError: refused(frame.pages),
            AccessRefused: failed,
            httpx.HTTPError: failed,
        },
    )
    app.include_router(Api(host, frame.organisations).router(PREFIX))
    app.router.routes.extend(
        [
            *frame.routes(PREFIX),
            *public.routes(PREFIX),
            *StaffPages(frame, host, public, PREFIX).routes(),
        ]
    )
    return app


def refused(pages: Pages) -> Handler:
    """Return a handler that passes the pod host's refusal on, with its status and its words."""

    async def handle(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        status = error.status if isinstance(error, SolidError) and error.status < 500 else 502
        detail = (error.detail if isinstance(error, SolidError) else "") or str(error)
        titles = {
            404: _("There is nothing at this address"),
            403: _("Not allowed"),
            409: _("Not possible now"),
        }
        return pages.problem(request, status, titles.get(status, _("The pod host refused")), detail)

    return handle


def create_app() -> ASGIApp:
    """Return insight from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(AppSettings, os.environ), time.time)
