"""Whichever worker a question reaches, it is answered; and the death of the one that answers loses nothing unsaid."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from consent import issuers
from consent.aggregation import budget_sql
from consent.aggregation.programme import PARTICIPANTS_RHO
from consent.aggregation.relay import SOCKET
from consent.client import ServiceClient
from consent.main import extension, schemas
from consent.model import PurposeDeclaration
from consent.receipts.keys import jwks
from pods.client import ClientCredentials, SolidError
from pods.main import application, open_core
from pods.settings import PodSettings
from tests.consent_host import Organisation, Town
from tests.insight_town import document
from tests.pod_host import ORIGIN
from tests.system.slow_questions import GO
from tests.system.two_workers import ROOT, At, RealClock, answers, unused_port
from tests.unit.consent.aggregation.town import SHOP_KEY, add_person, give, question

PEOPLE = 40
COST = 50_000
PATIENCE = 60.0


@dataclass(slots=True)
class Workers:
    """One host of two workers; the first has the projection."""

    data: Path
    town: Town
    coop: Organisation
    purpose: PurposeDeclaration
    ports: tuple[int, int]
    processes: list[subprocess.Popen[bytes]]
    clients: list[httpx.AsyncClient]

    def service(self, worker: int) -> ServiceClient:
        """Return the service of the controller as it reaches one worker."""
        http, known = self.clients[worker], self.coop.credentials._credentials
        credentials = ClientCredentials(http, ORIGIN + "/", *known, clock=self.town.clock)
        return ServiceClient(http, credentials, self.coop.key, clock=self.town.clock)

    async def ask(self, worker: int, **members: Any) -> dict[str, Any]:
        asked = question(str(self.purpose.programme), **members)
        return await self.service(worker).query(asked, self.purpose.iri)

    def outcomes(self) -> list[str]:
        """Return what the register says of every question that was computed, the oldest first."""
        with self.town.core.store.reading() as tx:
            rows = tx.execute("SELECT outcome FROM question WHERE outcome <> 'stored' ORDER BY asked_at, id")
        return [str(row[0]) for row in rows]

    def spent(self) -> int:
        with self.town.core.store.reading() as tx:
            budget = budget_sql.budget_of(tx, str(self.purpose.programme))
            assert budget_sql.whole(tx, budget.programme)
        return budget.rho_spent

    async def until_outcomes(self, *wanted: str) -> None:
        """Wait until the register says this."""
        async with asyncio.timeout(PATIENCE):
            while self.outcomes() != list(wanted):  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.02)

    def kill(self, worker: int) -> None:
        self.processes[worker].send_signal(signal.SIGKILL)
        self.processes[worker].wait()

    def let_computations_end(self) -> None:
        (self.data / GO).touch()


def start(data: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.system.slow_questions", str(data), "", str(port)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd=ROOT)


@asynccontextmanager
async def two_workers(data: Path) -> AsyncIterator[Workers]:
    """Start the first worker, wait until it has the projection, then start the second."""
    clock = RealClock()
    core = open_core(PodSettings(data=data, pod_url=ORIGIN), clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    town = Town(core, added, app, clock)
    with core.store.writing() as tx:
        issuers.admit(tx, SHOP_KEY.issuer, jwks([SHOP_KEY.public()]), 0.0)
    ports, processes, clients = (unused_port(), unused_port()), [], []
    try:
        coop = await town.organisation("coop")
        published = await coop.service.publish(document("town", min_participants=3, k_min=3))
        with core.store.writing() as tx:
            for number in range(PEOPLE):
                give(tx, add_person(tx, f"p{number}", "a"), published)
        for port in ports:
            processes.append(start(data, port))
            await answers(port)
            clients.append(httpx.AsyncClient(transport=At(port), timeout=60))
            async with asyncio.timeout(PATIENCE):
                while not (data / SOCKET).exists():  # noqa: ASYNC110  # another process makes it
                    await asyncio.sleep(0.02)
        yield Workers(data, town, coop, published, ports, processes, clients)
    finally:
        for process in processes:
            process.kill()
            process.wait()
        for client in clients:
            await client.aclose()
        await core.aclose()


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket has at most some hundred bytes
        async with two_workers(Path(folder)) as found:
            yield found


async def test_questions_are_answered_whichever_worker_they_reach_and_whichever_dies(
    workers: Workers,
) -> None:
    await any_worker_answers_and_both_know_of_what_runs(workers)
    await a_question_whose_process_is_killed_is_said_to_be_lost_and_paid_once(workers)
    await a_new_worker_hands_over_to_the_one_that_took_over(workers)
    await the_next_question_after_a_death_is_answered_by_another_worker(workers)


async def any_worker_answers_and_both_know_of_what_runs(workers: Workers) -> None:
    asked = [asyncio.create_task(workers.ask(worker)) for worker in (1, 0)]
    await workers.until_outcomes("running")
    workers.let_computations_end()
    first, second = await asyncio.gather(*asked)
    assert first["id"] == second["id"]
    assert workers.spent() == COST + PARTICIPANTS_RHO


async def a_question_whose_process_is_killed_is_said_to_be_lost_and_paid_once(workers: Workers) -> None:
    (workers.data / GO).unlink()
    other = {"group_by": ["Profile.ageClass"]}
    handed_over = asyncio.create_task(workers.ask(1, **other))
    await workers.until_outcomes("answered", "running")
    direct = asyncio.create_task(workers.ask(0, **other))
    workers.kill(0)
    with pytest.raises(SolidError) as told:
        await handed_over
    assert (told.value.status, told.value.code) == (503, "question-lost")
    with pytest.raises(httpx.TransportError):
        await direct
    # Nobody asks: the worker that is left looks by itself, and says in the register what became of it.
    await workers.until_outcomes("answered", "failed")
    assert workers.spent() == 2 * COST + PARTICIPANTS_RHO
    workers.let_computations_end()
    assert not (await workers.ask(1, **other))["cached"]
    assert workers.outcomes() == ["answered", "failed", "answered"]
    assert workers.spent() == 3 * COST + PARTICIPANTS_RHO


async def a_new_worker_hands_over_to_the_one_that_took_over(workers: Workers) -> None:
    workers.processes[0] = start(workers.data, workers.ports[0])
    await answers(workers.ports[0])
    assert (await workers.ask(0))["cached"]


async def the_next_question_after_a_death_is_answered_by_another_worker(workers: Workers) -> None:
    """It does not wait until that worker looks by itself."""
    workers.kill(1)
    assert not (await workers.ask(0, rho=0.06))["cached"]
    assert workers.spent() == 3 * COST + 60_000 + PARTICIPANTS_RHO
