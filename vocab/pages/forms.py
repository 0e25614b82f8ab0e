"""Forms that cannot be forged from another site: a token bound to the session, and the Origin header."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request

FIELD = "csrf"
MAX_FIELDS = 500  # a consent request lists a few dozen data items
MAX_PART = 1024 * 1024  # a pasted receipt has some kilobytes


class ForgedForm(Exception):
    """A form that did not come from a page of this site and session; the message says what to do."""


class FormGuard:
    """Makes and checks the hidden field of every form.

    The token is a digest of a cookie that scripts cannot read: the session cookie, or before there is a session
    a random one of its own. A stranger's page can neither read nor guess it; the Origin check stops a stranger
    who can set cookies from a sibling host name.
    """

    def __init__(self, name: str, origin: str, session_cookie: str | None) -> None:
        self.cookie = f"portico_{name}_form"
        self._origin = origin
        self._session_cookie = session_cookie

    def token(self, request: Request) -> str:
        """Return the token of this session; remembers a fresh cookie value in the request where none was."""
        return _digest(self._binding(request) or self._fresh(request))

    def field(self, request: Request) -> Markup:
        """Return the hidden input that belongs in every form."""
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self.token(request))

    async def form(self, request: Request) -> FormData:
        """Return the posted fields; raise ForgedForm unless they came from our own page."""
        form = await request.form(max_fields=MAX_FIELDS, max_part_size=MAX_PART)
        self.check(request, str(form.get(FIELD, "")))
        return form

    def check(self, request: Request, token: str) -> None:
        """Raise ForgedForm unless the Origin is ours and the token is this session's."""
        origin = request.headers.get("origin")
        if origin is not None and origin != self._origin:
            raise ForgedForm(f"the form was sent from {origin}, not from this site")
        if origin is None and request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise ForgedForm("the form was sent from another site")
        binding = self._binding(request)
        if binding is None or not hmac.compare_digest(_digest(binding).encode(), token.encode()):
            raise ForgedForm("the form has expired: go back, reload the page and send it again")

    def _binding(self, request: Request) -> str | None:
        session = request.cookies.get(self._session_cookie) if self._session_cookie else None
        fresh: str | None = request.scope.get(self.cookie)
        return session or request.cookies.get(self.cookie) or fresh

    def _fresh(self, request: Request) -> str:
        value = secrets.token_urlsafe(32)
        request.scope[self.cookie] = value
        return value

    def fresh_cookie(self, request: Request) -> str | None:
        """Return the cookie value that this answer must set, if a token was made without one."""
        value: str | None = request.scope.get(self.cookie)
        return value


def _digest(binding: str) -> str:
    return hashlib.sha256(b"portico form\x00" + binding.encode()).hexdigest()
