"""Consent about data on a real Community Solid Server: given by its access control lists, withdrawn from them."""

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from rdflib import Graph

from consent.foreign import ForeignGrants, ForeignState
from pods.client import ClientCredentials, SolidClient
from tests.bench.peers import community_solid_server
from tests.bench.servers import Credentials, free_port
from tests.interop.packages import SERVERS
from tests.interop.stage import Someone, pod_host

PURPOSE = "https://host.example/.consent/purposes/mobility/1"
NOTICED_SECONDS = 5.0  # a token of the service lasts longer; the list is looked at for each request


@dataclass(frozen=True, slots=True)
class Both:
    """Who gives, on the other server, and who reads, with an account on ours."""

    there: Credentials
    service: Someone


@pytest.fixture(scope="module")
def both(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Both servers, which may fetch each other's profiles and keys over loopback."""
    folder = tmp_path_factory.mktemp("foreign-consent")
    with community_solid_server(SERVERS / "node_modules", folder / "css") as there:
        trusted = (urlsplit(there.issuer).netloc,)
        with pod_host(folder, free_port(), ("coop",), trusted) as (service,):
            yield Both(there, service)


@pytest_asyncio.fixture
async def person(both: Both) -> AsyncIterator[SolidClient]:
    """The client of the person whose data lie on the other server."""
    async with httpx.AsyncClient(timeout=20) as http:
        one = both.there
        tokens = ClientCredentials(http, one.issuer, one.client_id, one.client_secret, clock=time.time)
        yield SolidClient(http, tokens, clock=time.time)


@pytest_asyncio.fixture
async def service(both: Both) -> AsyncIterator[SolidClient]:
    """The client of the service."""
    async with httpx.AsyncClient(timeout=20) as http:
        one = both.service
        tokens = ClientCredentials(http, one.issuer, one.client_id, one.client_secret, clock=time.time)
        yield SolidClient(http, tokens, clock=time.time)


async def test_a_grant_opens_one_document_and_its_withdrawal_closes_it(
    both: Both, person: SolidClient, service: SolidClient
) -> None:
    storage = both.there.storage
    one, two = storage + "basket/one.ttl", storage + "basket/two.ttl"
    for place in (one, two):
        await person.put(place, "<#it> <http://schema.org/name> 'bread'.", "text/turtle")
    grants = ForeignGrants(person, storage, clock=time.time)
    assert (await service.request("GET", one)).status_code == 403
    given = await grants.give(PURPOSE, both.service.webid, [one], time.time() + 86_400)
    assert (await service.request("GET", one)).status_code == 200
    assert (await service.request("GET", two)).status_code == 403
    assert (await service.request("GET", storage + "basket/")).status_code == 403
    await person.put(one, "<#it> <http://schema.org/name> 'milk'.", "text/turtle")
    done = await grants.withdraw(given.id)
    since = time.monotonic()
    assert done.state is ForeignState.WITHDRAWN
    assert (await service.request("GET", one)).status_code == 403
    assert time.monotonic() - since < NOTICED_SECONDS
    assert (await person.request("GET", one + ".acl")).status_code == 404


async def test_the_rules_of_others_survive_on_the_other_server(both: Both, person: SolidClient) -> None:
    place = both.there.storage + "shared.ttl"
    await person.put(place, "<#it> <http://schema.org/name> 'bread'.", "text/turtle")
    rules = f"""@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#me> a acl:Authorization; acl:agent <{both.there.storage}profile/card#me>; acl:accessTo <{place}>;
  acl:mode acl:Read, acl:Write, acl:Control.
<#friend> a acl:Authorization; acl:agent <https://friend.example/#me>; acl:accessTo <{place}>; acl:mode acl:Read."""
    await person.put(place + ".acl", rules, "text/turtle")
    before = set(await person.get_graph(place + ".acl"))
    grants = ForeignGrants(person, both.there.storage, clock=time.time)
    given = await grants.give(PURPOSE, both.service.webid, [place], time.time() + 86_400)
    during: Graph = await person.get_graph(place + ".acl")
    assert before < set(during)
    await grants.withdraw(given.id)
    assert set(await person.get_graph(place + ".acl")) == before
    assert await grants.finish() == []
