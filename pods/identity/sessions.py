"""The session cookie of the provider's own pages; pod resources never see it and never look at it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from pods.identity import accounts_sql, sessions_sql
from pods.identity.accounts_sql import Account
from pods.identity.passwords import digest, new_secret
from pods.identity.sessions_sql import Session
from pods.model import Clock
from pods.storage.base import Transaction

SESSION_SECONDS = 12 * 3600.0  # a working day; the applications have refresh tokens for longer
MAX_BROWSER = 200  # characters kept of what a browser calls itself
PATH = "/.account/"  # pods share the origin, so the browser must not send the cookie with their resources


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who uses this browser, and when they proved it."""

    account: Account
    since: float
    session: str | None = None
    """The name of this browser's session, for the list of them."""


class Sessions:
    """Sessions on the host's store, by cookie."""

    def __init__(self, *, secure: bool, clock: Clock) -> None:
        # RFC 6265bis: `__Secure-` can only be set over TLS. `__Host-` would force the path to be `/`, and so
        # send the cookie with every pod resource.
        self.cookie = "__Secure-portico_account" if secure else "portico_account"
        self._secure = secure
        self._clock = clock

    def current(self, tx: Transaction, request: Request) -> LoggedIn | None:
        """Return who is logged in, if anybody."""
        secret = request.cookies.get(self.cookie)
        if not secret:
            return None
        session = sessions_sql.session(tx, digest(secret), self._clock())
        account = accounts_sql.account_by_id(tx, session.account) if session else None
        return LoggedIn(account, session.started, session.id) if account and session else None

    def start(self, tx: Transaction, account: Account, request: Request) -> str:
        """Add a session and return the cookie's value: always a new one, so that none can be planted."""
        secret, now = new_secret(), self._clock()
        browser = request.headers.get("user-agent", "")[:MAX_BROWSER]
        new = Session(secrets.token_urlsafe(12), account.id, now, browser)
        sessions_sql.add_session(tx, digest(secret), new, now + SESSION_SECONDS)
        return secret

    def end(self, tx: Transaction, request: Request) -> None:
        """Remove the session of this browser."""
        secret = request.cookies.get(self.cookie)
        if secret:
            sessions_sql.end_session(tx, digest(secret))

    def put(self, response: Response, secret: str) -> None:
        """Set the cookie; without a domain it belongs to this host only."""
        response.set_cookie(
            self.cookie, secret, path=PATH, httponly=True, secure=self._secure, samesite="lax"
        )

    def clear(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(self.cookie, path=PATH, httponly=True, secure=self._secure, samesite="lax")
