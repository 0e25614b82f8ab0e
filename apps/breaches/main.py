"""Composition of the desk for breaches: pages below `/breaches` at the apps' origin. It keeps no data of its own."""

from __future__ import annotations

from pathlib import Path

import httpx
from starlette.types import ASGIApp

from apps.breaches.pages import BreachPages
from apps.settings import AppSettings
from apps.site.frame import About, from_settings, site
from pods.model import Clock
from vocab.pages import Navigation, msg

ABOUT = About(
    name="breaches",
    label="Portico breaches",
    tagline=msg("When data got out: count, tell, put right"),
    navigation=(
        Navigation(msg("Breaches"), "/breaches/", "home"),
        Navigation(msg("For organisations"), "/breaches/staff", "staff"),
    ),
    folders=(Path(__file__).resolve().parent,),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return the desk; `transport` reaches the pod host."""
    frame = site(settings, clock, ABOUT, transport=transport)
    return frame.application(BreachPages(frame, clock=clock).routes())


create_app = from_settings(application)
