"""The pod host as the organisations of this installation use it, each with the credentials in its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import httpx

from apps.organisations import Organisation, Organisations
from consent.client import PurposeKey, ServiceClient
from pods.client import ClientCredentials, SolidClient
from pods.errors import Forbidden
from pods.model import Clock

T = TypeVar("T")


class HostClients:
    """Clients by organisation. A client keeps its tokens; one whose file was changed is made anew."""

    def __init__(
        self, http: httpx.AsyncClient, host: str, organisations: Organisations, *, clock: Clock
    ) -> None:
        """`host` is the pod host's origin, without a slash at the end."""
        self.http = http
        self.host = host
        self._organisations = organisations
        self._clock = clock
        self._services: dict[str, tuple[Organisation, ServiceClient]] = {}
        self._readers: dict[str, tuple[Organisation, SolidClient]] = {}

    def service(self, name: str) -> ServiceClient:
        """Return the client that publishes, asks and uses grants for an organisation; raise Forbidden."""
        return self._kept(self._services, name, self._service)

    def solid(self, name: str) -> SolidClient:
        """Return the client that acts as an organisation's account; raise Forbidden."""
        return self._kept(self._readers, name, self._solid)

    def _kept(
        self, kept: dict[str, tuple[Organisation, T]], name: str, made: Callable[[Organisation], T]
    ) -> T:
        own = self._organisations.named(name)
        if own is None:
            raise Forbidden(f"There is no organisation {name} here; the operator adds them.")
        known = kept.get(name)
        if known is None or known[0] != own:
            known = kept[name] = (own, made(own))
        return known[1]

    def _service(self, own: Organisation) -> ServiceClient:
        if not own.purpose_jwk:
            raise Forbidden(f"{own.title} has no key to publish or to ask with; the operator issues one.")
        key = PurposeKey.from_jwk(own.purpose_jwk)
        return ServiceClient(self.http, self._credentials(own), key, clock=self._clock, host=self.host)

    def _solid(self, own: Organisation) -> SolidClient:
        return SolidClient(self.http, self._credentials(own), clock=self._clock)

    def _credentials(self, own: Organisation) -> ClientCredentials:
        if not (own.client_id and own.client_secret):
            raise Forbidden(f"{own.title} has no credentials for the pod host; the operator issues them.")
        issuer = own.issuer or self.host + "/"
        return ClientCredentials(self.http, issuer, own.client_id, own.client_secret, clock=self._clock)
