"""The register of breaches on the pod host, as each organisation uses it."""

from __future__ import annotations

from functools import lru_cache

import httpx

from apps.organisations import Organisation, Organisations
from consent.client.breaches import BreachClient
from pods.client import ClientCredentials, SolidClient
from pods.errors import Forbidden
from pods.model import Clock


class Host:
    """Acts for organisations with the credentials in their files."""

    def __init__(
        self, http: httpx.AsyncClient, host: str, organisations: Organisations, *, clock: Clock
    ) -> None:
        self._http = http
        self._host = host
        self._organisations = organisations
        self._clock = clock
        self._client = lru_cache(maxsize=256)(self._new_client)  # a client keeps its tokens

    def register(self, own: Organisation) -> BreachClient:
        """Return the register as this organisation sees it; raise Forbidden if its file holds no credentials."""
        return self._client(own.name)

    def _new_client(self, name: str) -> BreachClient:
        own = self._organisations.named(name)
        if own is None or not (own.client_id and own.client_secret):
            raise Forbidden(f"{name} has no credentials for the pod host; the operator issues them.")
        issuer = own.issuer or self._host + "/"
        credentials = ClientCredentials(
            self._http, issuer, own.client_id, own.client_secret, clock=self._clock
        )
        return BreachClient(SolidClient(self._http, credentials, clock=self._clock), self._host)
