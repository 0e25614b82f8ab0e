"""Booking: post, reverse, hold, settle, release, each once per key and all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import TypeVar

from apps.database import savepoint
from apps.ledger import ledger_sql as sql
from apps.ledger import reading
from apps.ledger.chain import GENESIS, body_digest, digest
from apps.ledger.model import (
    AccountId,
    AlreadyReversed,
    BadPosting,
    Entry,
    HoldClosed,
    HoldId,
    InsufficientFunds,
    KeyConflict,
    TxnId,
)

N = TypeVar("N", TxnId, HoldId)

MAX_AMOUNT = 10**15
"""Ten thousand milliard in cents; keeps every sum of a ledger far inside 64 bits."""


def add_asset(tx: sqlite3.Connection, code: str, exponent: int) -> None:
    """Make an asset known, `EUR` with 2 decimals; raise BadPosting if it is known with others."""
    tx.execute(sql.ADD_ASSET, (code, exponent))
    if tx.execute(sql.EXPONENT, (code,)).fetchone() != (exponent,):
        raise BadPosting(f"asset {code}: it is kept with another number of decimals than {exponent}")


def open_account(
    tx: sqlite3.Connection, account: AccountId, asset: str, kind: str, *, at: float, floor: int | None = 0
) -> None:
    """Open an account, or do nothing if it is open on the same terms; raise BadPosting if on others."""
    tx.execute(sql.ADD_ACCOUNT, (account, asset, kind, floor, _milliseconds(at)))
    found = reading.balance(tx, account)
    if (found.asset, found.kind, found.floor) != (asset, kind, floor):
        raise BadPosting(f"account {account}: it is open on other terms; an account keeps its terms")


def post(tx: sqlite3.Connection, key: str, entries: Iterable[Entry], *, about: str, at: float) -> TxnId:
    """Book a balanced transaction and return its number; the same key and body give the first number again.

    Raises BadPosting, InsufficientFunds or KeyConflict, and then nothing is written.
    """
    lines = _merged(entries)
    body = body_digest("post", about, [(line.account, line.amount) for line in lines])
    return _once(tx, key, body, TxnId, lambda: _book(tx, key, lines, about=about, at=at))


def reverse(tx: sqlite3.Connection, key: str, txn: TxnId, *, about: str, at: float) -> TxnId:
    """Book the opposite of a transaction; raise AlreadyReversed if that was done, or it is a reversal."""

    def booked() -> TxnId:
        original = reading.txn(tx, txn)
        if original.reverses is not None:
            raise AlreadyReversed(f"transaction {txn} is a reversal; book a new transaction instead")
        if earlier := tx.execute(sql.REVERSED_BY, (txn,)).fetchone():
            raise AlreadyReversed(f"transaction {txn} was reversed by transaction {earlier[0]}")
        opposite = tuple(Entry(entry.account, -entry.amount) for entry in original.entries)
        return _book(tx, key, opposite, about=about, at=at, reverses=txn)

    return _once(tx, key, body_digest("reverse", txn, about), TxnId, booked)


def hold(
    tx: sqlite3.Connection,
    key: str,
    source: AccountId,
    target: AccountId,
    amount: int,
    *,
    expires_at: float,
    at: float,
) -> HoldId:
    """Put an amount aside on `source` for `target`; it counts against the floor from now on."""
    until = _milliseconds(expires_at)

    def held() -> HoldId:
        if amount <= 0 or source == target or until <= _milliseconds(at):
            raise BadPosting("hold: needs a positive amount, two accounts and an expiry in the future")
        if reading.balance(tx, source).asset != reading.balance(tx, target).asset:
            raise BadPosting(f"hold: {source} and {target} keep different assets")
        number = HoldId(tx.execute(sql.NEXT_HOLD).fetchone()[0])
        _guarded(tx, sql.ADD_HOLD, (number, source, target, amount, _milliseconds(at), until))
        return number

    def swept() -> HoldId:
        expire(tx, at=at)
        return held()

    return _once(tx, key, body_digest("hold", source, target, amount, until), HoldId, swept)


def settle(tx: sqlite3.Connection, key: str, held: HoldId, amount: int, *, about: str, at: float) -> TxnId:
    """Pay all or part of a hold and free the rest; raise HoldClosed if it is resolved or past its expiry."""

    def paid() -> TxnId:
        open_hold = reading.hold(tx, held)
        if open_hold.outcome is not None or open_hold.expires_at <= _milliseconds(at):
            raise HoldClosed(f"hold {held} is {open_hold.outcome or 'expired'}; make a new one")
        if not 0 < amount <= open_hold.amount:
            raise BadPosting(f"hold {held}: {amount} is not between 1 and {open_hold.amount}")
        number = TxnId(_head(tx)[0] + 1)
        # The outcome frees the whole hold before the entries take their part of it. It names a
        # transaction that is sealed further down; both stand or fall with this savepoint.
        entries = (Entry(open_hold.source, -amount), Entry(open_hold.target, amount))
        _close(tx, held, "settled", number, at)
        return _book(tx, key, entries, about=about, at=at)

    return _once(tx, key, body_digest("settle", held, amount, about), TxnId, paid)


def release(tx: sqlite3.Connection, key: str, held: HoldId, *, at: float) -> HoldId:
    """Free a hold without paying; raise HoldClosed if it is resolved or past its expiry."""

    def released() -> HoldId:
        open_hold = reading.hold(tx, held)
        if open_hold.outcome is not None or open_hold.expires_at <= _milliseconds(at):
            raise HoldClosed(f"hold {held} is {open_hold.outcome or 'expired'}")
        _close(tx, held, "released", None, at)
        return held

    return _once(tx, key, body_digest("release", held), HoldId, released)


def expire(tx: sqlite3.Connection, *, at: float) -> int:
    """Free every hold whose time is over and return how many; the bookings call it, and so does a sweeper."""
    over = tx.execute(sql.EXPIRED_HOLDS, (_milliseconds(at),)).fetchall()
    for (number,) in over:
        _close(tx, HoldId(number), "expired", None, at)
    return len(over)


def _once(tx: sqlite3.Connection, key: str, body: str, kind: Callable[[int], N], work: Callable[[], N]) -> N:
    known = tx.execute(sql.REQUEST, (key,)).fetchone()
    if known is not None:
        if known[0] != body:
            raise KeyConflict(f"key {key}: it was used for a different request; choose a new key")
        return kind(known[1])
    with savepoint(tx):
        result = work()
        tx.execute(sql.ADD_REQUEST, (key, body, result))
    return result


def _book(
    tx: sqlite3.Connection,
    key: str,
    entries: tuple[Entry, ...],
    *,
    about: str,
    at: float,
    reverses: TxnId | None = None,
) -> TxnId:
    expire(tx, at=at)
    _require_balanced(tx, entries)
    last, previous = _head(tx)
    number, moment = TxnId(last + 1), _milliseconds(at)
    # What lowers an account is booked first: a refusal then names the account that lacks the money.
    for entry in sorted(entries, key=lambda one: one.amount):
        _guarded(tx, sql.ADD_ENTRY, (number, entry.account, entry.amount))
    link = digest(number, key, moment, about, entries, reverses, previous)
    tx.execute(sql.ADD_TXN, (number, key, moment, about, reverses, previous, link))
    return number


def _require_balanced(tx: sqlite3.Connection, entries: tuple[Entry, ...]) -> None:
    sums: dict[str, int] = {}
    for entry in entries:
        if abs(entry.amount) > MAX_AMOUNT:
            raise BadPosting(f"account {entry.account}: {entry.amount} is beyond {MAX_AMOUNT}")
        found = reading.balance(tx, entry.account)
        sums[found.asset] = sums.get(found.asset, 0) + entry.amount
    if not entries or any(sums.values()):
        raise BadPosting(
            f"the entries leave a difference of {sums or 'nothing at all'}; they must sum to zero"
        )


def _merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    sums: dict[AccountId, int] = {}
    for entry in entries:
        sums[entry.account] = sums.get(entry.account, 0) + entry.amount
    return tuple(Entry(account, amount) for account, amount in sorted(sums.items()) if amount)


def _head(tx: sqlite3.Connection) -> tuple[int, str]:
    found = tx.execute(sql.HEAD).fetchone()
    return (found[0], found[1]) if found else (0, GENESIS)


def _close(tx: sqlite3.Connection, held: HoldId, outcome: str, txn: TxnId | None, at: float) -> None:
    tx.execute(sql.ADD_OUTCOME, (held, outcome, txn, _milliseconds(at)))


def _guarded(tx: sqlite3.Connection, statement: str, parameters: tuple[int | str, ...]) -> None:
    try:
        tx.execute(statement, parameters)
    except sqlite3.IntegrityError as error:
        if "floor_kept" in str(error):
            raise InsufficientFunds(
                f"account {parameters[1]}: not enough available; nothing booked"
            ) from error
        raise


def _milliseconds(at: float) -> int:
    return round(at * 1000)
