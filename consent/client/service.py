"""A service's side of consent: register, publish, invite, and use grants; the whole UMA exchange in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import httpx
import orjson

from consent import wire
from consent.client.uma import Exchange, Identity, Pause, Rpt, challenge_of
from consent.declarations import canonical_json
from consent.model import Controller, PurposeDeclaration, ServiceGrant
from consent.purpose_claim import PurposeKey, bound_hash
from pods.client import ClientCredentials, SolidClient, refusal, send_with_proof
from pods.model import Clock
from pods.protocol import jose

RETRY_SECONDS = 2.0  # between two looks for an answer, where the host does not say
MOST_TOKENS = 10_000  # tokens remembered; they live a minute, so more would be stale anyway
NOT_BEGUN = "answered-elsewhere"
"""The error of a host that changes the process that answers questions; any other one is for whoever asked."""
TAKE_OVER_TRIES = 12  # with the pause that the host names a minute; it takes over within a quarter of that
_JSON = {"content-type": "application/json", "accept": "application/json"}


class ServiceClient:
    """Acts for one controller on one pod host.

    Management methods raise SolidError, and those that use a grant raise AccessRefused where the
    authorization server gives no token; both carry the host's explanation.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        credentials: ClientCredentials,
        purpose_key: PurposeKey,
        *,
        clock: Clock,
        host: str | None = None,
        servers: Collection[str] = (),
        pause: Pause = asyncio.sleep,
    ) -> None:
        """`servers` are further hosts whose authorization servers may learn who we are; no resource adds to them."""
        self._http = http
        self._credentials = credentials
        self._purpose_key = purpose_key
        self._clock = clock
        self._host = host.rstrip("/") if host is not None else None
        self._solid = SolidClient(http, credentials, clock=clock)
        self._servers = tuple(server.rstrip("/") for server in servers)
        self._exchange = Exchange(http, credentials, purpose_key, clock=clock, pause=pause)
        self._tokens: dict[tuple[str, str, str], Rpt] = {}

    async def register(self, name: str, kind: str, contact: str, dpo: str) -> Controller:
        """Register the organisation with its purpose key; it may publish once the operator approved it."""
        body = {
            "name": name,
            "kind": kind,
            "contact": contact,
            "dpo": dpo,
            "jwks": self._purpose_key.jwks(),
        }
        return wire.controller_value(await self._post("/controllers", body))

    async def publish(self, declaration: Mapping[str, Any]) -> PurposeDeclaration:
        """Publish a version of a purpose declaration; the same document again gives the same answer."""
        return wire.purpose_value(await self._post("/purposes", declaration))

    async def purpose(self, iri: str) -> PurposeDeclaration:
        """Return a published declaration."""
        return wire.purpose_value(await self._answer("GET", iri))

    async def invite(self, purpose: str) -> None:
        """Let the host ask everybody who may be asked. The answer tells nothing about people."""
        await self._post("/invitations", {"purpose": purpose})

    async def grants(self, purpose: str) -> list[ServiceGrant]:
        """Return the grants in force for a purpose with `rows`, `claim` or `append` items."""
        place = f"{(await self._own()).host}/.consent/grants"
        url = str(httpx.URL(place, params={"purpose": purpose}))
        return [wire.service_grant_value(plain) for plain in await self._answer("GET", url)]

    async def read(
        self, url: str, purpose: str, *, accept: str = "text/turtle", wait: float = 0.0
    ) -> httpx.Response:
        """Read a resource under a `rows` grant; the answer holds the granted properties only.

        Without a grant the person is asked, if they may be; `wait` says for how many seconds to wait for a yes.
        AccessRefused with `request_submitted` after that tells neither a no nor that anybody was asked.
        """
        return await self._use("GET", url, purpose, headers={"accept": accept}, wait=wait)

    async def claim(self, grant_id: str, body: Mapping[str, Any], purpose: str) -> dict[str, Any]:
        """Have a rule computed beside the pod; return the host's answer with its signed result."""
        url = f"{(await self._own()).host}/.consent/grants/{grant_id}/claims"
        response = await self._use("POST", url, purpose, headers=_JSON, content=orjson.dumps(body))
        if response.is_error:
            raise refusal(response)
        answer: dict[str, Any] = orjson.loads(response.content)
        return answer

    async def append(self, grant_id: str, content: bytes, media_type: str, purpose: str) -> None:
        """Deliver a document into the person's pod under an `append` grant; the same bytes arrive once."""
        url = f"{(await self._own()).host}/.consent/grants/{grant_id}/inbox"
        response = await self._use(
            "POST", url, purpose, headers={"content-type": media_type}, content=content
        )
        if response.is_error:
            raise refusal(response)

    async def query(self, query: Mapping[str, Any], purpose: str) -> dict[str, Any]:
        """Ask an aggregate question over everybody who opted in; wait for the release and return it."""
        return await self._asked("/queries", "query", query, purpose)

    async def participants(self, purpose: str) -> dict[str, Any]:
        """Return the noisy number of people who opted in; the first call of a day costs a little budget."""
        return await self._asked("/participants", "participants", {"purpose": purpose}, purpose)

    async def _asked(
        self, place: str, member: str, content: Mapping[str, Any], purpose: str
    ) -> dict[str, Any]:
        own = await self._own()
        url, tries = f"{own.host}/.consent{place}", TAKE_OVER_TRIES
        while True:
            claim = self._purpose_key.claim(
                purpose,
                client_id=own.client_id,
                webid=own.webid,
                audience=own.host + "/",
                at=self._clock(),
                bound=("request_hash", bound_hash(canonical_json(content))),
            )
            body = orjson.dumps({member: content, "purpose_claim": claim})
            response = await self._solid.request("POST", url, headers=_JSON, content=body)
            if response.is_error:
                refused = refusal(response)
                if refused.code != NOT_BEGUN or not tries:
                    raise refused
                tries -= 1
            elif response.status_code != httpx.codes.ACCEPTED:
                answer: dict[str, Any] = orjson.loads(response.content)
                return answer
            # The host is still computing; the same question again waits for that answer, at no further cost. Or
            # another process is just taking the questions over; of this one nothing was begun.
            await asyncio.sleep(float(response.headers.get("retry-after", RETRY_SECONDS)))

    async def _use(
        self,
        method: str,
        url: str,
        purpose: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None = None,
        wait: float = 0.0,
    ) -> httpx.Response:
        """Send a request with a token for this resource and purpose, and get a new one if the epoch rose.

        A token is tried once and renewed once: after a withdrawal the exchange says so, by AccessRefused.
        """
        key = (method, url, purpose)
        known = self._tokens.pop(key, None)
        if known is not None and self._clock() < known.stale_at:
            response = await self._send(method, url, known, headers, content)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                self._tokens[key] = known
                return response
        # UMA grant, 3.1: the first request comes without a token; nothing of the body is sent yet.
        refused = await self._http.request(method, url, headers=dict(headers))
        challenge = challenge_of(refused) if refused.status_code == httpx.codes.UNAUTHORIZED else None
        if challenge is None:
            return await self._without_uma(method, url, refused, headers)
        fresh = await self._exchange.token(challenge, purpose, await self._own(), wait=wait)
        response = await self._send(method, url, fresh, headers, content)
        if response.status_code != httpx.codes.UNAUTHORIZED:
            self._remember(key, fresh)
        return response

    async def _without_uma(
        self, method: str, url: str, refused: httpx.Response, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Read on a server that knows access control lists only; there the person's list says whether we may.

        Our own host says how to come in by UMA; where it says nothing, an ordinary token is not sent either.
        """
        foreign = not any(url.startswith(host + "/") for host in (await self._own()).hosts)
        if method != "GET" or refused.status_code != httpx.codes.UNAUTHORIZED or not foreign:
            return refused
        return await self._solid.request(method, url, headers=headers)

    async def _send(
        self, method: str, url: str, rpt: Rpt, headers: Mapping[str, str], content: bytes | None
    ) -> httpx.Response:
        if rpt.bearer:
            fields = {**headers, "authorization": f"Bearer {rpt.token}"}
            return await self._http.request(method, url, headers=fields, content=content)
        return await send_with_proof(
            self._http,
            self._credentials.key,
            method,
            url,
            clock=self._clock,
            headers=headers,
            content=content,
            access_token=rpt.token,
        )

    def _remember(self, key: tuple[str, str, str], rpt: Rpt) -> None:
        if len(self._tokens) >= MOST_TOKENS:
            self._tokens.clear()
        self._tokens[key] = rpt

    async def _own(self) -> Identity:
        """Return who we are by our own access token, which we have from the issuer over a trusted connection."""
        claims = jose.parse(await self._credentials.access_token()).claims
        host = self._host or str(claims["iss"]).rstrip("/")
        client_id = claims.get("client_id", claims.get("azp"))
        return Identity(str(claims["webid"]), str(client_id), (host, *self._servers))

    async def _post(self, place: str, body: Any) -> Any:
        return await self._answer("POST", f"{(await self._own()).host}/.consent{place}", orjson.dumps(body))

    async def _answer(self, method: str, url: str, content: bytes | None = None) -> Any:
        response = await self._solid.request(method, url, headers=_JSON, content=content)
        if response.is_error:
            raise refusal(response)
        return orjson.loads(response.content) if response.content else None
