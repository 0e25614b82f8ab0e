"""Composition of check-in: API and pages below `/checkin` at the apps' origin."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.types import ASGIApp

from apps.checkin.api import Api
from apps.checkin.desk import CheckInError, Desk
from apps.checkin.pages import CheckInPages
from apps.checkin.schema_sql import SCHEMA
from apps.database import Database
from apps.handover.links import Links
from apps.handover.links_sql import SCHEMA as HANDOVER
from apps.handover.routes import FOLDER as HANDOVER_FOLDER
from apps.handover.routes import Handover
from apps.settings import AppSettings
from apps.site.frame import FOLDER as SITE_FOLDER
from apps.site.frame import refusals, site
from pods.model import Clock
from pods.settings import read_settings
from vocab.pages import Navigation, msg

NAME = "checkin"
PREFIX = f"/{NAME}"
FOLDER = Path(__file__).resolve().parent
NAVIGATION = (
    Navigation(msg("Check-in"), f"{PREFIX}/", "home"),
    Navigation(msg("Desk"), f"{PREFIX}/staff", "desk"),
)
TITLES = {
    403: msg("Not allowed"),
    409: msg("This contradicts what is there"),
    422: msg("The request does not fit"),
}


def application(settings: AppSettings, clock: Clock) -> ASGIApp:
    """Return check-in. Its routes are full paths, so it is called by path and not mounted."""
    frame = site(
        settings,
        clock,
        name=NAME,
        label="Portico check-in",
        tagline=msg("What people give to the town, certified and in their own hands"),
        folders=[FOLDER, HANDOVER_FOLDER, SITE_FOLDER],
        navigation=NAVIGATION,
    )
    database = Database(settings.data / "checkin.sqlite", [HANDOVER, SCHEMA])
    links = Links(secrets.token_bytes)
    desk = Desk(database, links, clock=clock)
    base, wallet = settings.apps_url.rstrip("/") + PREFIX, settings.wallet_url.rstrip("/")
    handover = Handover(database, links, frame.pages, base=base, wallet=wallet, clock=clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await frame.close()
        database.close()

    app = FastAPI(
        title="Portico check-in",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/api/openapi.json",
        lifespan=lifespan,
        exception_handlers={
            **frame.exception_handlers(),
            CheckInError: refusals(frame.pages, TITLES),
        },
    )
    app.include_router(Api(desk, handover, frame.organisations, clock=clock).router(PREFIX))
    app.router.routes.extend(
        [
            *frame.routes(PREFIX),
            *handover.routes(PREFIX),
            *CheckInPages(frame, desk, handover, clock=clock).routes(PREFIX),
        ]
    )
    return app


def create_app() -> ASGIApp:
    """Return check-in from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(AppSettings, os.environ), time.time)
