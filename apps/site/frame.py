"""The frame of an app with pages: layout, log-in of organisations, errors as pages or problem documents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from apps.organisations import Organisation, Organisations
from apps.refusal import Refusal
from apps.settings import AppSettings
from pods.errors import PodError
from pods.guard import guarded_client
from pods.model import Clock
from pods.relying_party import Login, RelyingParty, SessionStore
from pods.relying_party.login import FOLDER as LOGIN_FOLDER
from pods.relying_party.places import session_cookie
from vocab.pages import ForgedForm, Navigation, Pages, User, about_routes, msg, static_routes

log = logging.getLogger(__name__)

Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]
Titles = Mapping[int, str]
"""Message ids by status, for `refusals`."""
FOLDER = Path(__file__).resolve().parent
"""Where the catalogue of this package is, for `Pages`."""

_PORTS = {"https": 443, "http": 80}


class NotStaff(Exception):
    """Somebody who is logged in, but for no organisation that may use this page."""


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages of one app share."""

    pages: Pages
    login: Login
    organisations: Organisations
    sessions: SessionStore
    strangers: httpx.AsyncClient

    def staff(self, request: Request) -> Organisation:
        """Return the organisation whose account is logged in; raise LoginNeeded or NotStaff."""
        person = self.login.required(request)
        found = self.organisations.of_webid(person.session.webid)
        if found is None:
            raise NotStaff
        return found

    def routes(self, prefix: str) -> list[BaseRoute]:
        return [
            *self.login.routes(),
            *about_routes(self.pages),
            *static_routes(f"{prefix}/static", {"desk": FOLDER / "static"}),
        ]

    def exception_handlers(self) -> dict[Any, Handler]:
        logins: Mapping[Any, Any] = self.login.exception_handlers()
        return {**logins, **_handlers(self.pages)}

    async def close(self) -> None:
        await self.strangers.aclose()
        self.sessions.close()


def site(
    settings: AppSettings,
    clock: Clock,
    *,
    name: str,
    label: str,
    tagline: str,
    folders: Sequence[Path],
    navigation: Sequence[Navigation],
) -> Site:
    """Return the frame of the app that lives below `/{name}` at the apps' origin."""
    origin, prefix = settings.apps_url.rstrip("/"), f"/{name}"
    organisations = Organisations(settings.data)
    trusted = {*settings.trusted_hosts, _host(settings.pod_url)}
    strangers = guarded_client(trusted)
    sessions = SessionStore(
        settings.data / f"{name}-sessions.sqlite", settings.data / f"{name}.key", clock=clock
    )

    def context(request: Request) -> Mapping[str, Any]:
        person = login.current(request)
        if person is None:
            return {"user": None}
        found = organisations.of_webid(person.session.webid)
        shown = found.title if found else msg("Logged in")
        return {"user": User(shown, logout=f"{prefix}/logout", home=f"{prefix}/staff")}

    pages = Pages(
        [*folders, LOGIN_FOLDER],
        name=name,
        origin=origin,
        tagline=tagline,
        home=f"{prefix}/",
        navigation=navigation,
        static_url=f"{prefix}/static",
        about=f"{prefix}/about",
        session_cookie=session_cookie(name, origin),
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
        name=name,
        label=label,
        default_provider=settings.pod_url.rstrip("/") + "/",
        clock=clock,
        prefix=prefix,
        home=f"{prefix}/",
        http_providers=[f"http://{host}" for host in sorted(trusted)],
    )
    return Site(pages, login, organisations, sessions, strangers)


def refusals(pages: Pages, titles: Titles) -> Handler:
    """Return a handler for errors that carry `status` and `code`, and whose message is for the reader."""

    async def refused(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        if not isinstance(error, Refusal):
            code = str(getattr(error, "code", "error"))
            return pages.problem(request, 422, _("The request does not fit"), str(error), code=code)
        title = _(titles.get(error.status, msg("The request does not fit")))
        # Programs read English, which names fields as the API does.
        detail = error.said(_) if "text/html" in request.headers.get("accept", "") else str(error)
        return pages.problem(request, error.status, title, detail, code=error.code)

    return refused


def unreachable(pages: Pages) -> Handler:
    """Return a handler for a pod host that refused or did not answer."""

    async def failed(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        return pages.problem(request, 502, _("The pod host did not do it"), str(error), code="pod-host")

    return failed


def _host(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme, 443)}"


def _handlers(pages: Pages) -> dict[Any, Handler]:
    async def forged(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        return pages.problem(request, 403, _("The form was not accepted"), str(error), code="forged-form")

    async def not_staff(request: Request, _error: Exception) -> Response:
        _ = pages.translator(request)
        detail = _(
            "Your account belongs to no organisation that works here. Log out and in with another one."
        )
        return pages.problem(request, 403, _("This page is for organisations"), detail, code="not-staff")

    async def unreadable(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": ""}
        place = "/".join(str(part) for part in first["loc"])
        return pages.problem(
            request,
            422,
            _("The request does not fit"),
            f"{place}: {first['msg']}",
            code="unprocessable",
        )

    async def refused(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        code = error.code if isinstance(error, PodError) else "error"
        return pages.problem(request, 422, _("The request does not fit"), str(error), code=code)

    async def other(request: Request, error: Exception) -> Response:
        _ = pages.translator(request)
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 500:
            log.error("an unexpected error", exc_info=error)
        known = {
            401: (_("Log in first"), _("Send the organisation's client id and secret (HTTP Basic).")),
            404: (_("Page not found"), _("There is no page at this address.")),
            405: (_("This cannot be done here"), _("Go back and use the buttons of the page.")),
        }
        title, detail = known.get(status, (_("Something went wrong"), _("Try again in a moment.")))
        headers = error.headers if isinstance(error, HTTPException) else None
        return pages.problem(request, status, title, detail, headers=headers)

    return {
        ForgedForm: forged,
        NotStaff: not_staff,
        RequestValidationError: unreadable,
        PodError: refused,
        HTTPException: other,
        Exception: other,
    }
