"""The frame of an app with pages: what is the same in all of them, from settings to the ASGI application."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from apps.database import Database
from apps.organisations import BadOrganisation, Organisation, Organisations
from apps.settings import AppSettings
from apps.site.clients import HostClients
from apps.site.errors import Errors, Handler, NotStaff
from apps.site.rim import Rim
from pods.guard import guarded_client
from pods.model import Clock
from pods.relying_party import Login, RelyingParty, SessionStore
from pods.relying_party.login import FOLDER as LOGIN_FOLDER
from pods.relying_party.places import session_cookie
from pods.settings import read_settings
from vocab.pages import Navigation, Pages, User, about_routes, msg, static_routes

FOLDER = Path(__file__).resolve().parent
"""Where the catalogue and the styles of all apps are."""
HOST_SECONDS = 60.0  # a claim reads a whole period of receipts, a question or a count a whole region

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class About:
    """What an app says of itself. It lives below `/{name}` at the apps' origin."""

    name: str
    label: str
    """What log-in pages and the document of its API call it."""
    tagline: str
    navigation: tuple[Navigation, ...]
    folders: tuple[Path, ...]
    """Where its templates and catalogues are."""

    @property
    def prefix(self) -> str:
        return f"/{self.name}"


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages of one app share."""

    about: About
    pages: Pages
    login: Login
    organisations: Organisations
    clients: HostClients
    sessions: SessionStore
    strangers: httpx.AsyncClient

    @property
    def prefix(self) -> str:
        return self.about.prefix

    def staff(self, request: Request) -> Organisation:
        """Return the organisation whose account is logged in; raise LoginNeeded or NotStaff."""
        person = self.login.required(request)
        found = self.organisations.of_webid(person.session.webid)
        if found is None:
            raise NotStaff
        return found

    def application(
        self,
        routes: Sequence[BaseRoute],
        *,
        api: APIRouter | None = None,
        errors: Mapping[Any, Handler] | None = None,
        databases: Sequence[Database] = (),
        alongside: Sequence[Callable[[], AbstractAsyncContextManager[None]]] = (),
    ) -> FastAPI:
        """Return the app. Its routes are full paths, so it is called by path and not mounted.

        `alongside` runs while the app serves, and has ended before its databases are closed.
        """

        @asynccontextmanager
        async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
            async with AsyncExitStack() as closing:
                for database in databases:
                    closing.callback(database.close)
                closing.callback(self.sessions.close)
                for client in (self.strangers, self.clients.http):
                    closing.push_async_callback(client.aclose)
                for running in alongside:
                    await closing.enter_async_context(running())
                yield

        logins: Mapping[Any, Any] = self.login.exception_handlers()
        app = FastAPI(
            title=self.about.label,
            version="1",
            docs_url=None,
            redoc_url=None,
            openapi_url=f"{self.prefix}/api/openapi.json" if api else None,
            lifespan=lifespan,
            exception_handlers={
                **logins,
                **Errors(self.pages).handlers(),
                **(errors or {}),
            },
        )
        app.add_middleware(Rim)
        if api:
            app.include_router(api)
        app.router.routes.extend([*self._routes(), *routes])
        return app

    def _routes(self) -> list[BaseRoute]:
        return [
            Route(self.prefix, _home),
            Route(f"{self.prefix}/ready", _ready),
            *self.login.routes(),
            *about_routes(self.pages),
            *static_routes(f"{self.prefix}/static", {"desk": FOLDER / "static"}),
        ]


def site(
    settings: AppSettings, clock: Clock, about: About, *, transport: httpx.AsyncBaseTransport | None = None
) -> Site:
    """Return the frame of an app; `transport` reaches the pod host, which may be in the same process."""
    origin, prefix, host = settings.apps_url.rstrip("/"), about.prefix, settings.pod_url.rstrip("/")
    organisations = Organisations(settings.data)
    trusted = {*settings.trusted_hosts, _host(host)}
    strangers = guarded_client(trusted)
    sessions = SessionStore(
        settings.data / f"{about.name}-sessions.sqlite", settings.data / f"{about.name}.key", clock=clock
    )

    def context(request: Request) -> Mapping[str, Any]:
        person = login.current(request)
        if person is None:
            return {"user": None}
        try:
            found = organisations.of_webid(person.session.webid)
        except BadOrganisation:  # the page that says so has this context too
            found = None
        shown = found.title if found else msg("Logged in")
        return {"user": User(shown, logout=f"{prefix}/logout", home=f"{prefix}/staff")}

    pages = Pages(
        [*about.folders, FOLDER, LOGIN_FOLDER],
        name=about.name,
        origin=origin,
        tagline=about.tagline,
        home=f"{prefix}/",
        navigation=about.navigation,
        static_url=f"{prefix}/static",
        about=f"{prefix}/about",
        session_cookie=session_cookie(about.name, origin),
        context=context,
    )
    party = RelyingParty(
        strangers,
        client_id=f"{origin}{prefix}/client.jsonld",
        redirect_uri=f"{origin}{prefix}/callback",
        clock=clock,
    )
    login = Login(
        party,
        sessions,
        pages,
        origin=origin,
        name=about.name,
        label=about.label,
        default_provider=host + "/",
        clock=clock,
        prefix=prefix,
        home=f"{prefix}/",
        http_providers=[f"http://{one}" for one in sorted(trusted)],
    )
    http = httpx.AsyncClient(transport=transport, timeout=HOST_SECONDS, trust_env=False)
    clients = HostClients(http, host, organisations, clock=clock)
    return Site(about, pages, login, organisations, clients, sessions, strangers)


def from_settings(application: Callable[[AppSettings, Clock], ASGIApp]) -> Callable[[], ASGIApp]:
    """Return what makes an app from PORTICO_* settings (a factory for uvicorn)."""
    return lambda: application(read_settings(AppSettings, os.environ), time.time)


async def _home(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/", 308)


async def _ready(_request: Request) -> Response:
    return PlainTextResponse("ready\n")


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 443)}"
