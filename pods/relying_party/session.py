"""A logged-in person's tokens, and the access token that is always fresh."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pods.model import Clock, WebId
from pods.protocol.dpop import DpopKey

EARLY = 30.0  # seconds before its end at which a token is renewed, so that it does not expire on the way


class SessionEnded(Exception):
    """The issuer gives no further token: the person must log in again."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a login gave. The tokens and the key never leave the server, nor a log line."""

    webid: WebId
    issuer: str
    token_endpoint: str
    dpop_jwk: dict[str, Any] = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: float
    refresh_token: str | None = field(default=None, repr=False)
    id_token: str = field(default="", repr=False)
    end_session_endpoint: str | None = None
    started_at: float = 0.0


Refresh = Callable[[Session], Awaitable[Session]]


class SessionTokens:
    """Tokens for `pods.client.SolidClient`: the session's DPoP key and an access token that is still good.

    `refresh` gets the session that has run out and returns its successor; it raises SessionEnded.
    """

    def __init__(self, session: Session, refresh: Refresh, *, clock: Clock) -> None:
        self._session = session
        self._refresh = refresh
        self._clock = clock
        self._lock = asyncio.Lock()
        self.key = DpopKey.from_jwk(session.dpop_jwk)

    async def access_token(self) -> str:
        """Return a live access token, renewed when it is about to end; raise SessionEnded."""
        async with self._lock:
            if self._session.expires_at - EARLY <= self._clock():
                self._session = await self._refresh(self._session)
            return self._session.access_token
