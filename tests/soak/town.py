"""The people and organisations of a soak: in the data folder before the host starts, and agreed with it afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from apps.cli import seed
from apps.cli.operator import operator_core
from consent import controllers
from consent.client import OwnerClient, PurposeKey, ServiceClient
from consent.model import PurposeDeclaration
from pods.client import ClientCredentials, SolidClient
from pods.main import Core
from pods.model import Path as ResourcePath
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.bench.question import everybody_agrees
from tests.consent_host import ORDER, PROGRAMME, ROWS, declaration, item

SECRET = "a-secret-of-the-soak"
CITIZENS = ("clara", "dario", "elena", "fabio")  # who give consent, and take it back
SEEDED = ("anna", "bruno", "coop", *CITIZENS)
PARTICIPANTS = 80  # of a programme: enough that noise refuses no question
BASKET = "purchases/2017-10/b77.ttl"
APPEND = item("ValueShare", ("programme", "period", "share", "issuedAt"), "append")
SELLERS = item("Purchase", ("seller", "orderedAt"), "aggregateOnly")
BUDGET = {**PROGRAMME, "rho_total": 8.0}


@dataclass(frozen=True, slots=True)
class Town:
    """A host and its people; `settings` are those that it is started with."""

    settings: PodSettings

    @property
    def origin(self) -> str:
        return self.settings.pod_url

    def environment(self) -> dict[str, str]:
        """Return the settings as a process that serves the host reads them."""
        return {
            "PORTICO_DATA": str(self.settings.data),
            "PORTICO_DATABASE": self.settings.database,
            "PORTICO_POD_URL": self.origin,
            "PORTICO_CONSENT_CLIENTS": " ".join(self.settings.consent_clients),
            "PORTICO_TRUSTED_HOSTS": " ".join(self.settings.trusted_hosts),
        }

    def settle(self) -> None:
        """Put everybody there, before the host starts."""
        with operator_core(self.settings) as core:
            users = [seed.SeedUser(name, None, SECRET, None, f"{name}-client", SECRET) for name in SEEDED]
            seed.settle(core, users)
            for number in range(PARTICIPANTS):
                self._participant(core, f"citizen-{number}")
            with core.store.writing() as tx:
                for name in CITIZENS:
                    tx.write(ResourcePath(f"/{name}/{BASKET}"), "text/turtle", ORDER.encode(), core.clock())

    def client(self, http: httpx.AsyncClient, name: str) -> SolidClient:
        """Return somebody's client, with tokens that the host gives out."""
        return SolidClient(http, self.credentials(http, name), clock=time.time)

    def credentials(self, http: httpx.AsyncClient, name: str) -> ClientCredentials:
        """Return a source of tokens that has none yet."""
        return ClientCredentials(http, self.origin + "/", f"{name}-client", SECRET, clock=time.time)

    def wallet(self, http: httpx.AsyncClient, name: str) -> OwnerClient:
        """Return a citizen's wallet."""
        return OwnerClient(self.client(http, name), self.origin)

    @asynccontextmanager
    async def another_service(self, key: PurposeKey) -> AsyncIterator[ServiceClient]:
        """A client of the organisation with connections of its own."""
        async with httpx.AsyncClient(timeout=30) as http:
            yield ServiceClient(http, self.credentials(http, "coop"), key, clock=time.time)

    async def service(self, http: httpx.AsyncClient, key: PurposeKey) -> ServiceClient:
        """Return the service of an organisation that was registered and approved."""
        found = ServiceClient(http, self.credentials(http, "coop"), key, clock=time.time)
        await found.register("Coop", "cooperative", "info@coop.example", "dpo@coop.example")
        with operator_core(self.settings) as core, core.store.writing() as tx:
            controllers.approve(tx, webid_for(self.origin, "coop"))
        return found

    async def programme(self, service: ServiceClient) -> PurposeDeclaration:
        """Return a purpose to which all participants have agreed."""
        document = declaration([SELLERS], identifier="programme", programme=BUDGET)
        purpose = await service.publish(document)
        everybody_agrees(self.settings, [f"citizen-{n}" for n in range(PARTICIPANTS)], purpose)
        return purpose

    async def shopping(self, service: ServiceClient) -> PurposeDeclaration:
        """Return a purpose under which a service reads purchases and delivers shares."""
        return await service.publish(declaration([ROWS, APPEND], identifier="shopping"))

    def _participant(self, core: Core, name: str) -> None:
        with core.store.writing() as tx:
            create_pod(
                *(tx, name, webid_for(self.origin, name)),
                base=self.origin,
                issuer=core.settings.issuer,
                display_name=name.title(),
                at=core.clock(),
            )
            tx.write(ResourcePath(f"/{name}/{BASKET}"), "text/turtle", ORDER.encode(), core.clock())


def town(data: Path, origin: str, *, database: str = "", **further: Any) -> Town:
    """Return a town on a host at this origin."""
    clients = tuple(f"{name}-client" for name in SEEDED)
    return Town(PodSettings(data, database, pod_url=origin, consent_clients=clients, **further))
