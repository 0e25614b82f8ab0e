"""What all pages of the provider share: layout, who is logged in, and how errors become pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlencode, urlsplit

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pods.errors import PodError
from pods.http.problem import status_of
from pods.identity.accounts import hashed
from pods.identity.accounts_sql import Account
from pods.identity.host import Addresses, Host
from pods.identity.passwords import HashedPassword
from pods.identity.sessions import PATH, LoggedIn, Sessions
from vocab.pages import ForgedForm, Pages, User, msg

Handler = Callable[[Request], Awaitable[Response]]

HASHES_AT_ONCE = 4  # each takes 19 MiB and a core for some 20 ms; a flood of log-ins waits in line
FORGED = msg(
    "It has expired, or it came from another site. Go back, load the page again and send it once more."
)
STATIC = "/.static"
ABOUT = "/.about"
_SOURCE = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+")


class Site:
    """The provider's pages on one host."""

    def __init__(self, host: Host, *folders: Path) -> None:
        """`folders` hold templates and words of pages beside the provider's own."""
        origin = host.settings.pod_url
        self.host = host
        self.addresses = Addresses(origin, host.settings.issuer)
        self.sessions = Sessions(secure=origin.startswith("https:"), clock=host.clock)
        self._hashing = CapacityLimiter(HASHES_AT_ONCE)
        self.pages = Pages(
            [Path(__file__).resolve().parent, *folders],
            name="account",
            origin=origin,
            tagline=msg("Your account and your pod"),
            home=PATH,
            static_url=STATIC,
            about=ABOUT,
            session_cookie=self.sessions.cookie,
        )

    async def matches(self, account: Account | None, password: str) -> bool:
        """Say whether the password is the account's: away from the event loop, and few at a time."""
        check = self.host.accounts.check_password
        return await to_thread.run_sync(check, account, password, limiter=self._hashing)

    async def hash(self, password: str) -> HashedPassword | None:
        """Return the hash of a new password; raise BadContent if it will not do."""
        return await to_thread.run_sync(hashed, password, limiter=self._hashing)

    def route(self, path: str, handler: Handler, methods: Sequence[str] = ("GET",)) -> Route:
        """Return a route whose errors are pages too."""

        async def answer(request: Request) -> Response:
            _ = self.pages.translator(request)
            try:
                return await handler(request)
            except ForgedForm:
                return self.pages.problem(request, 403, _("The form was not accepted"), _(FORGED))
            except PodError as error:
                title, fields = _("That did not work"), dict(error.headers)
                return self.pages.problem(request, status_of(error), title, _(str(error)), headers=fields)

        return Route(path, answer, methods=list(methods))

    async def current(self, request: Request) -> LoggedIn | None:
        """Return who is logged in, if anybody."""
        return await self.host.store.read(lambda tx: self.sessions.current(tx, request))

    def render(
        self, request: Request, template: str, who: LoggedIn | None, *, status: int = 200, **context: Any
    ) -> Response:
        """Return a page, with the name of who is logged in."""
        user = User(who.account.name, logout=f"{PATH}logout", home=PATH) if who else None
        return self.pages.render(request, template, status=status, user=user, **context)

    def to_login(self, request: Request) -> Response:
        """Send the browser to the log-in page, and then back here."""
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return see_other(f"{PATH}login?{urlencode({'next': here})}")


def see_other(location: str) -> Response:
    """Return a redirect after a form (RFC 9110 section 15.4.4)."""
    return RedirectResponse(location, 303)


def way_back(asked: str) -> str:
    """Return where to go after logging in: only pages of this provider, or its home."""
    parts = _split(asked)
    local = not parts.scheme and not parts.netloc and parts.path.startswith(PATH) and asked.startswith("/.")
    # A backslash is a slash to browsers: `/\evil.example` would leave the site.
    return asked if local and "\\" not in asked and asked.isprintable() else PATH


def form_targets(way: str) -> list[str]:
    """Return the origin of the application that waits at the end of the way, for the page's policy."""
    redirect_uri = parse_qs(_split(way).query).get("redirect_uri", [""])[0]
    return source_of(redirect_uri)


def source_of(redirect_uri: str) -> list[str]:
    """Return a content security policy source for an address, none if it is not a plain one."""
    parts = _split(redirect_uri)
    origin = f"{parts.scheme}://{parts.netloc}"
    if _SOURCE.fullmatch(origin):
        return [origin]
    return [f"{parts.scheme}:"] if re.fullmatch(r"[a-z][a-z0-9+.-]*\.[a-z0-9+.-]+", parts.scheme) else []


def _split(url: str) -> SplitResult:
    """Return the parts of an address that a stranger wrote; of an unreadable one, none."""
    try:
        return urlsplit(url)
    except ValueError:  # a bracket that does not close
        return SplitResult("", "", "", "", "")
