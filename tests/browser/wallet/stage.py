"""A small town for the wallet's browser tests: pod host, wallet and a shop, each a real server on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from consent import controllers
from consent.client import AccessRefused, PurposeKey, ServiceClient
from consent.main import extension, schemas
from consent.receipts.derive import target, turtle
from consent.receipts.keys import IssuerKey
from consent.receipts.signing import MEDIA_TYPE, sign
from pods.client import ClientCredentials
from pods.identity.passwords import hash_password
from pods.main import Core, application, open_core
from pods.model import Path as PodPath
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.browser.wallet.shop import SHARE, Shop, a_year
from tests.serving import bound_socket, serving
from wallet.main import application as wallet
from wallet.settings import WalletSettings

T = TypeVar("T")

PASSWORD = "un portico in piazza"
PROFILE = """@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix po: <https://w3id.org/portico/ns#> .
@prefix ex: <https://other.example/ns#> .
<{webid}> a vcard:Individual ; vcard:fn "Giulia Ferrari" ; vcard:hasEmail <mailto:giulia@example.org> ;
  po:birthYear 1984 ; po:householdSize <https://w3id.org/portico/codes/household-size#3> ; ex:kept "by another app" .
"""
ITEMS_OF_THE_TOWN = [
    {"shape": "Profile", "properties": ["ageClass", "district", "householdSize"], "mode": "aggregateOnly"},
    {"shape": "Participation", "properties": ["kind", "theme", "minutes"], "mode": "aggregateOnly"},
]
ITEMS_OF_THE_COOPERATIVE = [
    {"shape": "Purchase", "properties": ["orderedAt", "total", "category"], "mode": "rows"},
    {"shape": "ValueShare", "properties": ["programme", "period", "share", "issuedAt"], "mode": "append"},
]
PROGRAMME = {
    "dimensions": ["Profile.district", "Profile.ageClass"],
    "measures": [{"function": "people"}],
    "l0": 4,
    "rho_total": 1.0,
    "k_min": 5,
    "min_participants": 20,
    "period": {"from": "2017-01", "to": "2017-12"},
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """Credentials and purpose key of an organisation."""

    client_id: str
    client_secret: str = field(repr=False)
    key: PurposeKey

    def service(self, http: httpx.AsyncClient, pods: str) -> ServiceClient:
        """Return the organisation's service."""
        credentials = ClientCredentials(http, pods + "/", self.client_id, self.client_secret, clock=time.time)
        return ServiceClient(http, credentials, self.key, clock=time.time)


@dataclass(frozen=True, slots=True)
class Stage:
    """The three origins, and what tests need of them."""

    pods: str
    wallet: str
    shop: Shop
    purposes: dict[str, str]
    secrets: dict[str, Secrets]
    """By organisation: what its service authenticates with."""
    core: Core = field(repr=False)
    """The pod host from inside, for what its operator does."""

    def webid(self, name: str) -> str:
        """Return somebody's WebID."""
        return webid_for(self.pods, name)

    def read(self, address: str, purpose: str) -> int:
        """Let the cooperative's service read under a purpose; return the status it got."""
        return _awaited(self._read(address, purpose))

    async def _read(self, address: str, purpose: str) -> int:
        async with httpx.AsyncClient(timeout=30.0) as http:
            service = self.secrets["coop"].service(http, self.pods)
            try:
                return (await service.read(address, purpose)).status_code
            except AccessRefused:
                return 403


@contextmanager
def stage(folder: Path, *, consent: bool = True, beside: str = "") -> Iterator[Stage]:
    """Serve a town in which giulia has data and two requests wait for her, and marco has a statement only.

    Without `consent` the pod host is a plain Solid server, and nobody asks anything. `beside` is the address of
    another server on loopback that the wallet may reach.
    """
    with ExitStack() as stack:
        sockets = [bound_socket() for _ in range(3)]
        pods, wallet_at, shop_at = (f"http://localhost:{one.getsockname()[1]}" for one in sockets)
        shop = Shop(shop_at, IssuerKey.generate(f"{shop_at}/shops/forno"))
        hosts = tuple(origin.removeprefix("http://") for origin in (pods, wallet_at, shop_at))
        settings = PodSettings(
            data=folder, pod_url=pods, consent_clients=(f"{wallet_at}/client.jsonld",), trusted_hosts=hosts
        )
        core = open_core(settings, time.time, schemas=schemas())
        added = extension(core) if consent else None
        host = (
            application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
            if added
            else application(core)
        )
        settle(core, shop)  # after the host is put together: its observers must see every write
        stack.enter_context(serving(host, listener=sockets[0]))
        stack.enter_context(serving(shop.app(), listener=sockets[2]))
        app = wallet(
            WalletSettings(
                data=folder,
                wallet_url=wallet_at,
                pod_url=pods,
                apps_url=shop_at,
                trusted_hosts=(*hosts, *([beside] if beside else [])),
            ),
            time.time,
        )
        stack.enter_context(serving(app, listener=sockets[1]))
        yield (
            _awaited(_ask(core, pods, wallet_at, shop))
            if consent
            else Stage(pods, wallet_at, shop, {}, {}, core)
        )


