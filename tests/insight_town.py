"""A pod host and the administration's app on real ports, with people who can opt in at a stroke."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from apps.insight.main import application as insight
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from consent import controllers, issuers
from consent.client import PurposeKey, ServiceClient
from consent.main import extension, schemas
from consent.model import PurposeDeclaration
from consent.receipts.keys import jwks
from consent.registry_sql import Purposes
from pods.client import ClientCredentials
from pods.identity.passwords import hash_password
from pods.main import Core, application, open_core
from pods.model import Clock
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.serving import bound_socket, serving
from tests.unit.consent.aggregation.town import (
    SHOP_KEY,
    add_person,
    give,
    line,
    purchase,
    store_receipt,
    visit,
)
from vocab.places import DISTRICT

NAME = "comune"
PASSWORD = "a long enough password"
ITEMS = [
    {"shape": "Profile", "properties": ["ageClass", "district"], "mode": "aggregateOnly"},
    {"shape": "Participation", "properties": ["kind", "startedAt"], "mode": "aggregateOnly"},
    {"shape": "Purchase", "properties": ["category", "lineAmount", "orderedAt"], "mode": "aggregateOnly"},
]
PROGRAMME: dict[str, Any] = {
    "dimensions": ["Profile.district", "Profile.ageClass", "Participation.kind", "Purchase.category"],
    "measures": [
        {"function": "people"},
        {"function": "sum", "property": "Purchase.lineAmount", "lower": 0, "upper": 5000},
    ],
    "l0": 2,
    "rho_total": 1,
    "k_min": 10,
    "min_participants": 10,  # far below the people of each test: the noisy count must never refuse
    "period": {"from": "2017-01", "to": "2017-12"},
}


def document(identifier: str = "quartieri", **changes: Any) -> dict[str, Any]:
    """Return a declaration with a programme."""
    text = {"it": "Quanti partecipano alla vita di quartiere.", "en": "How many take part in local life."}
    return {
        "id": identifier,
        "version": 1,
        "title": {"it": "Vita di quartiere", "en": "Neighbourhood life"},
        "text": text,
        "consequence_of_refusal": {"it": "Nessuna.", "en": "None."},
        "legal_basis": "gdpr:A6-1-a",
        "items": ITEMS,
        "recipients": ["Comune"],
        "retention_days": 30,
        "valid_until": "2036-12-31",
        "programme": {**PROGRAMME, **changes},
    }


@dataclass(frozen=True, slots=True)
class InsightTown:
    """Both servers, and the administration's credentials."""

    core: Core
    pods: str
    apps: str
    secret: tuple[str, str]
    organisation: Organisation

    def settle(self, people: int) -> list[int]:
        """Let people with a profile, a purchase and a visit move in; return their pods."""
        districts = DISTRICT.notations[:4]
        with self.core.store.writing() as tx:
            pods = []
            for number in range(people):
                name = f"p{number}-{secrets.token_hex(3)}"
                pods.append(add_person(tx, name, districts[number % 4]))
                store_receipt(tx, name, purchase(number, "2017-03-05", line("bakery", 450)))
                store_receipt(tx, name, visit(number, "2017-04-05"))
            return pods

    def agree(self, pods: list[int], purpose: PurposeDeclaration) -> None:
        """Let people opt in to everything."""
        with self.core.store.writing() as tx:
            for pod in pods:
                give(tx, pod, purpose)

    def service(self, http: httpx.AsyncClient) -> ServiceClient:
        """Return the administration's service."""
        credentials = ClientCredentials(http, self.pods + "/", *self.secret, clock=time.time)
        key = PurposeKey.from_jwk(self.organisation.purpose_jwk or {})
        return ServiceClient(http, credentials, key, clock=time.time, host=self.pods)

    def published(self, **changes: Any) -> PurposeDeclaration:
        """Publish a programme under a name of its own."""

        name = f"q{secrets.token_hex(4)}"
        place = f"{self.apps}/insight/api/programmes"
        answer = httpx.post(
            place, json=document(name, **changes), auth=self.secret, timeout=60, trust_env=False
        )
        assert answer.status_code == 201, answer.text
        with self.core.store.reading() as tx:
            found = Purposes(self.pods).latest(tx, name)
        assert found is not None
        return found


@contextmanager
def insight_town(
    folder: Path, app: Callable[[AppSettings, Clock], ASGIApp] = insight
) -> Iterator[InsightTown]:
    """Serve the town from a folder, with insight or another app of the administration's."""
    pods, apps = bound_socket(), bound_socket()
    hosts = tuple(f"localhost:{one.getsockname()[1]}" for one in (pods, apps))
    origin, app_origin = (f"http://{host}" for host in hosts)
    core = open_core(
        PodSettings(data=folder / "pods", pod_url=origin, trusted_hosts=hosts), time.time, schemas=schemas()
    )
    added = extension(core)
    webid = webid_for(origin, NAME)
    with core.store.writing() as tx:
        create_pod(
            *(tx, NAME, webid),
            base=origin,
            issuer=origin + "/",
            display_name="Comune",
            at=time.time(),
            kind="organisation",
        )
        core.accounts.create(tx, NAME, password=hash_password(PASSWORD), webid=webid)
        secret = core.accounts.credentials(tx, webid, "insight")
        issuers.admit(tx, SHOP_KEY.issuer, jwks([SHOP_KEY.public()]), time.time())
    own = Organisation(
        name=NAME,
        title="Comune di prova",
        webid=webid,
        issuer=origin + "/",
        client_id=secret[0],
        client_secret=secret[1],
        purpose_jwk=PurposeKey.generate().private_jwk(),
        kind="administration",
    )
    Organisations(folder / "apps").write(own)
    settings = AppSettings(data=folder / "apps", pod_url=origin, apps_url=app_origin, trusted_hosts=hosts)
    host = application(
        core,
        authorizer=added.authorizer,
        observers=added.observers,
        routes=added.routes,
        alongside=added.alongside,
    )
    town = InsightTown(core, origin, app_origin, secret, own)
    with serving(host, listener=pods), serving(app(settings, time.time), listener=apps):
        asyncio.run(_register(town))
        yield town


async def _register(town: InsightTown) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        known = await town.service(http).register("Comune", "administration", "a@b.example", "d@b.example")
    with town.core.store.writing() as tx:
        controllers.approve(tx, known.iri)
