"""The pod host as the cooperative uses it: its service client, and the check of what the host signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from apps.organisations import Organisation
from apps.valueback.model import NotPermitted, ValueBackError
from consent.client import PurposeKey, ServiceClient
from pods.client import ClientCredentials, refusal
from pods.model import Clock
from pods.protocol import jose

CLAIM_TYPE = "claim-result+jwt"


class HostUnreliable(ValueBackError):
    """The pod host answered what it must not: an unsigned claim, or one of another grant."""

    status = 502
    code = "host"


def service_client(
    organisation: Organisation, host: str, http: httpx.AsyncClient, *, clock: Clock
) -> ServiceClient:
    """Return the client that acts for an organisation; raise NotPermitted if its file holds no credentials."""
    if not (organisation.client_id and organisation.client_secret and organisation.purpose_jwk):
        raise NotPermitted(f"{organisation.title} has no credentials for using consents")
    credentials = ClientCredentials(
        http,
        organisation.issuer or host + "/",
        organisation.client_id,
        organisation.client_secret,
        clock=clock,
    )
    return ServiceClient(
        http, credentials, PurposeKey.from_jwk(organisation.purpose_jwk), clock=clock, host=host
    )


class HostKeys:
    """The keys with which a pod host signs claims, fetched once and again when an unknown one appears."""

    def __init__(self, http: httpx.AsyncClient, host: str) -> None:
        self._http = http
        self._address = f"{host}/.oidc/jwks"
        self._keys: dict[str, jose.PublicKey] = {}

    async def verified(self, unverified_result: str) -> Mapping[str, Any]:
        """Return what a signed claim says; raise HostUnreliable if the host did not sign it."""
        try:
            jws = jose.parse(unverified_result)
        except jose.BadJose as error:
            raise HostUnreliable(f"the claim's result cannot be read: {error}") from error
        key = self._keys.get(jws.header.kid or "") or (await self._fetched()).get(jws.header.kid or "")
        if key is None or jws.header.typ != CLAIM_TYPE:
            raise HostUnreliable("the claim's result is not signed with a key of the pod host")
        if not key.verifies(jws.header.alg, jws.signing_input, jws.signature):
            raise HostUnreliable("the signature of the claim's result is wrong")
        return jws.claims

    async def _fetched(self) -> dict[str, jose.PublicKey]:
        answer = await self._http.get(self._address)
        if answer.is_error:
            raise refusal(answer)
        self._keys = {str(one["kid"]): jose.public_key(one) for one in answer.json()["keys"]}
        return self._keys
