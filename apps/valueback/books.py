"""The accounts of value-back in the ledger, and what a share, a payout and a balance are there."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from apps.ledger import ledger, reading
from apps.ledger.model import AccountId, Entry, TxnId
from apps.valueback.model import CURRENCY, Programme, Share

DECIMALS = 2


def prefix(programme: Programme) -> str:
    """Return how every account of a programme begins."""
    return f"{_base(programme)}:"


def fund(programme: Programme) -> AccountId:
    """What the cooperative gives; its floor is the budget, so that no sum of runs can exceed it."""
    return AccountId(f"{_base(programme)}:fund")


def pool(programme: Programme) -> AccountId:
    return AccountId(f"{_base(programme)}:pool")


def member(programme: Programme, pairwise: str) -> AccountId:
    return AccountId(f"{_base(programme)}:member:{pairwise}")


def project(programme: Programme, project_id: str) -> AccountId:
    return AccountId(f"{_base(programme)}:project:{project_id}")


def open_accounts(tx: sqlite3.Connection, programme: Programme, *, at: float) -> None:
    """Open the accounts of a programme that do not depend on who takes part."""
    ledger.add_asset(tx, CURRENCY, DECIMALS)
    ledger.open_account(tx, fund(programme), CURRENCY, "expense", at=at, floor=-programme.budget)
    ledger.open_account(tx, pool(programme), CURRENCY, "liability", at=at)
    for one in programme.projects:
        ledger.open_account(tx, project(programme, one.id), CURRENCY, "liability", at=at)


def book_share(tx: sqlite3.Connection, programme: Programme, share: Share, *, at: float) -> TxnId:
    """Book a member's share and their part of the pool in one balanced transaction, once per run and member."""
    account = member(programme, share.pairwise)
    ledger.open_account(tx, account, CURRENCY, "liability", at=at)
    entries = (
        Entry(fund(programme), -share.share - share.pool),
        Entry(account, share.share),
        Entry(pool(programme), share.pool),
    )
    key = f"share:{share.run}:{share.pairwise}"
    return ledger.post(tx, key, entries, about=f"share of run {share.run}", at=at)


def pay_projects(
    tx: sqlite3.Connection, programme: Programme, run_id: str, parts: Mapping[str, int], *, at: float
) -> TxnId:
    """Pay a run's pool out to projects, once per run."""
    entries = [Entry(pool(programme), -sum(parts.values()))]
    entries += [Entry(project(programme, project_id), part) for project_id, part in parts.items()]
    return ledger.post(tx, f"payout:{run_id}", entries, about=f"vote of run {run_id}", at=at)


def available_budget(tx: sqlite3.Connection, programme: Programme) -> int:
    return programme.budget + reading.balance(tx, fund(programme)).posted


def sums(tx: sqlite3.Connection, programme: Programme) -> dict[str, int]:
    """Return what a programme has given, what its pool holds, and what each project received."""
    found = {
        "given": -reading.balance(tx, fund(programme)).posted,
        "pool": reading.balance(tx, pool(programme)).posted,
    }
    for one in programme.projects:
        found[f"project:{one.id}"] = reading.balance(tx, project(programme, one.id)).posted
    return found


def _base(programme: Programme) -> str:
    return f"{programme.name}.{programme.version}"
