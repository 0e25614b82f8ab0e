"""Attack 1: reads that race with a withdrawal, over a thousand interleavings, in one worker and across two."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path as FilePath

import pytest

from consent.declarations import items
from consent.http.callers import own_pod
from consent.main import extension, schemas
from consent.model import Grant
from pods.errors import PodError
from pods.main import open_core
from pods.model import Agent, Operation, Path
from pods.provision import webid_for
from pods.quota import Quota
from pods.service import Pods
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.consent_host import ORDER, ROWS, WALLET, Town, declaration, town
from tests.databases import database_of
from tests.pod_host import ORIGIN

ROUNDS = 500  # in each of the two set-ups
READERS = 3
PEOPLE = 25  # a record tells everything that happened to a grant, so nobody decides hundreds of times


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


@pytest.mark.timeout(240)
@pytest.mark.parametrize("workers", [1, 2])
async def test_attack_1_no_read_is_decided_after_the_commit_of_a_withdrawal(
    tmp_path: FilePath, clock: SettableClock, workers: int
) -> None:
    """The log is written in the deciding transactions, so its order is the order of decisions."""
    async with town(tmp_path, clock) as host:
        coop = await host.organisation("coop")
        purpose = await coop.service.publish(declaration([ROWS]))
        other = host.core
        if workers == 2:
            other = open_core(
                PodSettings(data=tmp_path, pod_url=ORIGIN, database=database_of(tmp_path)),
                clock,
                schemas=schemas(),
            )
        authorizer = extension(other).authorizer if workers == 2 else host.added.authorizer
        readers = Pods(
            *(other.store, other.commits, authorizer),
            base_url=ORIGIN,
            blobs=other.blobs,
            quota=Quota(0),
            clock=clock,
        )
        chance = random.Random(7)
        names = [f"person-{number}" for number in range(PEOPLE)]
        for name in names:
            host.person(name)
            host.write(basket(name), ORDER)
        outcomes = [
            await race(host, readers, purpose.iri, names[number % PEOPLE], chance) for number in range(ROUNDS)
        ]
        if workers == 2:
            await other.aclose()
        before = sum(count for count, _ in outcomes)
        refused = sum(count for _, count in outcomes)
        # The race is real: reads fall on both sides of the withdrawal.
        assert before > ROUNDS / 10
        assert refused > ROUNDS
        lines = sum(lines_without_a_late_read(host, name) for name in names)
        # Given, withdrawn, each read that was answered; of the refusals, the first in each log at least.
        assert lines >= ROUNDS * 2 + before + PEOPLE


async def race(host: Town, readers: Pods, purpose: str, name: str, chance: random.Random) -> tuple[int, int]:
    """Give, then withdraw while others read; return how many reads were answered and how many refused."""
    webid, consents = webid_for(ORIGIN, name), host.added.consents
    person = Agent(webid, WALLET)
    end, asked = host.clock() + 86_400, items([ROWS])
    grant, _ = await host.core.commits.submit(
        lambda tx: consents.give(tx, own_pod(tx, webid), person, purpose, asked, end, host.clock())
    )
    agent = party(grant, name, host.clock())
    withdrawn = asyncio.Event()

    async def withdraw() -> None:
        await asyncio.sleep(chance.random() * 0.004)
        await host.core.commits.submit(
            lambda tx: consents.withdraw(tx, own_pod(tx, webid), person, grant.id, host.clock())
        )
        withdrawn.set()

    async def read() -> bool:
        await asyncio.sleep(chance.random() * 0.004)
        late = withdrawn.is_set()
        try:
            answer = await readers.answer(Operation("GET", basket(name), agent))
        except PodError:
            return False
        assert not late, "a read that began after the answer to the withdrawal was served"
        assert answer.status == 200
        return True

    reads = [asyncio.create_task(read()) for _ in range(READERS)]
    await withdraw()
    served = await asyncio.gather(*reads)
    try:
        await readers.answer(Operation("GET", basket(name), agent))
    except PodError:
        return sum(served), READERS - sum(served) + 1
    raise AssertionError("a read after the withdrawal was served")


def lines_without_a_late_read(host: Town, name: str) -> int:
    """Return the length of a person's log, having checked that no read was permitted while nothing was given."""
    with host.core.store.reading() as tx:
        pod = own_pod(tx, webid_for(ORIGIN, name))
        rows = tx.execute("SELECT action, decision FROM access_line WHERE pod = ? ORDER BY seq", (pod.key,))
    live = False
    for action, decision in rows:
        if action.startswith("consent"):
            live = action == "consent given"
        elif decision == "permit":
            assert live, "a read was permitted while no consent was in force"
    return len(rows)
