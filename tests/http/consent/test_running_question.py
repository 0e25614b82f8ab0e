"""Consent that changes while an aggregate question is computed: who left is in no cell of what is released."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from consent import grants_sql
from consent.aggregation import budget_sql
from consent.aggregation.engine import Cells, exact_cells
from consent.aggregation.plan_sql import Plan
from consent.aggregation.programme import PARTICIPANTS_RHO
from consent.grants_sql import raise_epoch
from consent.leaving import ConsentLeaving
from consent.model import Grant, GrantState
from pods.removal import Removal
from pods.storage.base import Transaction
from tests.conftest import SettableClock
from tests.unit.consent.aggregation.town import COMUNE, Town, add_person, give, open_town, withdraw

MANY = 60
COST = 50_000 + PARTICIPANTS_RHO


class Observed:
    """The real engine, seen from inside the trust zone; something happens in town before it has computed."""

    def __init__(self) -> None:
        self.cells: list[Cells] = []
        self.units: list[tuple[int, ...]] = []
        self.happens: Callable[[], None] | None = None

    def __call__(self, connection: Any, plan: Plan, units: Sequence[int]) -> Cells:
        found = exact_cells(connection, plan, units)
        self.cells.append(found)
        self.units.append(tuple(units))
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return found

    def released(self) -> list[int]:
        """The exact people of each cell under the noise that was released."""
        return [int(people) for people in self.cells[-1].people]


@pytest.fixture
def engine() -> Observed:
    return Observed()


@pytest_asyncio.fixture
async def running(tmp_path: Path, clock: SettableClock, engine: Observed) -> AsyncIterator[Town]:
    async with open_town(tmp_path, clock, engine=engine) as opened:
        yield opened


def spent(town: Town) -> int:
    with town.store.reading() as tx:
        assert budget_sql.whole(tx, str(town.purpose.programme))
        return budget_sql.budget_of(tx, str(town.purpose.programme)).rho_spent


def suspend(tx: Transaction, grant: Grant) -> None:
    tx.execute("UPDATE grant_ SET state = ? WHERE id = ?", (GrantState.SUSPENDED.value, grant.id))
    raise_epoch(tx, grant.pod, grant.controller)


def remove_pod(town: Town, tx: Transaction, key: int) -> None:
    pod = tx.pod_by_key(key)
    assert pod is not None
    Removal(town.store, town.commits, (ConsentLeaving(),), clock=town.clock).close(tx, pod)


LEAVING: dict[str, Callable[[Town, Transaction, Grant], None]] = {
    "withdrawn": lambda town, tx, grant: withdraw(tx, grant),
    "suspended": lambda town, tx, grant: suspend(tx, grant),
    "another event of the epoch": lambda town, tx, grant: void(raise_epoch(tx, grant.pod, grant.controller)),
    "the pod removed": lambda town, tx, grant: remove_pod(town, tx, grant.pod),
}


def void(_: object) -> None:
    return None


@pytest.mark.parametrize("how", LEAVING)
@pytest.mark.parametrize("leavers", [1, MANY // 2])
async def test_whoever_leaves_while_a_question_runs_is_in_no_released_cell(
    running: Town, engine: Observed, how: str, leavers: int
) -> None:
    leaving, staying = running.settle(MANY, "a"), running.settle(MANY, "b")

    def all_leave() -> None:
        with running.store.writing() as tx:
            for grant in leaving[:leavers]:
                LEAVING[how](running, tx, grant)

    engine.happens = all_leave
    await running.ask()
    assert [sum(cells.people) for cells in engine.cells] == [2 * MANY, 2 * MANY - leavers]
    assert engine.released()[:2] == [MANY - leavers, MANY]
    gone = {grant.pod for grant in leaving[:leavers]}
    assert gone.isdisjoint(engine.units[-1])
    assert {grant.pod for grant in staying} <= set(engine.units[-1])
    assert spent(running) == COST


async def test_a_pod_that_is_removed_does_not_hide_a_withdrawal(running: Town, engine: Observed) -> None:
    """One epoch falls away with its pod, another rises: their sum would be what it was."""
    grants = running.settle(MANY, "a")

    def one_goes_and_one_withdraws() -> None:
        with running.store.writing() as tx:
            remove_pod(running, tx, grants[0].pod)
            withdraw(tx, grants[1])

    engine.happens = one_goes_and_one_withdraws
    await running.ask()
    assert engine.released()[0] == MANY - 2
    assert {grants[0].pod, grants[1].pod}.isdisjoint(engine.units[-1])


async def test_a_pod_that_is_removed_is_not_replaced_by_somebody_new(running: Town, engine: Observed) -> None:
    grants = running.settle(MANY, "a")

    def one_goes_and_one_comes() -> None:
        with running.store.writing() as tx:
            remove_pod(running, tx, grants[0].pod)
            give(tx, add_person(tx, "newcomer", "b"), running.purpose)

    engine.happens = one_goes_and_one_comes
    await running.ask()
    assert engine.released()[:2] == [MANY - 1, 0]


async def test_a_grant_given_while_a_question_runs_does_not_enter_it(running: Town, engine: Observed) -> None:
    running.settle(MANY, "a")

    def somebody_joins() -> None:
        with running.store.writing() as tx:
            give(tx, add_person(tx, "newcomer", "b"), running.purpose)

    engine.happens = somebody_joins
    await running.ask()
    assert len(engine.cells) == 1
    assert engine.released()[:2] == [MANY, 0]
    assert spent(running) == COST


async def test_withdrawn_and_given_again_while_a_question_runs_is_not_in_it(
    running: Town, engine: Observed
) -> None:
    grants = running.settle(MANY, "a")

    def away_and_back() -> None:
        with running.store.writing() as tx:
            withdraw(tx, grants[0])
            grants_sql.save(tx, replace(grants[0], epoch=raise_epoch(tx, grants[0].pod, COMUNE)), 2.0)

    engine.happens = away_and_back
    await running.ask()
    assert engine.released()[0] == MANY - 1
