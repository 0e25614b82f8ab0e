"""Attack 1 as it comes: reads over HTTP at four processes of one host that race with a withdrawal at one of them.

Forty races by default on each database; `make interleavings` runs ten thousand.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from consent.client import OwnerClient
from consent.declarations import items
from consent.http.callers import own_pod
from consent.model import Grant
from pods.client import SolidClient
from pods.model import Agent, WebId
from pods.provision import webid_for
from tests.consent_host import ORDER, ROWS, WALLET, HeldTokens, Organisation, Town, declaration
from tests.databases import POSTGRESQL, SQLITE
from tests.http.consent.test_interleavings import basket, reads_that_were_permitted
from tests.pod_host import ORIGIN
from tests.system.test_withdrawal_latency import WORKERS, Team, team

pytestmark = pytest.mark.system

ROUNDS = int(os.environ.get("PORTICO_TEST_RACES", "40"))
READERS = 4
AT_ONCE = 4  # races of different people
SPREAD = 0.02  # seconds over which withdrawal and reads of a race begin: about as long as they take
PEOPLE = max(AT_ONCE, ROUNDS // 8)
"""A record tells everything that happened to a grant, and is signed anew each time: who decided twenty times waits
half as long again as who decided once."""


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The setting `database`."""
    if request.param == SQLITE:
        yield ""
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create()
    yield url
    cluster.drop(url)


@dataclass
class Counted:
    """What was answered in all races: to reads that raced, and to those that came after."""

    served: int = 0
    refused: int = 0
    after: int = 0


class Races:
    """Races at one host; the chance that decides about them is seeded, what comes of it is the machine's."""

    def __init__(self, found: Team, by: Organisation, purpose: str) -> None:
        self.town: Town = found.town
        self.clients = found.clients
        self.by, self.purpose = by, purpose
        self.chance = random.Random(7)
        self.counted = Counted()

    def person(self, name: str) -> OwnerClient:
        """Return somebody's wallet, which speaks to one worker."""
        tokens = HeldTokens(self.town.core, webid_for(ORIGIN, name), WALLET)
        return OwnerClient(
            SolidClient(self.chance.choice(self.clients), tokens, clock=self.town.clock), ORIGIN
        )

    async def race(self, name: str) -> None:
        """Give, then withdraw at one worker while others are read from; read again when that was answered."""
        grant = await self._given(webid_for(ORIGIN, name), name)
        token, withdrawn = self._token(grant, name), asyncio.Event()

        async def withdraw() -> None:
            await asyncio.sleep(self.chance.random() * SPREAD)
            await self.person(name).withdraw(grant.id)
            withdrawn.set()

        async def read(spread: float) -> bool:
            await asyncio.sleep(self.chance.random() * spread)
            late = withdrawn.is_set()
            served = await self._read(self.chance.choice(self.clients), name, token)
            assert not (late and served), "a read that began after the answer to the withdrawal was served"
            return served

        reads = [asyncio.create_task(read(SPREAD)) for _ in range(READERS)]
        await withdraw()
        served = sum(await asyncio.gather(*reads))
        self.counted.served += served
        self.counted.refused += READERS - served
        assert not await read(0), "a read after the withdrawal was served"
        self.counted.after += 1

    async def _given(self, webid: WebId, name: str) -> Grant:
        """Give by a fifth process, the test's own."""
        core, consents, at = self.town.core, self.town.added.consents, self.town.clock()
        grant, _ = await core.commits.submit(
            lambda tx: consents.give(
                *(tx, own_pod(tx, webid), Agent(webid, WALLET), self.purpose, items([ROWS])),
                float(int(at) + 86_400),
                at,
            )
        )
        return grant

    def _token(self, grant: Grant, name: str) -> str:
        """Return what the authorization server would give the service now."""
        at = int(self.town.clock())
        claims = {
            "iss": ORIGIN + "/",
            "sub": grant.controller,
            "webid": grant.controller,
            "client_id": "service",
            "aud": ["solid", ORIGIN],
            "iat": at,
            "exp": at + 60,
            "jti": secrets.token_urlsafe(16),
            "cnf": {"jkt": self.by.credentials.key.thumbprint()},
            "permissions": [{"resource_id": ORIGIN + basket(name), "resource_scopes": ["read"]}],
            "grant": grant.iri,
            "purpose": grant.purpose,
            "output_mode": "rows",
            "epoch": grant.epoch,
        }
        return self.town.core.keys.sign(claims, "at+jwt")

    async def _read(self, client: httpx.AsyncClient, name: str, token: str) -> bool:
        url = ORIGIN + basket(name)
        proof = self.by.credentials.key.proof("GET", url, at=self.town.clock(), access_token=token)
        answer = await client.get(url, headers={"authorization": f"DPoP {token}", "dpop": proof})
        assert answer.status_code in (httpx.codes.OK, httpx.codes.UNAUTHORIZED), answer.text
        return answer.status_code == httpx.codes.OK


@pytest.mark.timeout(180 + ROUNDS)
async def test_attack_1_no_process_reads_after_the_commit_of_a_withdrawal(
    tmp_path: Path, address: str
) -> None:
    """The log is written in the deciding transactions, so its order is the order of decisions."""
    async with team(tmp_path, address) as found:
        coop = await found.town.organisation("coop")
        races = Races(found, coop, (await coop.service.publish(declaration([ROWS]))).iri)
        names = [f"person-{number}" for number in range(PEOPLE)]
        for name in names:
            found.town.person(name)
            found.town.write(basket(name), ORDER)

        async def some(first: int) -> None:
            for number in range(first, ROUNDS, AT_ONCE):
                await races.race(names[number % PEOPLE])

        await asyncio.gather(*(some(first) for first in range(AT_ONCE)))
        counted = races.counted
        # P5: what was served is what the logs say was served, and each while a consent was in force.
        assert sum(reads_that_were_permitted(found.town, name) for name in names) == counted.served
    # The race is real: reads fall on both sides of the withdrawal.
    assert min(counted.served, counted.refused) > ROUNDS / 4
    assert counted.after == ROUNDS
    said = f"{ROUNDS} races, {WORKERS} processes, {'PostgreSQL' if address else 'SQLite'}"
    print(f"\n{said}: {counted.served} reads served before, {counted.refused} refused, none after")
