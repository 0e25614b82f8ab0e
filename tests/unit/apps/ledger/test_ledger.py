"""The ledger books what balances, once, and refuses everything else without a trace."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.database import Database
from apps.ledger import ledger, reading
from apps.ledger.model import (
    AccountId,
    AlreadyReversed,
    BadPosting,
    Entry,
    HoldClosed,
    InsufficientFunds,
    KeyConflict,
    LedgerError,
    TxnId,
)
from apps.ledger.schema_sql import SCHEMA
from apps.ledger.verify import findings

FUND, MEMBER, POOL = AccountId("fund"), AccountId("member:1"), AccountId("pool")
NOW = 1_772_366_400.0


def opened(path: Path) -> Database:
    database = Database(path, [SCHEMA])
    with database.writing() as tx:
        ledger.add_asset(tx, "EUR", 2)
        ledger.add_asset(tx, "HOUR", 0)
        ledger.open_account(tx, FUND, "EUR", "expense", at=NOW, floor=-100_00)
        ledger.open_account(tx, MEMBER, "EUR", "liability", at=NOW)
        ledger.open_account(tx, POOL, "EUR", "liability", at=NOW)
        ledger.open_account(tx, AccountId("hours"), "HOUR", "liability", at=NOW)
    return database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = opened(tmp_path / "ledger.sqlite")
    yield database
    database.close()


def award(tx: sqlite3.Connection, key: str, member: int, pool: int) -> TxnId:
    entries = (Entry(FUND, -member - pool), Entry(MEMBER, member), Entry(POOL, pool))
    return ledger.post(tx, key, entries, about="award", at=NOW)


def state(tx: sqlite3.Connection) -> tuple[object, ...]:
    return reading.balances(tx), list(reading.txns(tx)), reading.holds(tx)


def test_a_balanced_transaction_moves_every_balance(database: Database) -> None:
    with database.writing() as tx:
        award(tx, "a", 60, 40)
    with database.reading() as tx:
        assert reading.balance(tx, MEMBER).posted == 60
        assert reading.balance(tx, FUND).posted == -100
        assert findings(tx) == []


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ((Entry(FUND, -5), Entry(MEMBER, 6)), BadPosting),
        ((), BadPosting),
        ((Entry(MEMBER, 5), Entry(MEMBER, -5)), BadPosting),
        ((Entry(FUND, -5), Entry(AccountId("nobody"), 5)), BadPosting),
        ((Entry(FUND, -5), Entry(AccountId("hours"), 5)), BadPosting),
        ((Entry(FUND, -(10**16)), Entry(MEMBER, 10**16)), BadPosting),
        ((Entry(FUND, -100_01), Entry(MEMBER, 100_01)), InsufficientFunds),
        ((Entry(MEMBER, -1), Entry(POOL, 1)), InsufficientFunds),
    ],
)
def test_a_refusal_leaves_no_trace(
    database: Database, entries: tuple[Entry, ...], error: type[LedgerError]
) -> None:
    with database.writing() as tx:
        before = state(tx)
        with pytest.raises(error):
            ledger.post(tx, "k", entries, about="x", at=NOW)
        assert state(tx) == before
    with database.writing() as tx:
        award(tx, "k", 1, 0)  # the refused key is free


def test_the_same_key_books_once_and_another_body_is_a_conflict(database: Database) -> None:
    with database.writing() as tx:
        first = award(tx, "run-1:member", 60, 40)
        assert award(tx, "run-1:member", 60, 40) == first
        with pytest.raises(KeyConflict):
            award(tx, "run-1:member", 61, 39)
        assert reading.balance(tx, MEMBER).posted == 60


def test_a_transaction_is_reversed_once_and_a_reversal_never(database: Database) -> None:
    with database.writing() as tx:
        txn = award(tx, "a", 60, 40)
        back = ledger.reverse(tx, "r", txn, about="return", at=NOW)
        assert reading.balance(tx, MEMBER).posted == 0
        for target in (txn, back):
            with pytest.raises(AlreadyReversed):
                ledger.reverse(tx, f"again-{target}", target, about="return", at=NOW)


def test_a_hold_counts_against_the_floor_and_settles_in_part_once(database: Database) -> None:
    with database.writing() as tx:
        award(tx, "a", 60, 0)
        held = ledger.hold(tx, "h", MEMBER, POOL, 50, expires_at=NOW + 60, at=NOW)
        with pytest.raises(InsufficientFunds):
            ledger.post(tx, "s", (Entry(MEMBER, -11), Entry(POOL, 11)), about="spend", at=NOW)
        ledger.settle(tx, "t", held, 30, about="voucher", at=NOW)
        assert reading.balance(tx, MEMBER).available == 30
        assert reading.balance(tx, POOL).posted == 30
        with pytest.raises(HoldClosed):
            ledger.settle(tx, "t2", held, 1, about="voucher", at=NOW)
        assert findings(tx) == []


def test_a_hold_ends_exactly_at_its_expiry(database: Database) -> None:
    with database.writing() as tx:
        award(tx, "a", 60, 0)
        held = ledger.hold(tx, "h", MEMBER, POOL, 50, expires_at=NOW + 60, at=NOW)
        assert ledger.expire(tx, at=NOW + 59.999) == 0
        with pytest.raises(HoldClosed):
            ledger.settle(tx, "t", held, 1, about="late", at=NOW + 60)
        ledger.post(tx, "s", (Entry(MEMBER, -60), Entry(POOL, 60)), about="spend", at=NOW + 60)
        assert reading.hold(tx, held).outcome == "expired"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount = 1",
        "DELETE FROM entry",
        "UPDATE txn SET about = 'other'",
        "DELETE FROM txn",
        "INSERT OR REPLACE INTO txn SELECT id, key, at, 'other', reverses, prev, digest FROM txn",
        "INSERT INTO entry VALUES (1, 'hours', 5)",
        "DELETE FROM request",
        "UPDATE account SET floor = -1",
        "DELETE FROM account",
        "INSERT INTO txn VALUES (9, 'k', 0, '', NULL, 'x', 'y')",
    ],
)
def test_the_database_itself_refuses_to_rewrite(database: Database, statement: str) -> None:
    with database.writing() as tx:
        award(tx, "a", 60, 40)
        with pytest.raises(sqlite3.IntegrityError):
            tx.execute(statement)


def test_entries_without_a_seal_cannot_be_committed(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.writing() as tx:
        tx.execute("INSERT INTO entry VALUES (1, 'member:1', 5)")
    with database.reading() as tx:
        assert reading.balance(tx, MEMBER).posted == 0


def test_entries_that_do_not_sum_to_zero_cannot_be_sealed(database: Database) -> None:
    with database.writing() as tx:
        tx.execute("INSERT INTO entry VALUES (1, 'member:1', 5)")
        with pytest.raises(sqlite3.IntegrityError, match="sum to zero"):
            tx.execute("INSERT INTO txn VALUES (1, 'k', 0, '', NULL, '', 'd')")
        tx.execute("ROLLBACK")
        tx.execute("BEGIN IMMEDIATE")


@pytest.mark.parametrize(
    ("tampering", "word"),
    [
        (("DROP TRIGGER entry_no_update", "UPDATE entry SET amount = 70 WHERE account = 'pool'"), "balance"),
        (("DROP TRIGGER txn_no_update", "UPDATE txn SET about = 'gift' WHERE id = 1"), "was changed"),
        (
            ("PRAGMA foreign_keys = OFF", "DROP TRIGGER txn_no_delete", "DELETE FROM txn WHERE id = 1"),
            "missing",
        ),
        (("UPDATE account SET posted = posted + 1 WHERE id = 'pool'",), "the entries"),
        (("UPDATE account SET held = held + 1 WHERE id = 'pool'",), "open holds"),
    ],
)
def test_verification_finds_what_was_tampered_with(
    tmp_path: Path, tampering: tuple[str, ...], word: str
) -> None:
    database = opened(tmp_path / "ledger.sqlite")
    with database.writing() as tx:
        award(tx, "a", 60, 40)
        award(tx, "b", 6, 4)
    database.close()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        for statement in tampering:
            raw.execute(statement)
    raw.close()
    reopened = Database(tmp_path / "ledger.sqlite", [SCHEMA])
    with reopened.reading() as tx:
        assert word in " ".join(findings(tx))
    reopened.close()


def test_a_chain_that_was_recomputed_lacks_the_published_head(database: Database) -> None:
    with database.writing() as tx:
        award(tx, "a", 60, 40)
        head = reading.head(tx)
        assert head is not None
        assert findings(tx, published_head=head[1]) == []
        assert findings(tx, published_head="0" * 64) != []
