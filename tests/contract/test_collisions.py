"""Where two transactions on PostgreSQL want the same rows, one is run again; nobody's log hears of it."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import psycopg
import pytest

from pods.errors import StoreError
from pods.model import WebId
from pods.storage.base import Transaction
from pods.storage.migrations import Schema
from pods.storage.opening import Database
from pods.storage.postgres import PostgresStore
from pods.storage.postgres_connection import Statements
from tests.contract.conftest import Opener
from tests.postgres_cluster import Cluster

SCHEMA: Schema = ("layer-1", ("CREATE TABLE tally (name TEXT PRIMARY KEY, number INTEGER NOT NULL)",))
ADD = "UPDATE tally SET number = number + ? WHERE name = ?"
NAMES = [f"{number:02}" for number in range(40)]


@pytest.fixture
def address(postgres: Cluster) -> Iterator[str]:
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def workers(opener: Opener) -> list[Database]:
    """Two workers, and forty rows that both of them want."""
    opened = [opener([SCHEMA]), opener([SCHEMA])]
    with opened[0].store.writing() as tx:
        tx.execute_many("INSERT INTO tally VALUES (?, 0)", [(name,) for name in NAMES])
    return opened


def sum_of(worker: Database) -> int:
    with worker.store.reading() as tx:
        return int(tx.execute("SELECT sum(number) FROM tally")[0][0])


def adds_everywhere(tx: Transaction) -> None:
    tx.execute_many(ADD, [(1, name) for name in NAMES])


def test_a_collision_within_many_statements_writes_no_warning(
    workers: list[Database], caplog: pytest.LogCaptureFixture
) -> None:
    store = workers[0].store
    assert isinstance(store, PostgresStore)
    with psycopg.connect(store.url) as other, caplog.at_level(logging.WARNING):
        other.execute("UPDATE tally SET number = 0 WHERE name = '00'")
        with pytest.raises(StoreError), store.begun(alone=False) as connection:
            Statements(connection).executemany(ADD, [(1, name) for name in NAMES * 200])
    assert caplog.messages == []


async def test_long_and_short_jobs_of_two_workers_that_want_the_same_rows_all_count(
    workers: list[Database], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await asyncio.gather(
            *(one.commits.submit(adds_everywhere, long=bool(n % 2)) for n in range(12) for one in workers)
        )
    assert sum_of(workers[0]) == 24 * len(NAMES)
    assert caplog.messages == []


async def test_threads_of_two_workers_that_write_in_blocks_all_count(workers: list[Database]) -> None:
    def blocks(worker: Database) -> None:
        for _ in range(5):
            with worker.store.writing() as tx:
                adds_everywhere(tx)

    threads = [threading.Thread(target=blocks, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    await asyncio.gather(*(one.commits.submit(adds_everywhere) for _ in range(5) for one in workers))
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert sum_of(workers[0]) == 20 * len(NAMES)


async def test_what_the_database_refuses_of_one_job_is_that_jobs_alone(workers: list[Database]) -> None:
    def takes_a_name_again(tx: Transaction) -> None:
        tx.execute("INSERT INTO tally VALUES ('00', 1)")

    jobs = (adds_everywhere, takes_a_name_again, adds_everywhere)
    first, refused, second = await asyncio.gather(
        *(workers[0].commits.submit(job) for job in jobs), return_exceptions=True
    )
    assert (first, second) == (None, None)
    assert isinstance(refused, StoreError)
    assert sum_of(workers[0]) == 2 * len(NAMES)


async def test_a_change_that_failed_unasked_is_not_taken_for_committed(workers: list[Database]) -> None:
    def fails_behind_what_it_asks(tx: Transaction) -> int:
        tx.execute(ADD, (1, "01"))
        tx.execute_many("INSERT INTO tally VALUES (?, 1)", [("new",), ("00",)])
        tx.execute(ADD, (1, "02"))
        return tx.row_count

    with pytest.raises(StoreError):
        await workers[0].commits.submit(fails_behind_what_it_asks)
    assert sum_of(workers[0]) == 0


async def test_a_pod_that_is_removed_is_no_pod_of_the_jobs_behind(workers: list[Database]) -> None:
    def makes(tx: Transaction) -> int:
        return tx.add_pod("anna", WebId("http://a"), 1.0).key

    key = await workers[0].commits.submit(makes)

    def removes(tx: Transaction) -> None:
        tx.execute("DELETE FROM change WHERE pod = ?", (key,))
        tx.execute("DELETE FROM resource WHERE pod = ?", (key,))
        tx.execute("DELETE FROM pod WHERE key = ?", (key,))

    looks = workers[0].commits.submit(lambda tx: tx.first_of(["/anna"]))  # type: ignore[list-item]  # a literal path
    gone = workers[0].commits.submit(removes)
    after = workers[0].commits.submit(lambda tx: tx.first_of(["/anna"]))  # type: ignore[list-item]  # a literal path
    assert (await looks) is not None
    await gone
    assert (await after) is None
