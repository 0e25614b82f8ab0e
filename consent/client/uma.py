"""The UMA 2.0 exchange of a service: from a refused request to a requesting party token for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from consent.purpose_claim import CLAIM_FORMAT, PurposeKey, bound_hash
from pods.client import ClientCredentials, send_with_proof
from pods.model import Clock

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:uma-ticket"
ID_TOKEN_FORMAT = "http://openid.net/specs/openid-connect-core-1_0.html#IDToken"
DISCOVERY = "/.well-known/uma2-configuration"
_CHALLENGE = re.compile(r'(?:^|,)\s*UMA\s+((?:[a-z_]+="[^"]*"(?:\s*,\s*)?)+)', re.IGNORECASE)
_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"', re.IGNORECASE)


class AccessRefused(Exception):
    """The authorization server did not give a token. `error` is its code, such as request_denied."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}" if description else error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Rpt:
    """A requesting party token and the time from which it is not worth sending any more."""

    token: str
    stale_at: float


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a resource server said in its refusal: where to ask for a token, and with which ticket."""

    as_uri: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the service is, and the one host whose authorization server it trusts."""

    webid: str
    client_id: str
    host: str


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
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._purpose_key = purpose_key
        self._clock = clock
        self._endpoints: dict[str, str] = {}

    async def token(self, challenge: Challenge, purpose: str, own: Identity) -> Rpt:
        """Return a token for what was refused; raise AccessRefused if the server says no."""
        # Attack 17, mix-up: a resource server must not send our identity to a server of its choice.
        if challenge.as_uri.rstrip("/") != own.host:
            raise AccessRefused("untrusted_server", f"the resource names {challenge.as_uri}, not {own.host}")
        endpoint = await self._token_endpoint(own.host)
        identity = await self._credentials.id_token()
        answer = await self._push(endpoint, challenge.ticket, ID_TOKEN_FORMAT, identity)
        ticket = answer.get("ticket")
        if answer.get("error") == "need_info" and isinstance(ticket, str):
            claim = self._purpose_key.claim(
                purpose,
                client_id=own.client_id,
                webid=own.webid,
                audience=own.host + "/",
                at=self._clock(),
                bound=("ticket_hash", bound_hash(ticket.encode("ascii"))),
            )
            answer = await self._push(endpoint, ticket, CLAIM_FORMAT, claim)
        if not isinstance(answer.get("access_token"), str):
            raise AccessRefused(str(answer.get("error", "unknown")), str(answer.get("error_description", "")))
        return Rpt(answer["access_token"], self._clock() + _worth(answer.get("expires_in")))

    async def _push(self, endpoint: str, ticket: str, claim_format: str, claim: str) -> Mapping[str, Any]:
        """Push one claim (UMA grant, 3.3.1 allows one each time) with a proof of our key."""
        form = {
            "grant_type": GRANT_TYPE,
            "ticket": ticket,
            "claim_token": claim,
            "claim_token_format": claim_format,
        }
        key = self._credentials.key
        return _json_object(
            await send_with_proof(self._http, key, "POST", endpoint, clock=self._clock, data=form)
        )

    async def _token_endpoint(self, server: str) -> str:
        if server not in self._endpoints:
            found = _json_object(await self._http.get(server + DISCOVERY))
            # RFC 8414 section 3.3: the document must say that it is of the server we asked.
            if str(found.get("issuer", "")).rstrip("/") != server:
                raise AccessRefused("untrusted_server", "the discovery document is of another server")
            self._endpoints[server] = str(found["token_endpoint"])
        return self._endpoints[server]


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
