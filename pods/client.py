"""A Solid client: tokens from an issuer, requests with DPoP, graphs and documents by URL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

import httpx
from rdflib import Graph

from pods.model import Clock
from pods.protocol.dpop import DpopKey

RENEW_BEFORE = 30.0  # seconds: a token that ends while the request travels is of no use
TURTLE = "text/turtle"


class SolidError(Exception):
    """A server refused, or could not be understood. Carries the problem document (RFC 9457) if there was one."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(f"{status} {title}" + (f": {detail}" if detail else ""))
        self.status = status
        """The HTTP status; 0 if there was no answer."""
        self.title = title
        self.detail = detail


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


class IssuedTokens:
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

    async def _renew(self) -> _Held:
        raise NotImplementedError

    async def _exchange(
        self, form: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> tuple[_Held, dict[str, Any]]:
        if self._endpoint is None:
            discovery = await self._http.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
            self._endpoint = str(_object(discovery).get("token_endpoint", ""))
        answer = await send_with_proof(
            self._http, self.key, "POST", self._endpoint, clock=self._clock, data=form, auth=auth
        )
        token = _object(answer)
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


class SolidClient:
    """Requests to Solid servers as the agent whose tokens these are, or as the public."""

    def __init__(self, http: httpx.AsyncClient, tokens: Tokens | None, *, clock: Clock) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | str | None = None,
    ) -> httpx.Response:
        """Send one request with its own proof and return the answer, whatever its status.

        Raises httpx.HTTPError without an answer, and SolidError if there is no token to be had.
        """
        if self._tokens is None:
            return await self._http.request(method, url, headers=headers, content=content)
        token = await self._tokens.access_token()
        return await send_with_proof(
            self._http,
            self._tokens.key,
            method,
            url,
            clock=self._clock,
            headers=headers,
            content=content,
            access_token=token,
        )

    async def get_graph(self, url: str) -> Graph:
        """Return what an RDF document says; raise SolidError."""
        answer = await self._accepted("GET", url, headers={"accept": TURTLE})
        try:
            return Graph().parse(data=answer.content, format="turtle", publicID=url)
        except Exception as error:  # rdflib's parsers raise whatever they stumble over
            raise SolidError(answer.status_code, "The document is not Turtle", url) from error

    async def put(
        self, url: str, content: bytes | str, media_type: str, *, only_if_new: bool = False
    ) -> httpx.Response:
        """Create or replace a document; raise SolidError, also if it exists and must be new (412)."""
        headers = {"content-type": media_type}
        if only_if_new:
            headers["if-none-match"] = "*"
        return await self._accepted("PUT", url, headers=headers, content=content)

    async def post(
        self, url: str, content: bytes | str, media_type: str, *, slug: str | None = None
    ) -> httpx.Response:
        """Add a document to a container or a notice to an inbox; raise SolidError."""
        headers = {"content-type": media_type}
        if slug is not None:
            headers["slug"] = slug
        return await self._accepted("POST", url, headers=headers, content=content)

    async def delete(self, url: str) -> None:
        """Delete a document or an empty container; raise SolidError."""
        await self._accepted("DELETE", url)

    async def _accepted(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | str | None = None,
    ) -> httpx.Response:
        try:
            answer = await self.request(method, url, headers=headers, content=content)
        except httpx.HTTPError as error:
            raise SolidError(0, "No answer", f"{method} {url}: {error}") from error
        if not answer.is_success:
            raise refusal(answer)
        return answer


async def send_with_proof(
    http: httpx.AsyncClient,
    key: DpopKey,
    method: str,
    url: str,
    *,
    clock: Clock,
    headers: Mapping[str, str] | None = None,
    content: bytes | str | None = None,
    data: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    access_token: str | None = None,
) -> httpx.Response:
    """Send a request with a DPoP proof; once more if the server wants its nonce in it (RFC 9449 section 8)."""
    fields = dict(headers or {})
    if access_token is not None:
        fields["authorization"] = f"DPoP {access_token}"
    # RFC 6749 section 2.3.1: id and secret are form-encoded before they become a Basic credential.
    basic = httpx.BasicAuth(*map(quote_plus, auth)) if auth else None
    nonce: str | None = None
    while True:
        fields["dpop"] = key.proof(method, url, at=clock(), access_token=access_token, nonce=nonce)
        answer = await http.request(
            method,
            url,
            headers=fields,
            content=content,
            data=dict(data) if data is not None else None,
            auth=basic or httpx.USE_CLIENT_DEFAULT,
        )
        wanted = answer.headers.get("dpop-nonce")
        if nonce is not None or wanted is None or not _asks_for_nonce(answer):
            return answer
        nonce = wanted


def refusal(answer: httpx.Response) -> SolidError:
    """Return the error that an answer describes, as a problem document, as OAuth, or only by its status."""
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return SolidError(answer.status_code, answer.reason_phrase or "Refused")
    title = problem.get("title", problem.get("error", answer.reason_phrase))
    return SolidError(
        answer.status_code, str(title), str(problem.get("detail", problem.get("error_description", "")))
    )


def _asks_for_nonce(answer: httpx.Response) -> bool:
    if answer.status_code == 401:
        return "use_dpop_nonce" in answer.headers.get("www-authenticate", "")
    return answer.status_code == 400 and b"use_dpop_nonce" in answer.content


def _object(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise refusal(answer)
    try:
        value = answer.json()
    except ValueError as error:
        raise SolidError(answer.status_code, "The answer is not JSON", str(answer.url)) from error
    if not isinstance(value, dict):
        raise SolidError(answer.status_code, "The answer is not a JSON object", str(answer.url))
    return value
