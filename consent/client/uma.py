"""The UMA 2.0 exchange of a service: from a refused request to a requesting party token for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from consent.purpose_claim import CLAIM_FORMAT, PurposeKey, bound_hash
from pods.client import ClientCredentials, send_with_proof
from pods.model import Clock

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:uma-ticket"
ID_TOKEN_FORMAT = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken"
DISCOVERY = "/.well-known/uma2-configuration"
MOST_PUSHES = 4  # claims pushed for one ticket: an identity, a purpose, and each once more
FIRST_WAIT, LONGEST_WAIT = (
    5.0,
    300.0,
)  # seconds between two polls; the server's interval counts where it is longer
_CHALLENGE = re.compile(r'(?:^|,)\s*UMA\s+((?:[a-z_]+="[^"]*"(?:\s*,\s*)?)+)', re.IGNORECASE)
_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"', re.IGNORECASE)


Pause = Callable[[float], Awaitable[None]]


class AccessRefused(Exception):
    """The authorization server did not give a token. `error` is its code, such as request_denied.

    With `request_submitted` nobody has said no: the person may be asked, and trying again later may help.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Rpt:
    """A requesting party token and the time from which it is not worth sending any more."""

    token: str
    stale_at: float
    bearer: bool = False
    """Whether it is sent without a proof of our key, as some servers want it (UMA grant, 3.5)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a resource server said in its refusal: where to ask for a token, and with which ticket."""

    as_uri: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the service is, and the hosts whose authorization servers it trusts; the first is its own."""

    webid: str
    client_id: str
    hosts: tuple[str, ...]

    @property
    def host(self) -> str:
        """The host that the service is registered with."""
        return self.hosts[0]


@dataclass(frozen=True, slots=True)
class Server:
    """An authorization server, from its own discovery document."""

    issuer: str
    token_endpoint: str


def challenge_of(response: httpx.Response) -> Challenge | None:
    """Return the UMA challenge of a 401, or None if it carries none."""
    for value in response.headers.get_list("www-authenticate"):
        for match in _CHALLENGE.finditer(value):
            parameters = dict(_PARAMETER.findall(match[1]))
            if "as_uri" in parameters and "ticket" in parameters:
                return Challenge(parameters["as_uri"], parameters["ticket"])
    return None


class Exchange:
    """Trades tickets for tokens at the authorization server of one host."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        credentials: ClientCredentials,
        purpose_key: PurposeKey,
        *,
        clock: Clock,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._purpose_key = purpose_key
        self._clock = clock
        self._pause = pause
        self._servers: dict[str, Server] = {}

    async def token(self, challenge: Challenge, purpose: str, own: Identity, *, wait: float = 0.0) -> Rpt:
        """Return a token for what was refused, waiting for the person's answer for at most `wait` seconds.

        Raises AccessRefused if the server says no, or is none that the service trusts.
        """
        # Attack 17, mix-up: a resource server must not send our identity to a server of its choice.
        if challenge.as_uri.rstrip("/") not in own.hosts:
            raise AccessRefused(
                "untrusted_server", f"the resource names {challenge.as_uri}, not {', '.join(own.hosts)}"
            )
        server = await self._server(challenge.as_uri.rstrip("/"))
        answer = await self._claimed(server, challenge.ticket, purpose, own)
        asked_at, least = self._clock(), FIRST_WAIT
        while answer.get("error") == "request_submitted" and isinstance(answer.get("ticket"), str):
            interval = answer.get("interval")
            least = max(least, float(interval)) if isinstance(interval, int | float) else least
            if self._clock() + least > asked_at + wait:
                break
            await self._pause(least)
            # UMA grant, 3.3.6: whoever polls sends the ticket alone, and not more often than `interval`.
            answer = await self._push(server, {"ticket": answer["ticket"]})
            least = min(least * 1.5, LONGEST_WAIT)
        if not isinstance(answer.get("access_token"), str):
            raise AccessRefused(str(answer.get("error", "unknown")), str(answer.get("error_description", "")))
        # RFC 6749 section 7.1: a client "MUST NOT use an access token if it does not understand the token type".
        kind = str(answer.get("token_type", "DPoP")).lower()
        if kind not in ("dpop", "bearer"):
            raise AccessRefused("invalid_answer", f"{server.issuer} gives tokens of the type {kind}")
        stale_at = self._clock() + _worth(answer.get("expires_in"))
        return Rpt(answer["access_token"], stale_at, bearer=kind == "bearer")

    async def _claimed(self, server: Server, ticket: str, purpose: str, own: Identity) -> Mapping[str, Any]:
        """Push what the server asks for until it decides. A server that never has enough is given up."""
        wanted = ID_TOKEN_FORMAT
        for _ in range(MOST_PUSHES):
            claim = await self._claim(wanted, server, ticket, purpose, own)
            form = {"ticket": ticket, "claim_token": claim, "claim_token_format": wanted}
            answer = await self._push(server, form)
            if answer.get("error") != "need_info":
                return answer
            ticket = str(answer.get("ticket", ""))
            wanted = _wanted(answer)
        raise AccessRefused("need_info", f"{server.issuer} asks for claims again and again")

    async def _claim(
        self, claim_format: str, server: Server, ticket: str, purpose: str, own: Identity
    ) -> str:
        if claim_format == ID_TOKEN_FORMAT:
            return await self._credentials.id_token()
        return self._purpose_key.claim(
            purpose,
            client_id=own.client_id,
            webid=own.webid,
            audience=server.issuer,
            at=self._clock(),
            bound=("ticket_hash", bound_hash(ticket.encode("ascii"))),
        )

    async def _push(self, server: Server, form: Mapping[str, str]) -> Mapping[str, Any]:
        """Push one claim (UMA grant, 3.3.1 allows one each time) with a proof of our key."""
        answer = _json_object(
            await send_with_proof(
                self._http,
                self._credentials.key,
                "POST",
                server.token_endpoint,
                clock=self._clock,
                data={"grant_type": GRANT_TYPE, **form},
            )
        )
        # UMA grant, 5.6: the client "SHOULD check that the value of the ticket parameter it receives back … differs".
        if answer.get("ticket") == form["ticket"]:
            raise AccessRefused("invalid_answer", f"{server.issuer} gave the same ticket again")
        return answer

    async def _server(self, host: str) -> Server:
        if host not in self._servers:
            found = _json_object(await self._http.get(host + DISCOVERY))
            issuer, endpoint = found.get("issuer"), found.get("token_endpoint")
            # RFC 8414 section 3.3: the document must say that it is of the server we asked.
            if not isinstance(issuer, str) or issuer.rstrip("/") != host:
                raise AccessRefused("untrusted_server", "the discovery document is of another server")
            if not isinstance(endpoint, str):
                raise AccessRefused("invalid_answer", f"{host} names no token endpoint")
            self._servers[host] = Server(issuer, endpoint)
        return self._servers[host]


def _wanted(answer: Mapping[str, Any]) -> str:
    """Return the format of a claim that is asked for and that we can make."""
    claims = answer.get("required_claims")
    formats = [
        claim_format
        for claim in (claims if isinstance(claims, list) else ())
        if isinstance(claim, dict) and isinstance(claim.get("claim_token_format"), list)
        for claim_format in claim["claim_token_format"]
    ]
    for known in (ID_TOKEN_FORMAT, CLAIM_FORMAT):
        if known in formats:
            return known
    raise AccessRefused("need_info", f"the server asks for claims that we cannot make: {formats}")


def _json_object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError as error:
        raise AccessRefused("invalid_answer", f"{response.url} answered {response.status_code}") from error
    if not isinstance(found, dict):
        raise AccessRefused("invalid_answer", f"{response.url} answered no JSON object")
    return found


def _worth(expires_in: Any) -> float:
    """Return how long a token is worth sending: its life less a margin for the way."""
    return max(0.0, float(expires_in) - 5.0) if isinstance(expires_in, int | float) else 0.0
