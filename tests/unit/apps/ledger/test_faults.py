"""A statement that fails, at whatever place, leaves a ledger that balances and a key that still works."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from apps.database import Database
from apps.ledger import ledger, reading
from apps.ledger.model import AccountId, Entry, HoldId, TxnId
from apps.ledger.schema_sql import SCHEMA
from apps.ledger.verify import findings

FUND, MEMBER, POOL = AccountId("fund"), AccountId("member"), AccountId("pool")
NOW = 1_772_366_400.0


class PowerCut(Exception):
    pass


class Faulty(sqlite3.Connection):
    """A connection that fails at the n-th statement, as a full disk or a killed process would."""

    left: int | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if Faulty.left is not None:
            if Faulty.left == 0:
                raise PowerCut(sql)
            Faulty.left -= 1
        return super().execute(sql, parameters)


def prepared(path: Path, connection: type[sqlite3.Connection] = sqlite3.Connection) -> Database:
    database = Database(path, [SCHEMA], connection=connection)
    with database.writing() as tx:
        ledger.add_asset(tx, "EUR", 2)
        ledger.open_account(tx, FUND, "EUR", "expense", at=NOW, floor=None)
        ledger.open_account(tx, MEMBER, "EUR", "liability", at=NOW)
        ledger.open_account(tx, POOL, "EUR", "liability", at=NOW)
        entries = (Entry(FUND, -100), Entry(MEMBER, 100))
        ledger.post(tx, "first", entries, about="first", at=NOW)
        ledger.hold(tx, "short", MEMBER, POOL, 10, expires_at=NOW + 5, at=NOW)
        ledger.hold(tx, "long", MEMBER, POOL, 20, expires_at=NOW + 500, at=NOW)
    return database


def work(database: Database) -> None:
    """Several bookings in one transaction, with an expiry on the way."""
    at = NOW + 10
    with database.writing() as tx:
        ledger.post(tx, "award", (Entry(FUND, -5), Entry(MEMBER, 3), Entry(POOL, 2)), about="a", at=at)
        ledger.settle(tx, "settle", HoldId(2), 15, about="s", at=at)
        ledger.reverse(tx, "back", TxnId(2), about="r", at=at)


def failing_places() -> Iterator[int]:
    yield from range(200)


def test_a_fault_at_every_statement_is_all_or_nothing_and_the_retry_completes(tmp_path: Path) -> None:
    finished = 0
    for place in failing_places():
        path = tmp_path / f"{place}.sqlite"
        prepared(path).close()
        database = Database(path, [SCHEMA], connection=Faulty)
        Faulty.left = place
        try:
            work(database)
            finished += 1
        except PowerCut:
            pass
        finally:
            Faulty.left = None
            database.close()
        reopened = Database(path, [SCHEMA])
        with reopened.reading() as tx:
            assert findings(tx) == []
            assert len(list(reading.txns(tx))) in (1, 4)
        work(reopened)
        with reopened.reading() as tx:
            assert findings(tx) == []
            assert reading.balance(tx, MEMBER).posted == 85
            assert reading.balance(tx, POOL).posted == 15
            assert reading.balance(tx, MEMBER).held == 0
        reopened.close()
        if finished:
            break
    assert finished == 1
    assert place > 40, "the work has more statements than that; the loop ended too early"


def test_eight_threads_on_one_hot_account_lose_no_update(tmp_path: Path) -> None:
    database = prepared(tmp_path / "hot.sqlite")

    def sales(worker: int) -> None:
        for number in range(40):
            with database.writing() as tx:
                entries = (Entry(FUND, -1), Entry(POOL, 1))
                ledger.post(tx, f"{worker}-{number}", entries, about="sale", at=NOW)

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(sales, worker) for worker in range(8)]:
            done.result()
    with database.reading() as tx:
        assert reading.balance(tx, POOL).posted == 320
        assert findings(tx) == []
    database.close()
