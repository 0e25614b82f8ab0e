"""Several workers on one database are one host: what one did counts at the next request to any other."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from consent.client import OwnerClient
from consent.client.uma import AccessRefused
from pods.client import SolidClient
from pods.provision import webid_for
from tests.consent_host import ORDER, ROWS, WALLET, HeldTokens, declaration
from tests.pod_host import ORIGIN
from tests.system.two_workers import TwoWorkers, two_workers

pytestmark = pytest.mark.system

MANY = 100
INSERTING = """@prefix solid: <http://www.w3.org/ns/solid/terms#>.
_:p a solid:InsertDeletePatch; solid:inserts {{ <#list> <http://schema.org/member> <#{name}> }}."""
ACL = """@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#o> a acl:Authorization; acl:agent <{anna}>; acl:accessTo <./x.ttl>; acl:mode acl:Read, acl:Write, acl:Control.
"""
OPEN = """<#p> a acl:Authorization; acl:agent <{bob}>; acl:accessTo <./x.ttl>; acl:mode acl:Read.
"""


@pytest_asyncio.fixture
async def workers(tmp_path: Path, address: str) -> AsyncIterator[TwoWorkers]:
    async with two_workers(tmp_path, address) as found:
        yield found


async def test_workers_of_one_host_agree(workers: TwoWorkers) -> None:
    """One start of two processes for all of it: starting takes longer than what is tested."""
    await of_many_who_create_one_is_first(workers)
    await no_insertion_is_lost(workers)
    await a_proof_is_good_for_one_worker(workers)
    await an_acl_counts_at_the_other_worker(workers)
    await a_withdrawal_ends_reads_at_the_other_worker(workers)


async def of_many_who_create_one_is_first(workers: TwoWorkers) -> None:
    people = [workers.at(client, "anna") for client in workers.clients()]
    answers = await asyncio.gather(
        *(people[n % 2].put("/anna/once.ttl", f"<#it> <#by> {n}.", if_none_match="*") for n in range(MANY))
    )
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(412)) == (1, MANY - 1)


async def no_insertion_is_lost(workers: TwoWorkers) -> None:
    people = [workers.at(client, "anna") for client in workers.clients()]
    answers = await asyncio.gather(
        *(people[n % 2].patch("/anna/list.ttl", INSERTING.format(name=f"m{n}")) for n in range(MANY))
    )
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(204)) == (1, MANY - 1)
    found = (await people[0].get("/anna/list.ttl", accept="application/n-triples")).text
    assert all(f"#m{n}>" in found for n in range(MANY))


async def a_proof_is_good_for_one_worker(workers: TwoWorkers) -> None:
    anna = workers.at(workers.first, "anna")
    url = f"{ORIGIN}/anna/"
    headers = anna.credentials("GET", url)
    assert (await workers.first.get(url, headers=headers)).status_code == 200
    assert (await workers.second.get(url, headers=headers)).status_code == 401


async def an_acl_counts_at_the_other_worker(workers: TwoWorkers) -> None:
    anna, bob = workers.at(workers.first, "anna"), workers.at(workers.second, "bob")
    closed = ACL.format(anna=anna.webid)
    await anna.put("/anna/x.ttl", "<#a> <#b> <#c>.")
    for _ in range(10):
        assert (await anna.put("/anna/x.ttl.acl", closed + OPEN.format(bob=bob.webid))).status_code in (
            201,
            204,
        )
        assert (await bob.get("/anna/x.ttl")).status_code == 200
        assert (await anna.put("/anna/x.ttl.acl", closed)).status_code == 204
        assert (await bob.get("/anna/x.ttl")).status_code == 403


async def a_withdrawal_ends_reads_at_the_other_worker(workers: TwoWorkers) -> None:
    basket = "/anna/purchases/2017-10/b77.ttl"
    workers.town.write(basket, ORDER)
    coop = await workers.town.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    tokens = HeldTokens(workers.town.core, webid_for(ORIGIN, "anna"), WALLET)
    owner = OwnerClient(SolidClient(workers.second, tokens, clock=workers.town.clock), ORIGIN)
    end = float(int(workers.town.clock() + 86_400))
    for _ in range(3):
        given = await owner.give(purpose.iri, purpose.items, end)
        assert (await coop.service.read(ORIGIN + basket, purpose.iri)).status_code == 200
        await owner.withdraw(given.id)
        with pytest.raises(AccessRefused, match="no grant in force"):
            await coop.service.read(ORIGIN + basket, purpose.iri)
