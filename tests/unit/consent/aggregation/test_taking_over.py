"""Whoever takes a projection over settles what its forerunner left, and nothing of anybody who is alive."""

from __future__ import annotations

import asyncio
from pathlib import Path

from consent.aggregation import assembly, budget_sql, register_sql
from consent.aggregation.budget_sql import ABANDONED_SECONDS
from consent.aggregation.register_sql import Question
from pods.storage.base import Transaction
from tests.conftest import SettableClock
from tests.unit.consent.aggregation.town import Town, open_town

MANY = 60
COST = 50_000


def left_running(tx: Transaction, town: Town, release: str, projection: str) -> None:
    """Write down a question as it stands while a projection computes it."""
    at, programme = town.clock(), str(town.purpose.programme)
    budget_sql.reserve(tx, programme, release, release, "2026-03-01", COST, at, projection=projection)
    running = Question(
        *(f"question {release}", programme, at, "somebody", {}, "2026-03-01"),
        outcome=register_sql.RUNNING,
        rho=COST,
        release=release,
    )
    register_sql.add_question(tx, running)


def outcomes(town: Town) -> dict[str, str]:
    """Return what came of each question that was left running."""
    with town.store.reading() as tx:
        found = register_sql.questions(tx, str(town.purpose.programme), before=4e9, limit=99)
    return {str(one.release): one.outcome for one in found if one.id.startswith("question ")}


async def test_what_another_machine_computes_is_left_to_it(tmp_path: Path, clock: SettableClock) -> None:
    """Machines that share a database have a projection each: a start of one is no end of the other's questions."""
    async with open_town(tmp_path, clock) as town:
        town.settle(MANY)
        with town.store.writing() as tx:
            left_running(tx, town, "of another machine", "its projection")
        await town.ask()
        assert outcomes(town) == {"of another machine": "running"}
        with town.store.writing() as tx:
            budget_sql.commit(tx, "of another machine", "{}", clock())


async def test_what_a_machine_that_is_gone_left_is_settled_in_the_end(
    tmp_path: Path, clock: SettableClock
) -> None:
    async with open_town(tmp_path, clock) as town:
        with town.store.writing() as tx:
            left_running(tx, town, "of a machine that burnt down", "its projection")
    clock.advance(ABANDONED_SECONDS + 1)
    async with open_town(tmp_path, clock) as town:
        town.settle(MANY)
        await town.ask()
        assert outcomes(town) == {"of a machine that burnt down": "failed"}
        with town.store.reading() as tx:
            assert budget_sql.whole(tx, str(town.purpose.programme))


async def test_a_question_that_was_lost_is_settled_before_anybody_asks_again(
    tmp_path: Path, clock: SettableClock
) -> None:
    """The register would say for ever that it runs, and whoever waits for it would wait for ever."""
    async with open_town(tmp_path, clock) as town:
        town.settle(MANY)
        await town.ask()
        with town.store.writing() as tx:
            left_running(tx, town, "lost", town.projector.identity())
    async with open_town(tmp_path, clock) as town:
        assert outcomes(town) == {"lost": "running"}
        following = asyncio.create_task(assembly.keep_up(town.projector, town.aggregation.took_over))
        async with asyncio.timeout(20):
            while outcomes(town) != {"lost": "failed"}:
                assert not following.done()
                await asyncio.sleep(0.01)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        with town.store.reading() as tx:
            budget = budget_sql.budget_of(tx, str(town.purpose.programme))
            assert budget_sql.whole(tx, budget.programme)
        assert budget.rho_spent >= 2 * COST, "what was lost stays spent"
