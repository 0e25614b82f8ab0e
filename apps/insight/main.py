"""Composition of insight: pages and API below `/insight` at the apps' origin. It keeps no data of its own."""

from __future__ import annotations

from pathlib import Path

import httpx
from starlette.types import ASGIApp

from apps.insight.api import Api
from apps.insight.host import Host
from apps.insight.pages.public import PublicPages
from apps.insight.pages.staff import StaffPages
from apps.settings import AppSettings
from apps.site.frame import About, from_settings, site
from pods.model import Clock
from vocab.pages import Navigation, msg

ABOUT = About(
    name="insight",
    label="Portico insight",
    tagline=msg("Answers about the town, from people who agreed, and about nobody in particular"),
    navigation=(
        Navigation(msg("Programmes"), "/insight/", "programmes"),
        Navigation(msg("Register of questions"), "/insight/questions", "questions"),
        Navigation(msg("For administrations"), "/insight/staff", "staff"),
    ),
    folders=(Path(__file__).resolve().parent,),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return insight; `transport` reaches the pod host."""
    frame = site(settings, clock, ABOUT, transport=transport)
    host = Host(frame.clients)
    public = PublicPages(frame, host)
    return frame.application(
        [*public.routes(frame.prefix), *StaffPages(frame, host, public).routes()],
        api=Api(host, frame.organisations).router(frame.prefix),
    )


create_app = from_settings(application)
