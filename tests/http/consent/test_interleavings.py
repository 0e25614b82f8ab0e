"""Attack 1: reads that race with a withdrawal, in one worker and across four, on both databases.

Four hundred interleavings by default; `make interleavings` runs ten thousand in each of the four set-ups.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path as FilePath

import pytest

from consent.declarations import items
from consent.http.callers import own_pod
from consent.main import extension, schemas
from consent.model import Grant
from pods import activity
from pods.errors import PodError
from pods.main import Core, open_core
from pods.model import Agent, Operation, Path
from pods.provision import webid_for
from pods.quota import Quota
from pods.service import Pods
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import ORDER, ROWS, WALLET, Town, declaration, town
from tests.databases import database_of
from tests.pod_host import ORIGIN

ROUNDS = int(os.environ.get("PORTICO_TEST_INTERLEAVINGS", "100"))  # in each of the four set-ups
READERS = 3
PEOPLE = max(
    25, ROUNDS // 20
)  # a record tells everything that happened to a grant, so nobody decides hundreds of times


def basket(name: str) -> Path:
    return Path(f"/{name}/purchases/2017-10/b77.ttl")


def party(grant: Grant, name: str, at: float) -> Agent:
    """Return the agent of a token that was issued for this grant just now."""
    return Agent(
        grant.controller,
        "service",
        ORIGIN + "/",
        {
            "grant": grant.iri,
            "purpose": grant.purpose,
            "epoch": grant.epoch,
            "output_mode": "rows",
            "exp": int(at) + 60,
            "permissions": [{"resource_id": ORIGIN + basket(name), "resource_scopes": ["read"]}],
        },
    )


class Worker:
    """What one process of a host holds: a store, a writer and caches of its own."""

    def __init__(self, core: Core, clock: SettableClock) -> None:
        added = extension(core)
        self.core = core
        self.consents = added.consents
        self.pods = Pods(
            *(core.store, core.commits, added.authorizer),
            base_url=ORIGIN,
            blobs=core.blobs,
            quota=Quota(0),
            clock=clock,
        )


@pytest.mark.timeout(240 + ROUNDS)
@pytest.mark.parametrize("workers", [1, 4])
async def test_attack_1_no_read_is_decided_after_the_commit_of_a_withdrawal(
    tmp_path: FilePath, clock: SettableClock, workers: int
) -> None:
    """The log is written in the deciding transactions, so its order is the order of decisions."""
    async with AsyncExitStack() as stack:
        host = await stack.enter_async_context(town(tmp_path, clock))
        coop = await host.organisation("coop")
        purpose = await coop.service.publish(declaration([ROWS]))
        cores = [host.core]
        for _ in range(workers - 1):
            settings = PodSettings(data=tmp_path, pod_url=ORIGIN, database=database_of(tmp_path))
            cores.append(open_core(settings, clock, schemas=schemas()))
            stack.push_async_callback(cores[-1].aclose)
        team = [Worker(core, clock) for core in cores]
        chance = random.Random(7)
        names = [f"person-{number}" for number in range(PEOPLE)]
        for name in names:
            host.person(name)
            host.write(basket(name), ORDER)
        outcomes = [
            await race(team, purpose.iri, names[number % PEOPLE], chance, clock) for number in range(ROUNDS)
        ]
        before = sum(count for count, _ in outcomes)
        refused = sum(count for _, count in outcomes)
        # The race is real: reads fall on both sides of the withdrawal.
        assert before > ROUNDS / 10
        assert refused > ROUNDS
        # P5: what was served is what the logs say was served.
        assert sum(reads_that_were_permitted(host, name) for name in names) == before


async def race(
    team: Sequence[Worker], purpose: str, name: str, chance: random.Random, clock: SettableClock
) -> tuple[int, int]:
    """Give, then withdraw while others read; return how many reads were answered and how many refused.

    Each of these is done by some worker: the one that withdraws is seldom the one that reads.
    """
    webid = webid_for(ORIGIN, name)
    person = Agent(webid, WALLET)
    end, asked = clock() + 86_400, items([ROWS])
    giving, withdrawing = chance.choice(team), chance.choice(team)
    grant, _ = await giving.core.commits.submit(
        lambda tx: giving.consents.give(tx, own_pod(tx, webid), person, purpose, asked, end, clock())
    )
    agent = party(grant, name, clock())
    withdrawn = asyncio.Event()

    async def withdraw() -> None:
        await asyncio.sleep(chance.random() * 0.004)
        await withdrawing.core.commits.submit(
            lambda tx: withdrawing.consents.withdraw(tx, own_pod(tx, webid), person, grant.id, clock())
        )
        withdrawn.set()

    async def read(worker: Worker) -> bool:
        await asyncio.sleep(chance.random() * 0.004)
        late = withdrawn.is_set()
        try:
            answer = await worker.pods.answer(Operation("GET", basket(name), agent))
        except PodError:
            return False
        assert not late, "a read that began after the answer to the withdrawal was served"
        assert answer.status == 200
        return True

    reads = [asyncio.create_task(read(chance.choice(team))) for _ in range(READERS)]
    await withdraw()
    served = await asyncio.gather(*reads)
    for worker in team:
        assert not await read(worker), "a read after the withdrawal was served"
    return sum(served), READERS - sum(served) + len(team)


def reads_that_were_permitted(host: Town, name: str) -> int:
    """Return how many a person's log names, having checked that none was while nothing was given."""
    with host.core.store.reading() as tx:
        pod = own_pod(tx, webid_for(ORIGIN, name))
        rows = [(line.action, line.decision) for line in activity.lines(tx, pod.key, limit=1_000_000)]
    live, permitted = False, 0
    for action, decision in rows:
        if action.startswith("consent"):
            live = action == "consent given"
        elif decision == "permit":
            assert live, "a read was permitted while no consent was in force"
            permitted += 1
    return permitted
