"""The budget is never exceeded, never refunded, and its ledger shows every attempt to change it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consent.aggregation import budget_sql, schema_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.errors import BudgetSpent, StillRunning
from pods.storage.sqlite import SqliteStore

PROGRAMME = "https://example/programme"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "pods.sqlite", schema_sql.SCHEMAS)
    with opened.writing() as tx:
        budget_sql.open_budget(tx, Budget(PROGRAMME, "p", "c", 1000, 0, b"k", 1.0))
    yield opened
    opened.close()


def reserve(store: SqliteStore, release: str, rho: int, *, question: str = "") -> None:
    with store.writing() as tx:
        budget_sql.reserve(tx, PROGRAMME, release, question or release, "2026-03-01", rho, 2.0)


def spent(store: SqliteStore) -> int:
    with store.reading() as tx:
        return budget_sql.budget_of(tx, PROGRAMME).rho_spent


def test_a_hundred_parallel_reserves_never_exceed_the_total(store: SqliteStore) -> None:
    def attempt(number: int) -> bool:
        try:
            reserve(store, f"r{number}", 30)
        except BudgetSpent:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        granted = sum(pool.map(attempt, range(100)))
    assert granted == 33
    assert spent(store) == 990
    with store.reading() as tx:
        assert budget_sql.whole(tx, PROGRAMME)


def test_what_does_not_fit_is_refused_with_what_is_left(store: SqliteStore) -> None:
    reserve(store, "r1", 900)
    with pytest.raises(BudgetSpent, match=r"0\.000101.*0\.0001 left"):
        reserve(store, "r2", 101)
    assert spent(store) == 900


def test_a_crash_between_reserve_and_commit_burns_the_cost(store: SqliteStore) -> None:
    reserve(store, "r1", 400)
    with store.writing() as tx:  # what the next process does
        assert budget_sql.burn_unfinished(tx, 3.0) == ["r1"]
    assert spent(store) == 400
    with store.writing() as tx:
        budget_sql.burn(tx, "r1", 4.0)
        assert [line.event for line in budget_sql.lines(tx, PROGRAMME)] == ["reserve", "burn"]


def test_a_burned_question_may_be_asked_again_at_a_new_cost(store: SqliteStore) -> None:
    reserve(store, "r1", 400, question="q")
    with store.writing() as tx:
        budget_sql.burn(tx, "r1", 3.0)
    reserve(store, "r2", 400, question="q")
    assert spent(store) == 800


def test_a_question_in_work_is_not_started_twice(store: SqliteStore) -> None:
    reserve(store, "r1", 400, question="q")
    with pytest.raises(StillRunning), store.reading() as tx:
        budget_sql.stored(tx, PROGRAMME, "q", "2026-03-01")


def test_a_committed_answer_is_found_again_and_never_changes(store: SqliteStore) -> None:
    reserve(store, "r1", 400, question="q")
    with store.writing() as tx:
        budget_sql.commit(tx, "r1", "{}", 3.0)
    with store.reading() as tx:
        assert budget_sql.stored(tx, PROGRAMME, "q", "2026-03-01") == ("r1", "{}")
        assert budget_sql.stored(tx, PROGRAMME, "q", "2026-03-02") is None
    with pytest.raises(RuntimeError), store.writing() as tx:
        budget_sql.commit(tx, "r1", "{1}", 4.0)


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE budget_line SET rho = 1 WHERE number = 1",
        "UPDATE budget_line SET event = 'burn' WHERE number = 2",
        "DELETE FROM budget_line WHERE number = 1",
        "DELETE FROM budget_line WHERE number = 3",
        "UPDATE budget SET rho_spent = 0",
    ],
)
def test_a_changed_ledger_is_noticed(store: SqliteStore, tampering: str) -> None:
    reserve(store, "r1", 400)
    with store.writing() as tx:
        budget_sql.commit(tx, "r1", "{}", 3.0)
    reserve(store, "r2", 100)
    with store.reading() as tx:
        assert budget_sql.whole(tx, PROGRAMME)
    with store.writing() as tx:
        tx.execute(tampering)
    with store.reading() as tx:
        assert not budget_sql.whole(tx, PROGRAMME)
