"""Reading the ledger: balances, transactions, holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from apps.ledger import ledger_sql as sql
from apps.ledger.model import AccountId, BadPosting, Balance, Entry, Hold, HoldId, Txn, TxnId

PAGE = 1000
"""Transactions fetched at once; a year of a large cooperative does not fit into memory."""


def balance(tx: sqlite3.Connection, account: AccountId) -> Balance:
    """Return the balance of an account; raise BadPosting if there is none."""
    found = tx.execute(sql.ACCOUNT, (account,)).fetchone()
    if found is None:
        raise BadPosting(f"account {account} is not open; open it first")
    asset, kind, posted, held, floor = found
    return Balance(asset, kind, posted, held, floor)


def balances(tx: sqlite3.Connection) -> dict[AccountId, Balance]:
    rows = tx.execute(sql.ACCOUNTS).fetchall()
    return {AccountId(row[0]): Balance(row[1], row[2], row[3], row[4], row[5]) for row in rows}


def txn(tx: sqlite3.Connection, number: TxnId) -> Txn:
    """Return a transaction; raise BadPosting if there is none of that number."""
    found = tx.execute(sql.TXN, (number,)).fetchone()
    if found is None:
        raise BadPosting(f"there is no transaction {number}")
    return _txn(tx, found)


def txns(tx: sqlite3.Connection) -> Iterator[Txn]:
    """Return all transactions in the order of the chain."""
    after = 0
    while rows := tx.execute(sql.TXNS, (after, PAGE)).fetchall():
        for row in rows:
            yield _txn(tx, row)
        after = rows[-1][0]


def txn_by_digest(tx: sqlite3.Connection, digest: str) -> Txn | None:
    found = tx.execute(sql.TXN_BY_DIGEST, (digest,)).fetchone()
    return None if found is None else _txn(tx, found)


def head(tx: sqlite3.Connection) -> tuple[TxnId, str] | None:
    """Return number and digest of the last transaction: what a public statement prints."""
    found = tx.execute(sql.HEAD).fetchone()
    return None if found is None else (TxnId(found[0]), str(found[1]))


def history(tx: sqlite3.Connection, account: AccountId) -> list[tuple[TxnId, int, str, int]]:
    """Return number, time, reference and amount of everything booked on an account."""
    return list(tx.execute(sql.ENTRIES_OF_ACCOUNT, (account,)))


def hold(tx: sqlite3.Connection, number: HoldId) -> Hold:
    """Return a hold with its outcome; raise BadPosting if there is none of that number."""
    found = tx.execute(sql.HOLD, (number,)).fetchone()
    if found is None:
        raise BadPosting(f"there is no hold {number}")
    return _hold(found)


def holds(tx: sqlite3.Connection) -> list[Hold]:
    return [_hold(row) for row in tx.execute(sql.HOLDS).fetchall()]


def _txn(tx: sqlite3.Connection, row: tuple[int, str, int, str, int | None, str, str]) -> Txn:
    number, key, at, about, reverses, previous, digest = row
    lines = tx.execute(sql.ENTRIES, (number,)).fetchall()
    entries = tuple(Entry(AccountId(account), amount) for account, amount in lines)
    reversed_one = None if reverses is None else TxnId(reverses)
    return Txn(TxnId(number), key, at, about, entries, reversed_one, previous, digest)


def _hold(row: tuple[int, str, str, int, int, str | None]) -> Hold:
    number, source, target, amount, expires_at, outcome = row
    return Hold(HoldId(number), AccountId(source), AccountId(target), amount, expires_at, outcome)
