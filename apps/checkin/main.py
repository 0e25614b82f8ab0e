"""Composition of check-in: API and pages below `/checkin` at the apps' origin."""

from __future__ import annotations

import secrets
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from apps.checkin.api import Api
from apps.checkin.desk import Desk
from apps.checkin.pages import CheckInPages
from apps.checkin.schema_sql import SCHEMA
from apps.database import Database
from apps.handover.links import Links
from apps.handover.links_sql import SCHEMA as HANDOVER
from apps.handover.routes import FOLDER as HANDOVER_FOLDER
from apps.handover.routes import Handover
from apps.settings import AppSettings
from apps.site.frame import About, from_settings, site
from pods.model import Clock
from vocab.pages import Navigation, msg

ABOUT = About(
    name="checkin",
    label="Portico check-in",
    tagline=msg("What people give to the town, certified and in their own hands"),
    navigation=(
        Navigation(msg("Check-in"), "/checkin/", "home"),
        Navigation(msg("Desk"), "/checkin/staff", "desk"),
    ),
    folders=(Path(__file__).resolve().parent, HANDOVER_FOLDER),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return check-in; it needs nothing of the pod host, which `transport` reaches."""
    frame = site(settings, clock, ABOUT, transport=transport)
    database = Database(settings.data / "checkin.sqlite", [HANDOVER, SCHEMA])
    links = Links(secrets.token_bytes)
    desk = Desk(database, links, clock=clock)
    base, wallet = settings.apps_url.rstrip("/") + frame.prefix, settings.wallet_url.rstrip("/")
    handover = Handover(database, links, frame.pages, base=base, wallet=wallet, clock=clock)
    pages = CheckInPages(frame, desk, handover, clock=clock)
    return frame.application(
        [*handover.routes(frame.prefix), *pages.routes(frame.prefix)],
        api=Api(desk, handover, frame.organisations, clock=clock).router(frame.prefix),
        databases=[database],
    )


create_app = from_settings(application)