def settle(core: Core, shop: Shop) -> None:
    """Make the pods and accounts, and giulia's data."""
    password = hash_password(PASSWORD)
    pods = core.settings.pod_url
    with core.store.writing() as tx:
        for name, title, kind in (
            ("giulia", "Giulia Ferrari", "person"),
            ("marco", "Marco Bini", "person"),
            ("comune", "Comune di Reggio nell'Emilia (prova)", "organisation"),
            ("coop", "Cooperativa Valore Comune (prova)", "organisation"),
        ):
            webid = webid_for(pods, name)
            create_pod(
                *(tx, name, webid),
                base=pods,
                issuer=pods + "/",
                display_name=title,
                at=core.clock(),
                kind=kind,  # type: ignore[arg-type]  # one of the two literals above
            )
            core.accounts.create(tx, name, password=password, webid=webid)
        profile = PROFILE.format(webid=webid_for(pods, "giulia"))
        tx.write(PodPath("/giulia/profile/private.ttl"), "text/turtle", profile.encode(), core.clock())
        for name in ("giulia", "marco"):
            share = SHARE.format(shop=shop.origin, name=name)
            tx.write(PodPath(f"/{name}/value/valore/s1.ttl"), "text/turtle", share.encode(), core.clock())
        for receipt in a_year(shop):
            place, name = target(receipt)
            path, jws = f"/giulia/{place}{name}", sign(receipt, shop.key)
            tx.write(PodPath(f"{path}.jws"), MEDIA_TYPE, jws, core.clock())
            tx.write(PodPath(f"{path}.ttl"), "text/turtle", turtle(receipt, f"{name}.jws"), core.clock())


async def _ask(core: Core, pods: str, wallet_at: str, shop: Shop) -> Stage:
    purposes: dict[str, str] = {}
    held: dict[str, Secrets] = {}
    documents: dict[str, dict[str, Any]] = {
        "comune": {
            "id": "partecipazione",
            "title": {"it": "Chi partecipa nei quartieri", "en": "Who takes part in the neighbourhoods"},
            "text": {
                "it": "Vogliamo sapere in quali ambiti si partecipa di più, per decidere dove aprire nuovi spazi.",
                "en": "We want to know in which districts people take part most, to decide where to open new spaces.",
            },
            "items": ITEMS_OF_THE_TOWN,
            "programme": PROGRAMME,
        },
        "coop": {
            "id": "valore-comune",
            "title": {"it": "Valore comune 2017", "en": "Common value 2017"},
            "text": {
                "it": "Una parte del valore degli acquisti torna ai soci e ai progetti del quartiere.",
                "en": "A part of the value of purchases returns to members and neighbourhood projects.",
            },
            "items": ITEMS_OF_THE_COOPERATIVE,
        },
    }
    async with httpx.AsyncClient(timeout=30.0) as http:
        for name, document in documents.items():
            webid = webid_for(pods, name)
            with core.store.writing() as tx:
                client_id, secret = core.accounts.credentials(tx, webid, "test")
            held[name] = Secrets(client_id, secret, PurposeKey.generate())
            service = held[name].service(http, pods)
            kind = "administration" if name == "comune" else "cooperative"
            title = (
                "Comune di Reggio nell'Emilia (prova)"
                if name == "comune"
                else "Cooperativa Valore Comune (prova)"
            )
            await service.register(title, kind, f"info@{name}.example", f"dpo@{name}.example")
            with core.store.writing() as tx:
                controllers.approve(tx, webid)
            published = await service.publish(
                {
                    "version": 1,
                    "consequence_of_refusal": {
                        "it": "Niente: nessun servizio cambia.",
                        "en": "Nothing: no service changes.",
                    },
                    "legal_basis": "gdpr:A6-1-a",
                    "recipients": [],
                    "retention_days": 30,
                    "valid_until": "2030-12-31",
                    **document,
                }
            )
            purposes[name] = published.iri
            await service.invite(published.iri)
    return Stage(pods, wallet_at, shop, purposes, held, core)


def _awaited(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a thread of its own: Playwright keeps an event loop on this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
