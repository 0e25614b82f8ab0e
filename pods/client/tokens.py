"""Sources of access tokens: client credentials, and the refresh token of a person who logged in."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from pods.client.sending import SolidError, json_object, send_with_proof
from pods.model import Clock
from pods.protocol.dpop import DpopKey

RENEW_BEFORE = 30.0  # seconds: a token that ends while the request travels is of no use


class Tokens(Protocol):
    """A source of access tokens that are bound to one key."""

    @property
    def key(self) -> DpopKey: ...

    async def access_token(self) -> str:
        """Return a token that is good for the next request; raise SolidError if none is to be had."""


@dataclass(frozen=True, slots=True)
class _Held:
    access_token: str
    id_token: str | None
    until: float


class IssuedTokens(ABC):
    """Tokens of one issuer, renewed before they end, by one request however many wait for it."""

    def __init__(self, http: httpx.AsyncClient, issuer: str, key: DpopKey, *, clock: Clock) -> None:
        self.key = key
        self._http = http
        self._issuer = issuer
        self._clock = clock
        self._held: _Held | None = None
        self._endpoint: str | None = None
        self._renewing = asyncio.Lock()

    async def access_token(self) -> str:
        """Return an access token that is good for the next request; raise SolidError if none is to be had."""
        return (await self._fresh()).access_token

    async def id_token(self) -> str:
        """Return an ID token, for authorization servers that want to know who asks; raise SolidError."""
        held = await self._fresh()
        if held.id_token is None:
            raise SolidError(0, "The issuer gave no ID token", "The scope must contain openid.")
        return held.id_token

    async def _fresh(self) -> _Held:
        async with self._renewing:
            if self._held is None or self._held.until <= self._clock():
                self._held = await self._renew()
            return self._held

    @abstractmethod
    async def _renew(self) -> _Held: ...

    async def _exchange(
        self, form: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> tuple[_Held, dict[str, Any]]:
        if self._endpoint is None:
            discovery = await self._http.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._endpoint = str(json_object(discovery).get("token_endpoint", ""))
        answer = await send_with_proof(
            self._http, self.key, "POST", self._endpoint, clock=self._clock, data=form, auth=auth
        )
        token = json_object(answer)
        if not isinstance(token.get("access_token"), str):
            raise SolidError(answer.status_code, "The issuer's answer has no access token")
        until = self._clock() + float(token.get("expires_in", 0)) - RENEW_BEFORE
        return _Held(token["access_token"], token.get("id_token"), until), token


class ClientCredentials(IssuedTokens):
    """Tokens for a script that acts for an account (RFC 6749 section 4.4)."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        clock: Clock,
        scope: str = "openid webid",
        key: DpopKey | None = None,
    ) -> None:
        super().__init__(http, issuer, key or DpopKey.generate(), clock=clock)
        self._credentials = (client_id, client_secret)
        self._scope = scope

    async def _renew(self) -> _Held:
        held, _ = await self._exchange(
            {"grant_type": "client_credentials", "scope": self._scope}, self._credentials
        )
        return held


class RefreshedTokens(IssuedTokens):
    """Tokens of a person who logged in, from a refresh token that was stored.

    The refresh token changes with each use: `keep` stores the new one, and is awaited before the new access
    token is given out, so that a crash loses no log-in.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: str,
        client_id: str,
        refresh_token: str,
        key: DpopKey,
        *,
        keep: Callable[[str], Awaitable[None]],
        clock: Clock,
        access_token: str | None = None,
        expires_at: float = 0.0,
    ) -> None:
        super().__init__(http, issuer, key, clock=clock)
        self._client_id = client_id
        self._refresh_token = refresh_token
        self._keep = keep
        if access_token is not None:
            self._held = _Held(access_token, None, expires_at - RENEW_BEFORE)

    async def _renew(self) -> _Held:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": self._refresh_token,
            "client_id": self._client_id,
        }
        held, token = await self._exchange(form)
        successor = token.get("refresh_token")
        if isinstance(successor, str) and successor != self._refresh_token:
            await self._keep(successor)
            self._refresh_token = successor
        return held
