"""Composition of the wallet: an ordinary Solid client with pages, at an origin of its own."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.types import ASGIApp

from consent.client import Register
from pods.guard import GuardedTransport, guarded_client
from pods.model import Clock
from pods.relying_party import Login, RelyingParty, SessionStore
from pods.relying_party.login import FOLDER as LOGIN_FOLDER
from pods.relying_party.places import session_cookie
from pods.settings import read_settings
from vocab.pages import Pages, about_routes, msg, static_routes
from wallet.ballots import Ballots
from wallet.programmes import Programmes
from wallet.receiving import IssuerKeys, OneTimeLinks
from wallet.settings import WalletSettings
from wallet.surroundings import NAVIGATION, surroundings
from wallet.views import errors
from wallet.views.acting import ActingPages
from wallet.views.ballot import BallotPages
from wallet.views.data import Data
from wallet.views.elsewhere import Elsewhere
from wallet.views.grants import Grants
from wallet.views.home import Home
from wallet.views.log import Log
from wallet.views.people import People
from wallet.views.preferences import Preferences
from wallet.views.prepared import PreparedPages
from wallet.views.preview import PreviewPages
from wallet.views.profile import ProfilePages
from wallet.views.receive import Receive
from wallet.views.requests import Requests
from wallet.views.results import Results
from wallet.views.rights import Rights
from wallet.views.standing import Standing
from wallet.visit import Desk

NAME = "wallet"
MIB = 1024 * 1024
LARGEST_POD = 512 * MIB  # an export is one zip of everything
POD_SECONDS = 60.0  # a year's export of a big household takes some seconds


def application(
    settings: WalletSettings, clock: Clock, *, to_pods: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return the wallet. `to_pods` carries its requests to pods: over the network, unless one is given."""
    origin = settings.wallet_url.rstrip("/")
    # The operator's own hosts need no guard; whatever else a person or a link names must be public and use TLS.
    trusted = {*settings.trusted_hosts, _host(settings.pod_url), _host(settings.apps_url)}
    strangers = guarded_client(trusted)
    pods = httpx.AsyncClient(
        transport=to_pods or GuardedTransport(trusted, max_answer=LARGEST_POD, max_seconds=POD_SECONDS),
        follow_redirects=False,
        trust_env=False,
        timeout=POD_SECONDS,
    )
    sessions = SessionStore(
        settings.data / "wallet.sqlite",
        settings.data / "wallet.key",
        clock=clock,
        idle=settings.wallet_idle_minutes * 60.0,
        longest=settings.wallet_longest_hours * 3600.0,
    )
    pages = Pages(
        [Path(__file__).resolve().parent, LOGIN_FOLDER],
        name=NAME,
        origin=origin,
        tagline=msg("Your wallet: your data, your consents"),
        navigation=NAVIGATION,
        session_cookie=session_cookie(NAME, origin),
        context=lambda request: surroundings(request, login, pages),
    )
    party = RelyingParty(
        strangers, client_id=f"{origin}/client.jsonld", redirect_uri=f"{origin}/callback", clock=clock
    )
    login = Login(
        party,
        sessions,
        pages,
        origin=origin,
        name=NAME,
        label="Portafoglio Portico",
        default_provider=settings.pod_url.rstrip("/") + "/",
        clock=clock,
        http_providers=[f"http://{host}" for host in sorted(trusted)],
        enrich=lambda session, tokens: desk.enrich(session, tokens),
    )
    desk = Desk(pages, login, pods, host=settings.pod_url.rstrip("/"), clock=clock)
    keys, ballots = IssuerKeys(strangers, clock=clock), Ballots(strangers)
    switching = ActingPages(desk)
    parts = (
        Home(desk, ballots),
        Requests(desk),
        Grants(desk),
        Elsewhere(desk, Register(pods, settings.pod_url)),
        Log(desk, origin=origin),
        People(desk, switching),
        switching,
        PreparedPages(desk),
        Standing(desk),
        Results(desk),
        PreviewPages(desk, Programmes(strangers, settings.apps_url)),
        ProfilePages(desk),
        Data(desk, keys),
        Receive(desk, OneTimeLinks(strangers), keys),
        Rights(desk),
        BallotPages(desk, ballots),
        Preferences(
            desk, idle_minutes=settings.wallet_idle_minutes, longest_hours=settings.wallet_longest_hours
        ),
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await strangers.aclose()
        await pods.aclose()
        sessions.close()

    return Starlette(
        routes=[
            *login.routes(),
            *(route for part in parts for route in part.routes()),
            *about_routes(pages),
            *static_routes(),
        ],
        exception_handlers={**login.exception_handlers(), **errors.handlers(pages), **switching.handlers()},
        lifespan=lifespan,
    )


def create_app() -> ASGIApp:
    """Return the wallet from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(WalletSettings, os.environ), time.time)


def _host(url: str) -> str:
    """Return host:port, as the guard wants it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or {'https': 443, 'http': 80}.get(parts.scheme, 443)}"
