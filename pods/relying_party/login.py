"""Login pages of an application: choose a provider, come back, log out; and the person behind a request."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pods.model import Clock
from pods.relying_party.failures import FAILURES
from pods.relying_party.flow import (
    LOGIN_SECONDS,
    LoginFailed,
    Pending,
    Provider,
    RelyingParty,
    client_document,
)
from pods.relying_party.places import safe_path, session_cookie
from pods.relying_party.session import Session, SessionEnded, SessionTokens
from pods.relying_party.sessions_sql import SessionStore
from vocab.pages import Pages

FOLDER = Path(__file__).resolve().parent
"""Templates and texts of these pages, one of the `folders` of the application's `Pages`."""

_MOST_TOKENS = 5000  # sessions whose keys stay parsed in memory; the rest are read from the store again

Enrich = Callable[[Session, SessionTokens], Awaitable[dict[str, Any]]]
"""Gives what the application wants to remember of the person for the session, such as the name to show."""


class LoginNeeded(Exception):
    """The page is for people who are logged in; `return_to` is where they wanted to go."""

    def __init__(self, return_to: str) -> None:
        super().__init__("log in first")
        self.return_to = return_to


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The person behind a request."""

    session: Session
    tokens: SessionTokens
    known: Mapping[str, Any] = field(default_factory=dict)


class Login:
    """The routes `{prefix}/login`, `/callback`, `/logout` and `/client.jsonld` of one application."""

    def __init__(
        self,
        party: RelyingParty,
        sessions: SessionStore,
        pages: Pages,
        *,
        origin: str,
        name: str,
        label: str,
        default_provider: str,
        clock: Clock,
        prefix: str = "",
        home: str = "/",
        http_providers: Sequence[str] = (),
        enrich: Enrich | None = None,
    ) -> None:
        self._party = party
        self._sessions = sessions
        self._pages = pages
        self._origin = origin
        self._label = label
        self._default_provider = default_provider
        self._clock = clock
        self._prefix = prefix
        self._home = home
        self._enrich = enrich
        self.cookie = session_cookie(name, origin)
        self._login_cookie = f"{self.cookie}_login"
        self._tokens: OrderedDict[str, SessionTokens] = OrderedDict()
        default = urlsplit(default_provider)
        # The form's answer redirects to whatever provider was chosen, and form-action governs that too.
        self._form_targets = ["https:", f"{default.scheme}://{default.netloc}", *http_providers]

    def routes(self) -> list[BaseRoute]:
        """Return the routes of login and of the client identifier document."""
        return [
            Route(f"{self._prefix}/login", self._show, methods=["GET"]),
            Route(f"{self._prefix}/login", self._begin, methods=["POST"]),
            Route(f"{self._prefix}/callback", self._callback, methods=["GET"]),
            Route(f"{self._prefix}/logout", self._logout, methods=["POST"]),
            Route(f"{self._prefix}/client.jsonld", self._client, methods=["GET"]),
        ]

    def current(self, request: Request) -> LoggedIn | None:
        """Return the person of a live session, or None."""
        name = request.cookies.get(self.cookie)
        stored = self._sessions.read(name) if name else None
        if name is None or stored is None or "session" not in stored:
            return None
        session = Session(**stored["session"])
        tokens = self._tokens.get(name)
        if tokens is None:
            tokens = SessionTokens(session, self._refresher(name), clock=self._clock)
            self._tokens[name] = tokens
            while len(self._tokens) > _MOST_TOKENS:
                self._tokens.popitem(last=False)
        return LoggedIn(session, tokens, stored.get("known", {}))

    def required(self, request: Request) -> LoggedIn:
        """Return the person of the request; raise LoginNeeded."""
        person = self.current(request)
        if person is None:
            # A posted form cannot be repeated after a login: go back to the page that it stood on.
            wanted = (
                request.url.path
                if request.method != "GET"
                else str(request.url).removeprefix(self._own(request))
            )
            raise LoginNeeded(wanted)
        return person

    def remember(self, request: Request, known: Mapping[str, Any]) -> None:
        """Replace what the application remembers for this session."""
        name = request.cookies.get(self.cookie)
        stored = self._sessions.read(name) if name else None
        if name and stored:
            self._sessions.replace(name, {**stored, "known": dict(known)})

    def renew(self, request: Request, response: Response, known: Mapping[str, Any]) -> None:
        """Remember something that changes what the session may do: under a fresh name, so that no form of before counts.

        Raises LoginNeeded if there is no session any more.
        """
        name = request.cookies.get(self.cookie, "")
        stored = self._sessions.read(name) if name else None
        fresh = self._sessions.rename(name, {**stored, "known": dict(known)}) if stored else None
        if fresh is None:
            raise LoginNeeded(self._home)
        self._tokens.pop(name, None)
        self._set_cookie(response, self.cookie, fresh)

    def exception_handlers(self) -> Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]:
        """Return what turns this module's errors into answers, for Starlette's `exception_handlers`."""
        return {LoginNeeded: self._to_login, SessionEnded: self._ended, LoginFailed: self._failed}

    def _own(self, request: Request) -> str:
        return f"{request.url.scheme}://{request.url.netloc}"

    async def _show(self, request: Request) -> Response:
        return self._login_page(request, safe_path(request.query_params.get("return_to"), self._home))

    def _login_page(self, request: Request, return_to: str, status: int = 200, **context: Any) -> Response:
        values = {"error": "", "provider": "", "ended": "ended" in request.query_params, **context}
        return self._pages.render(
            request,
            "relying_party/login.html",
            status=status,
            form_targets=self._form_targets,
            return_to=return_to,
            action=f"{self._prefix}/login",
            default_provider=self._default_provider,
            default_name=urlsplit(self._default_provider).netloc,
            **values,
        )

    async def _begin(self, request: Request) -> Response:
        form = await self._pages.guard.form(request)
        provider = str(form.get("provider", "")).strip() or self._default_provider
        return_to = safe_path(str(form.get("return_to", "")), self._home)
        if "://" not in provider:
            provider = f"https://{provider}"
        try:
            address, pending = await self._party.begin(provider, return_to)
        except LoginFailed as error:
            _ = self._pages.translator(request)
            title, detail = FAILURES[error.reason]
            text = f"{_(title)}. {_(detail)}"
            return self._login_page(request, return_to, status=422, error=text, provider=provider)
        response = RedirectResponse(address, 303, headers={"Cache-Control": "no-store"})
        kept = self._sessions.start({"pending": asdict(pending)})
        self._set_cookie(response, self._login_cookie, kept, max_age=int(LOGIN_SECONDS))
        return response

    async def _callback(self, request: Request) -> Response:
        kept = request.cookies.get(self._login_cookie, "")
        stored = self._sessions.read(kept) if kept else None
        if stored is None or "pending" not in stored:
            raise LoginFailed("expired", "no login is under way in this browser")
        self._sessions.end(kept)  # an answer is taken once
        plain = stored["pending"]
        pending = Pending(**{**plain, "provider": Provider(**plain["provider"])})
        session = await self._party.complete(pending, request.query_params)
        # A fresh name on every login: a name planted before (session fixation) never becomes a session.
        name = self._sessions.start({"session": asdict(session)})
        if self._enrich:
            tokens = SessionTokens(session, self._refresher(name), clock=self._clock)
            known = await self._enrich(session, tokens)
            self._sessions.replace(name, {"session": asdict(session), "known": known})
        self._forget(request)
        response = RedirectResponse(pending.return_to, 303, headers={"Cache-Control": "no-store"})
        self._set_cookie(response, self.cookie, name)
        response.delete_cookie(self._login_cookie, path="/")
        return response

    async def _logout(self, request: Request) -> Response:
        await self._pages.guard.form(request)
        person = self.current(request)
        self._forget(request)
        home = f"{self._origin}{self._home}"
        address = self._party.logout_address(person.session, home) if person else None
        # A page between the form and the provider: a redirect to another origin would break our own form-action.
        response = self._pages.render(
            request, "relying_party/left.html", user=None, address=address, action=f"{self._prefix}/login"
        )
        response.delete_cookie(self.cookie, path="/")
        return response

    async def _client(self, request: Request) -> Response:
        base = f"{self._origin}{self._prefix}"
        document = client_document(
            f"{base}/client.jsonld",
            self._label,
            home=f"{self._origin}{self._home}",
            redirect_uri=f"{base}/callback",
        )
        headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}
        return JSONResponse(document, headers=headers, media_type="application/ld+json")

    async def _to_login(self, request: Request, error: Exception) -> Response:
        wanted = error.return_to if isinstance(error, LoginNeeded) else self._home
        return RedirectResponse(f"{self._prefix}/login?return_to={quote(wanted)}", 303)

    async def _ended(self, request: Request, error: Exception) -> Response:
        self._forget(request)
        wanted = request.url.path if request.method == "GET" else self._home
        response = RedirectResponse(f"{self._prefix}/login?ended=1&return_to={quote(wanted)}", 303)
        response.delete_cookie(self.cookie, path="/")
        return response

    async def _failed(self, request: Request, error: Exception) -> Response:
        reason = error.reason if isinstance(error, LoginFailed) else "mismatch"
        _ = self._pages.translator(request)
        title, detail = FAILURES[reason]
        again = (_("Log in"), f"{self._prefix}/login")
        return self._pages.problem(request, 400, _(title), _(detail), code=f"login-{reason}", action=again)

    def _refresher(self, name: str) -> Callable[[Session], Awaitable[Session]]:
        async def refresh(old: Session) -> Session:
            newer = await asyncio.to_thread(self._stored, name)
            # Another worker may have renewed already; a refresh token that was used once is worth nothing.
            if newer is not None and newer.expires_at > old.expires_at:
                return newer
            renewed = await self._party.refresh(newer or old)
            stored = self._sessions.read(name) or {}
            self._sessions.replace(name, {**stored, "session": asdict(renewed)})
            return renewed

        return refresh

    def _stored(self, name: str) -> Session | None:
        stored = self._sessions.read(name)
        return Session(**stored["session"]) if stored and "session" in stored else None

    def _forget(self, request: Request) -> None:
        name = request.cookies.get(self.cookie)
        if name:
            self._sessions.end(name)
            self._tokens.pop(name, None)

    def _set_cookie(self, response: Response, name: str, value: str, max_age: int | None = None) -> None:
        # Lax, not Strict: the provider sends the browser back from another site.
        secure = self._origin.startswith("https:")
        response.set_cookie(
            name, value, max_age=max_age, path="/", httponly=True, samesite="lax", secure=secure
        )
