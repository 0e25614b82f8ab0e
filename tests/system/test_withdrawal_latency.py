"""From the click on "withdraw" to its effect: the time until each of four workers refuses, on both databases.

Readers hammer every worker with a token that was good. The click is the DELETE that a wallet sends; the effect at a
worker is its first refusal. What is demanded: no read that began after the answer to the click is served, anywhere.
`make interleavings` runs more rounds and states the 99th percentile.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from consent.client import OwnerClient
from consent.main import extension, schemas
from consent.model import OwnGrant, PurposeDeclaration
from pods.client import SolidClient
from pods.main import application, open_core
from pods.provision import webid_for
from pods.settings import PodSettings
from tests.consent_host import ORDER, ROWS, WALLET, HeldTokens, Organisation, Town, declaration
from tests.pod_host import ORIGIN
from tests.system.two_workers import At, RealClock, answers, start, unused_port

pytestmark = pytest.mark.system

WORKERS = 4
ROUNDS = int(os.environ.get("PORTICO_TEST_WITHDRAWALS", "8"))
BASKET = "/anna/purchases/2017-10/b77.ttl"
URL = ORIGIN + BASKET


@dataclass(frozen=True, slots=True)
class Team:
    """One host, and a client of each of its workers."""

    town: Town
    clients: Sequence[httpx.AsyncClient]


@asynccontextmanager
async def team(data: Path, database: str) -> AsyncIterator[Team]:
    """Start four processes that serve one host."""
    clock = RealClock()
    core = open_core(PodSettings(data=data, pod_url=ORIGIN, database=database), clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    found = Town(core, added, app, clock)
    ports = [unused_port() for _ in range(WORKERS)]
    servers = [start(data, database, port) for port in ports]
    try:
        await asyncio.gather(*map(answers, ports))
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(httpx.AsyncClient(transport=At(port), timeout=60))
                for port in ports
            ]
            found.http = clients[0]
            yield Team(found, clients)
    finally:
        for server in servers:
            server.kill()
            server.wait()
        await core.aclose()


@dataclass(slots=True)
class Reads:
    """What one worker answered while a grant was withdrawn."""

    first: asyncio.Event = field(default_factory=asyncio.Event)
    last_served_began: float = 0.0
    refused_at: float = 0.0


@pytest.mark.timeout(120 + 10 * ROUNDS)
async def test_a_withdrawal_counts_at_every_worker_when_it_is_answered(tmp_path: Path, address: str) -> None:
    async with team(tmp_path, address) as found:
        found.town.person("anna")
        found.town.write(BASKET, ORDER)
        coop = await found.town.organisation("coop")
        purpose = await coop.service.publish(declaration([ROWS]))
        tokens = HeldTokens(found.town.core, webid_for(ORIGIN, "anna"), WALLET)
        waited = [
            await one_withdrawal(found, coop, purpose, tokens, found.clients[number % WORKERS])
            for number in range(ROUNDS)
        ]
    times = sorted(seconds for some in waited for seconds in some)
    p50, p99 = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]
    said = f"{ROUNDS} withdrawals, {WORKERS} workers, {'PostgreSQL' if address else 'SQLite'}: from click to effect"
    print(f"\n{said} p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")


async def one_withdrawal(
    found: Team,
    coop: Organisation,
    purpose: PurposeDeclaration,
    tokens: HeldTokens,
    clicked_at: httpx.AsyncClient,
) -> list[float]:
    """Give, let all workers serve, withdraw at one of them; return how long each took to refuse."""
    owner = OwnerClient(SolidClient(clicked_at, tokens, clock=found.town.clock), ORIGIN)
    grant: OwnGrant = await owner.give(purpose.iri, purpose.items, float(int(found.town.clock() + 86_400)))
    token = await rpt(found, coop, purpose)
    reads = [Reads() for _ in found.clients]
    readers = [
        asyncio.create_task(read_until_refused(found, coop, client, token, seen))
        for client, seen in zip(found.clients, reads, strict=True)
    ]
    await asyncio.gather(*(seen.first.wait() for seen in reads))
    clicked = time.monotonic()
    await owner.withdraw(grant.id)
    answered = time.monotonic()
    await asyncio.gather(*readers)
    for seen in reads:
        assert seen.last_served_began < answered, "a read that began after the answer was served"
    return [max(0.0, seen.refused_at - clicked) for seen in reads]


async def rpt(found: Team, coop: Organisation, purpose: PurposeDeclaration) -> str:
    """Return the token that the service got for the purchase, as its client library holds it."""
    seen: list[str] = []

    async def note(request: httpx.Request) -> None:
        if str(request.url) == URL and "authorization" in request.headers:
            seen.append(request.headers["authorization"].partition(" ")[2])

    hooks = found.town.http.event_hooks
    found.town.http.event_hooks = {**hooks, "request": [note]}
    try:
        assert (await coop.service.read(URL, purpose.iri)).status_code == httpx.codes.OK
    finally:
        found.town.http.event_hooks = hooks
    return seen[-1]


async def read_until_refused(
    found: Team, coop: Organisation, client: httpx.AsyncClient, token: str, seen: Reads
) -> None:
    """Read at one worker, again and again, until it says no."""
    while True:
        proof = coop.credentials.key.proof("GET", URL, at=found.town.clock(), access_token=token)
        began = time.monotonic()
        answer = await client.get(URL, headers={"authorization": f"DPoP {token}", "dpop": proof})
        if answer.status_code != httpx.codes.OK:
            assert answer.status_code == httpx.codes.UNAUTHORIZED
            seen.refused_at = time.monotonic()
            return
        seen.first.set()
        seen.last_served_began = began
