"""A person's purchase, a service that may read a part of it under a grant, and a friend who may by the pod's list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from joserfc.jwk import ECKey

from apps.cli.operator import operator_core
from consent import controllers
from consent.client import PurposeKey
from consent.client.uma import Exchange, Identity, challenge_of
from consent.decisions import Consents
from consent.declarations import declaration as declared
from consent.main import SECRET
from consent.model import PurposeDeclaration
from consent.purposes import Publisher
from consent.secret import derived, open_secret
from pods.client import ClientCredentials
from pods.main import Core
from pods.model import Agent, WebId
from pods.model import Path as ResourcePath
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.bench.portico import POD, Running
from tests.bench.servers import Access, Credentials
from tests.bench.turns import Side
from tests.bench.works import PURCHASE, TURTLE
from tests.consent_host import ROWS, declaration

SERVICE, FRIEND = "coop", "friend"
LINES = 9
DAYS = 90
BATCH = 250  # grants of one transaction
_ACL = """@prefix acl: <http://www.w3.org/ns/auth/acl#> .
<#owner> a acl:Authorization ; acl:agent <{owner}> ; acl:accessTo <./> ; acl:default <./> ;
  acl:mode acl:Read, acl:Write, acl:Control .
<#friend> a acl:Authorization ; acl:agent <{friend}> ; acl:accessTo <./> ; acl:default <./> ; acl:mode acl:Read .
"""


def forty_triples() -> str:
    """Return an order of 40 triples: 4 of its own, and 9 lines of 4."""
    shared = "@prefix schema: <http://schema.org/> . @prefix po: <https://w3id.org/portico/ns#> .\n"
    dated = '"2017-10-03T09:15:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
    lines = ", ".join(
        f'[ po:category <https://w3id.org/portico/codes/category#bakery> ; schema:price {number}.25 ; schema:name "Article {number}" ]'
        for number in range(LINES)
    )
    return f'{shared}<#it> a schema:Order ; schema:orderDate {dated} ; schema:price 38.25 ; schema:orderNumber "B-1" ;\n  schema:orderedItem {lines} .\n'


@dataclass(frozen=True, slots=True)
class Scene:
    """A host that serves, and who reads there."""

    data: Path
    origin: str
    storage: str
    port: int
    owner: Credentials
    service: Credentials
    friend: Credentials
    purpose_key: PurposeKey
    purpose: str

    def by_list(self) -> Side:
        """The friend with a fresh token."""
        return self._side(self.friend.access())

    def by_ownership(self) -> Side:
        """The owner with a fresh token."""
        return self._side(self.owner.access())

    def by_grant(self) -> Side:
        """The service with a fresh requesting party token, got as any service gets it; it lives a minute."""
        key = DpopKey.generate()
        token = asyncio.run(self._token(key))
        pem = ECKey.import_key(dict(key.private_jwk())).as_pem(private=True)
        return Side(self.storage, PURCHASE, token, pem.decode(), self.port)

    def _side(self, access: Access) -> Side:
        pem = access.key.pem() if access.key is not None else ""
        return Side(self.storage, PURCHASE, access.token, pem, self.port)

    async def _token(self, key: DpopKey) -> str:
        async with httpx.AsyncClient() as http:
            of_service = ClientCredentials(
                *(http, self.origin + "/", self.service.client_id, self.service.client_secret),
                clock=time.time,
                key=key,
            )
            challenge = challenge_of(await http.get(self.storage + PURCHASE))
            if challenge is None:
                raise RuntimeError("the host does not say how a service comes in")
            own = Identity(webid_for(self.origin, SERVICE), self.service.client_id, (self.origin,))
            exchange = Exchange(http, of_service, self.purpose_key, clock=time.time)
            return (await exchange.token(challenge, self.purpose, own)).token


@contextmanager
def operating(data: Path, origin: str) -> Iterator[Core]:
    """Work on the host's database beside its server, as the operator's commands do."""
    with operator_core(PodSettings(data=data, pod_url=origin)) as core:
        yield core


def set_scene(host: Running, data: Path) -> Scene:
    """Put everybody and everything there, with one grant."""
    origin = host.owner.issuer.rstrip("/")
    key = PurposeKey.generate()
    with operating(data, origin) as core:
        service, friend = (_account(core, origin, name) for name in (SERVICE, FRIEND))
        with core.store.writing() as tx:
            registration = {
                "name": "Coop",
                "kind": "cooperative",
                "contact": "info@coop.example",
                "dpo": "dpo@coop.example",
                "jwks": key.jwks(),
            }
            controllers.register(tx, webid_for(origin, SERVICE), registration, core.clock())
            controllers.approve(tx, webid_for(origin, SERVICE))
            container = ResourcePath(f"/{POD}/{PURCHASE}".rpartition("/")[0] + "/")
            acl = _ACL.format(owner=webid_for(origin, POD), friend=webid_for(origin, FRIEND))
            tx.write(
                ResourcePath(f"/{POD}/{PURCHASE}"),
                *(TURTLE, forty_triples().encode(), core.clock()),
            )
            tx.write(ResourcePath(container + ".acl"), TURTLE, acl.encode(), core.clock())
    give(data, origin, 0, 1)
    port = int(origin.rpartition(":")[2])
    purpose = purpose_of(origin, 0).iri
    return Scene(data, origin, host.owner.storage, port, host.owner, service, friend, key, purpose)


def purpose_of(origin: str, number: int) -> PurposeDeclaration:
    """Return the n-th purpose of the service."""
    document = declaration([ROWS], identifier=f"purpose-{number}")
    return declared(document, webid_for(origin, SERVICE), origin)


def give(data: Path, origin: str, start: int, end: int) -> None:
    """Let the person give consent to the purposes from `start` on until there are `end`, as the routes would do it."""
    webid, service = webid_for(origin, POD), webid_for(origin, SERVICE)
    with operating(data, origin) as core:
        secret = derived(open_secret(data / SECRET), "pairwise")
        consents, publisher = Consents(origin, secret), Publisher(origin)
        for first in range(start, end, BATCH):
            with core.store.writing() as tx:
                pod = tx.pod(POD)
                if pod is None:
                    raise RuntimeError(f"there is no pod {POD}")
                at = core.clock()
                for number in range(first, min(first + BATCH, end)):
                    purpose, _ = publisher.publish(tx, service, dict(purpose_of(origin, number).document), at)
                    until = float(int(at + DAYS * 86_400))
                    consents.give(tx, pod, Agent(webid), purpose.iri, purpose.items, until, at)


def _account(core: Core, origin: str, name: str) -> Credentials:
    webid: WebId = webid_for(origin, name)
    with core.store.writing() as tx:
        create_pod(
            *(tx, name, webid),
            base=origin,
            issuer=origin + "/",
            display_name=name.title(),
            at=core.clock(),
            kind="organisation" if name == SERVICE else "person",
        )
        core.accounts.create(tx, name, webid=webid)
        client_id, secret = core.accounts.credentials(tx, webid, "bench")
    return Credentials(f"{origin}/{name}/", origin + "/", client_id, secret)
