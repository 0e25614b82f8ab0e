"""P4: what the ledger says was spent is the sum of the releases, and never above the total, however many ask at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consent.aggregation import budget_sql, schema_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.errors import BudgetSpent
from pods.storage.base import Store, Transaction
from pods.storage.postgres import PostgresStore
from pods.storage.sqlite import SqliteStore
from tests.databases import POSTGRESQL, SQLITE

PROGRAMMES = ("https://example/one", "https://example/two")
TOTAL = 5_000
THREADS, QUESTIONS = 8, 240


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Store]]:
    """Two stores on one database, as two workers have them."""
    if request.param == SQLITE:
        made: list[Store] = [SqliteStore(tmp_path / "pods.sqlite", schema_sql.SCHEMAS) for _ in range(2)]
        yield made
        for one in made:
            one.close()
        return
    cluster = request.getfixturevalue("postgres")
    url = cluster.create()
    made = [PostgresStore(url, schema_sql.SCHEMAS) for _ in range(2)]
    yield made
    for one in made:
        one.close()
    cluster.drop(url)


def ask(store: Store, number: int) -> str:
    """Reserve, and then commit, burn, or leave the reservation as a process that dies does."""
    draw = random.Random(number)
    programme, rho, release = draw.choice(PROGRAMMES), draw.randint(1, 90), f"r{number}"

    def reserve(tx: Transaction) -> None:
        budget_sql.reserve(tx, programme, release, release, "2026-03-01", rho, 1.0)

    try:
        with store.writing() as tx:
            reserve(tx)
    except BudgetSpent:
        return "refused"
    what = draw.choice(("committed", "committed", "burned", "left"))
    with store.writing() as tx:
        if what == "committed":
            budget_sql.commit(tx, release, "{}", 2.0)
        elif what == "burned":
            budget_sql.burn(tx, release, 2.0)
    return what


def sums(tx: Transaction, programme: str) -> tuple[int, int, int]:
    """Return what the budget, the ledger and the releases say was spent."""
    reserved = sum(line.rho for line in budget_sql.lines(tx, programme) if line.event == "reserve")
    releases = tx.execute("SELECT coalesce(sum(rho), 0) FROM release WHERE programme = ?", (programme,))
    return budget_sql.budget_of(tx, programme).rho_spent, reserved, int(releases[0][0])


def test_p4_the_ledger_is_the_sum_of_the_releases_and_never_above_the_total(stores: list[Store]) -> None:
    with stores[0].writing() as tx:
        for programme in PROGRAMMES:
            budget_sql.open_budget(tx, Budget(programme, programme + "#purpose", "c", TOTAL, 0, b"k", 1.0))
    with ThreadPoolExecutor(THREADS) as pool:
        asking = [pool.submit(ask, stores[number % 2], number) for number in range(QUESTIONS)]
        while not all(one.done() for one in asking):
            with stores[1].reading() as tx:  # at any moment, not at the end alone
                for programme in PROGRAMMES:
                    spent, ledger, releases = sums(tx, programme)
                    assert spent == ledger == releases <= TOTAL
        outcomes = {one.result() for one in asking}
    assert outcomes == {"committed", "burned", "left", "refused"}
    with stores[0].writing() as tx:
        budget_sql.burn_unfinished(tx, 3.0)
    with stores[1].reading() as tx:
        for programme in PROGRAMMES:
            spent, ledger, releases = sums(tx, programme)
            assert TOTAL - 90 < spent == ledger == releases <= TOTAL
            assert budget_sql.whole(tx, programme)
