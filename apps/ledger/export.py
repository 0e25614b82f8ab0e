"""Export as beancount text, so that a program that shares no code with ours can judge the books."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from apps.ledger import ledger_sql as sql
from apps.ledger import reading
from apps.ledger.model import AccountId

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}


def beancount(tx: sqlite3.Connection, title: str, prefix: str = "") -> Iterator[str]:
    """Return the ledger line by line: accounts, transactions, and an assertion of every balance.

    With a `prefix` only the accounts whose ids start so, which must then share no transaction with others.

    Beancount counts debits as positive; what an account has with us is a credit, hence the sign.
    """
    yield f'option "title" "{_quoted(title)}"'
    exponents = dict(tx.execute(sql.ASSETS).fetchall())
    accounts = [row for row in tx.execute(sql.ACCOUNTS).fetchall() if row[0].startswith(prefix)]
    names: dict[AccountId, str] = {}
    assets: dict[AccountId, str] = {}
    for account, asset, kind, _posted, _held, _floor, opened_at in accounts:
        names[AccountId(account)] = f"{ROOTS[kind]}:{_component(account)}"
        assets[AccountId(account)] = asset
        yield f"{_day(opened_at)} open {names[AccountId(account)]} {asset}"
        yield f'  id: "{_quoted(account)}"'
    last = date(1970, 1, 1)
    for txn in reading.txns(tx):
        if txn.entries[0].account not in names:
            continue
        last = max(last, _day(txn.at))
        yield ""
        yield f'{_day(txn.at)} * "{_quoted(txn.about)}" ^txn-{txn.id}'
        yield f'  digest: "{txn.digest}"'
        for entry in txn.entries:
            asset = assets[entry.account]
            yield f"  {names[entry.account]}  {_decimal(-entry.amount, exponents[asset])} {asset}"
    yield ""
    for account, asset, _kind, posted, _held, _floor, opened_at in accounts:
        after = max(last, _day(opened_at)) + timedelta(days=1)
        amount = _decimal(-posted, exponents[asset])
        yield f"{after} balance {names[AccountId(account)]} {amount} {asset}"


def _component(account: str) -> str:
    # Beancount allows letters, digits and hyphens, first a capital; ids may hold more than that.
    return "A" + hashlib.sha256(account.encode()).hexdigest()[:24]


def _decimal(minor: int, exponent: int) -> str:
    if not exponent:
        return str(minor)
    whole, part = divmod(abs(minor), 10**exponent)
    return f"{'-' if minor < 0 else ''}{whole}.{part:0{exponent}d}"


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
