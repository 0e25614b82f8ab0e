"""A pod host with consent in one folder: people with a wallet, organisations with services, real tokens."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from consent import controllers
from consent.client import OwnerClient, PurposeKey, ServiceClient
from consent.main import Extension, extension, schemas
from consent.model import DataItem, OwnGrant, PurposeDeclaration
from pods.client import ClientCredentials, SolidClient
from pods.identity.tokens import access_token_claims
from pods.main import Core, application, open_core
from pods.model import WebId
from pods.protocol.dpop import DpopKey
from pods.protocol.target import canonical
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.databases import database_of
from tests.pod_host import ORIGIN, Person

WALLET = "http://localhost:8081/client.jsonld"
YEAR = 365 * 86_400.0

PROFILE = f"""@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix po: <https://w3id.org/portico/ns#> .
<{ORIGIN}/anna/profile/card#me> a vcard:Individual ; vcard:fn "Anna Bianchi" ; vcard:hasEmail <mailto:anna@example.org> ;
  po:birthYear 1984 ; po:income <https://w3id.org/portico/codes/income#50-74k> .
"""
ORDER = """@prefix schema: <http://schema.org/> . @prefix po: <https://w3id.org/portico/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#it> a schema:Order ; schema:orderDate "2017-10-03T09:15:00Z"^^xsd:dateTime ; schema:price 12.40 ;
  schema:seller <https://w3id.org/portico/codes/shop#forno> ; schema:orderNumber "B-77" ;
  schema:orderedItem [ po:category <https://w3id.org/portico/codes/category#bakery> ; schema:price 2.40 ;
    schema:name "Pane di segale" ] , [ po:category <https://w3id.org/portico/codes/category#deli> ;
    schema:price 10.00 ; schema:name "Parmigiano" ] .
"""


def declaration(
    items: Sequence[Mapping[str, Any]], *, identifier: str = "mobility", version: int = 1, **changes: Any
) -> dict[str, Any]:
    """Return a declaration document that asks for the items."""
    document: dict[str, Any] = {
        "id": identifier,
        "version": version,
        "title": {"it": "Spesa di quartiere", "en": "Neighbourhood shopping"},
        "text": {"it": "Vogliamo capire dove si compra.", "en": "We want to see where people shop."},
        "consequence_of_refusal": {"it": "Nessuna.", "en": "None."},
        "legal_basis": "gdpr:A6-1-a",
        "items": [dict(item) for item in items],
        "recipients": ["Comune"],
        "retention_days": 30,
        "valid_until": "2027-12-31",
    }
    return {**document, **changes}


def item(shape: str, properties: Sequence[str], mode: str) -> dict[str, Any]:
    """Return one item of a declaration."""
    return {"shape": shape, "properties": list(properties), "mode": mode}


ROWS = item("Purchase", ("orderedAt", "total", "category"), "rows")
PROGRAMME = {
    "dimensions": ["Purchase.seller"],
    "measures": [{"function": "people"}],
    "l0": 4,
    "rho_total": 1.0,
    "k_min": 5,
    "min_participants": 20,
    "period": {"from": "2017-01", "to": "2017-12"},
}


@dataclass(frozen=True, slots=True)
class Organisation:
    """A controller with its service."""

    webid: WebId
    service: ServiceClient
    credentials: ClientCredentials
    key: PurposeKey


class Town:
    """A host, and everybody on it."""

    def __init__(self, core: Core, added: Extension, app: ASGIApp, clock: SettableClock) -> None:
        self.core = core
        self.added = added
        self.app = app
        self.clock = clock
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app))

    def person(self, name: str, client: str = WALLET) -> Person:
        """Return somebody with a pod who speaks through a client."""
        self.pod(name, "person")
        return Person(self.core, self.http, webid_for(ORIGIN, name), client)

    def owner(self, name: str, client: str = WALLET) -> OwnerClient:
        """Return the consent client of a person's wallet."""
        self.pod(name, "person")
        tokens = HeldTokens(self.core, webid_for(ORIGIN, name), client)
        return OwnerClient(SolidClient(self.http, tokens, clock=self.clock), ORIGIN)

    async def organisation(self, name: str, *, approved: bool = True) -> Organisation:
        """Return a registered organisation."""
        webid = webid_for(ORIGIN, name)
        self.pod(name, "organisation")
        with self.core.store.writing() as tx:
            account = self.core.accounts.create(tx, name, webid=webid)
            client_id, secret = self.core.accounts.credentials(tx, account.webid, "service")
        credentials = ClientCredentials(self.http, ORIGIN + "/", client_id, secret, clock=self.clock)
        key = PurposeKey.generate()
        service = ServiceClient(self.http, credentials, key, clock=self.clock)
        await service.register(name.title(), "cooperative", f"info@{name}.example", f"dpo@{name}.example")
        if approved:
            with self.core.store.writing() as tx:
                controllers.approve(tx, webid)
        return Organisation(webid, service, credentials, key)

    def write(self, path: str, content: str | bytes, media_type: str = "text/turtle") -> None:
        """Put a resource into the store, past all rights."""
        data = content.encode() if isinstance(content, str) else content
        with self.core.store.writing() as tx:
            tx.write(canonical(path.encode()), media_type, data, self.clock())

    async def give(
        self,
        name: str,
        purpose: PurposeDeclaration,
        items: Sequence[DataItem] | None = None,
        days: float = 90,
    ) -> OwnGrant:
        """Let a person give all or some of what a purpose asks."""
        end = float(int(self.clock() + days * 86_400))
        return await self.owner(name).give(purpose.iri, items or purpose.items, end)

    def pod(self, name: str, kind: Any) -> None:
        """Provide a pod of this name, for a person or an organisation."""
        with self.core.store.writing() as tx:
            if tx.pod(name) is None:
                create_pod(
                    *(tx, name, webid_for(ORIGIN, name)),
                    base=ORIGIN,
                    issuer=ORIGIN + "/",
                    display_name=name.title(),
                    at=self.clock(),
                    kind=kind,
                )


class HeldTokens:
    """Tokens of a person or an organisation for one client and key, as the host's provider would give them."""

    def __init__(self, core: Core, webid: WebId, client: str) -> None:
        self.key = DpopKey.generate()
        self._core = core
        self._webid = webid
        self._client = client

    async def access_token(self) -> str:
        """Return a fresh access token."""
        claims = access_token_claims(
            ORIGIN + "/", self._webid, self._client, self.key.thumbprint(), "webid", self._core.clock()
        )
        return self._core.keys.sign(claims, "at+jwt")


@asynccontextmanager
async def town(
    folder: Path,
    clock: SettableClock,
    *,
    trusted: tuple[str, ...] = (),
    stopwatch: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Town]:
    """Open a host with anna's pod, which holds a profile and a purchase.

    `trusted` may be fetched over loopback; `stopwatch` times the rules of claims.
    """
    core = open_core(
        PodSettings(data=folder, pod_url=ORIGIN, database=database_of(folder), trusted_hosts=trusted),
        clock,
        schemas=schemas(),
    )
    added = extension(core, stopwatch=stopwatch)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    found = Town(core, added, app, clock)
    try:
        found.person("anna")
        found.write("/anna/profile/private.ttl", PROFILE)
        found.write("/anna/purchases/2017-10/b77.ttl", ORDER)
        found.write("/anna/purchases/2017-10/b77.jws", b"signed.bytes.here", "application/jose")
        yield found
    finally:
        await found.http.aclose()
        await core.aclose()
