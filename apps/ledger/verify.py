"""Verification of a whole ledger: chain in both directions, sums, cached balances, holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from apps.ledger import ledger_sql as sql
from apps.ledger import reading
from apps.ledger.chain import GENESIS, digest
from apps.ledger.model import Txn


def findings(tx: sqlite3.Connection, *, published_head: str | None = None) -> list[str]:
    """Return what is wrong, nothing if all holds.

    `published_head` is a digest printed earlier, on a public statement: it must still be in the chain,
    which a chain that was recomputed after a change cannot satisfy.
    """
    return [*_forward(tx), *_backward(tx), *_sums(tx), *_published(tx, published_head)]


def _forward(tx: sqlite3.Connection) -> Iterator[str]:
    previous, expected = GENESIS, 1
    for txn in reading.txns(tx):
        if txn.id != expected:
            yield f"transaction {expected} is missing"
        if txn.previous != previous:
            yield f"transaction {txn.id} does not follow the one before it"
        if txn.digest != _recomputed(txn):
            yield f"transaction {txn.id} was changed after it was booked"
        previous, expected = txn.digest, txn.id + 1


def _backward(tx: sqlite3.Connection) -> Iterator[str]:
    """Walk from the head by links: a side branch, which walking forward may follow, is left over here."""
    total = int(tx.execute(sql.TXN_COUNT).fetchone()[0])
    last = reading.head(tx)
    link, seen = (last[1] if last else GENESIS), 0
    while link != GENESIS and seen <= total:
        found = reading.txn_by_digest(tx, link)
        if found is None:
            yield f"link {link[:12]} leads nowhere"
            break
        link, seen = found.previous, seen + 1
    if seen != total:
        yield f"the chain from its head has {seen} transactions, the ledger {total}"


def _sums(tx: sqlite3.Connection) -> Iterator[str]:
    for txn, asset, difference in tx.execute(sql.UNBALANCED).fetchall():
        yield f"transaction {txn} leaves a difference of {difference} {asset}"
    for (txn,) in tx.execute(sql.ORPHANS).fetchall():
        yield f"entries of transaction {txn} have no transaction"
    for account, cached, true in tx.execute(sql.WRONG_BALANCES).fetchall():
        yield f"account {account}: the balance says {cached}, the entries {true}"
    for account, cached, true in tx.execute(sql.WRONG_HOLDS).fetchall():
        yield f"account {account}: held says {cached}, the open holds {true}"
    for (number,) in tx.execute(sql.WRONG_OPEN_HOLDS).fetchall():
        yield f"hold {number}: the list of open holds and its outcome disagree"
    for (account,) in tx.execute(sql.BELOW_FLOOR).fetchall():
        yield f"account {account} is below its floor"


def _published(tx: sqlite3.Connection, head: str | None) -> Iterator[str]:
    if head and reading.txn_by_digest(tx, head) is None:
        yield f"the published head {head[:12]} is not in the chain"


def _recomputed(txn: Txn) -> str:
    return digest(txn.id, txn.key, txn.at, txn.about, txn.entries, txn.reverses, txn.previous)
