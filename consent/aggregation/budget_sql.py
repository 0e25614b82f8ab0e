"""The privacy budget of a programme: reserve, run, commit; a reservation is never given back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from consent.aggregation.errors import BudgetSpent, StillRunning
from consent.aggregation.programme import MICRO
from pods.errors import NotFound
from pods.storage.base import Transaction

START = "0" * 64
"""What the first line of a programme's ledger follows."""
ABANDONED_SECONDS = (
    3600.0  # a question over a region takes some seconds; what is older belongs to a machine that is gone
)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a programme may lose and has lost, in millionths of rho; `secret` orders the cells of a person."""

    programme: str
    purpose: str
    controller: str
    rho_total: int
    rho_spent: int
    secret: bytes
    opened_at: float

    @property
    def rho_left(self) -> int:
        """Return what is left, in millionths."""
        return self.rho_total - self.rho_spent


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the ledger. `content` is the SHA-256 of the released document, empty before it exists."""

    programme: str
    number: int
    at: float
    event: str
    release: str
    rho: int
    rho_spent: int
    content: str
    previous: str
    digest: str


def open_budget(tx: Transaction, budget: Budget) -> None:
    """Add the budget of a new programme."""
    tx.execute(
        "INSERT INTO budget (programme, purpose, controller, rho_total, secret, opened_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            *(budget.programme, budget.purpose, budget.controller),
            *(budget.rho_total, budget.secret, budget.opened_at),
        ),
    )


def budget_of(tx: Transaction, programme: str) -> Budget:
    """Return the budget of a programme; raise NotFound."""
    rows = tx.execute(
        "SELECT programme, purpose, controller, rho_total, rho_spent, secret, opened_at FROM budget"
        " WHERE programme = ?",
        (programme,),
    )
    if not rows:
        raise NotFound(f"There is no programme {programme}.")
    return Budget(*rows[0])


def budgets(tx: Transaction) -> list[Budget]:
    """Return the budgets of all programmes, the newest first."""
    rows = tx.execute(
        "SELECT programme, purpose, controller, rho_total, rho_spent, secret, opened_at FROM budget"
        " ORDER BY opened_at DESC, programme"
    )
    return [Budget(*row) for row in rows]


def stored(tx: Transaction, programme: str, query_hash: str, snapshot: str) -> tuple[str, str] | None:
    """Return id and document of the committed release of a question; raise StillRunning if it is in work."""
    rows = tx.execute(
        "SELECT id, state, body FROM release WHERE programme = ? AND query_hash = ? AND snapshot = ?"
        " AND state <> 'burned'",
        (programme, query_hash, snapshot),
    )
    if not rows:
        return None
    release, state, body = rows[0]
    if state == "reserved":
        raise StillRunning("The same question is being answered; ask again in a few seconds, at no cost.")
    return release, body


def document(tx: Transaction, release: str) -> str | None:
    """Return the document of a committed release."""
    rows = tx.execute("SELECT body FROM release WHERE id = ? AND state = 'committed'", (release,))
    return str(rows[0][0]) if rows else None


def newest(tx: Transaction, programme: str, query_hash: str) -> str | None:
    """Return the document of the latest committed release of a question on any snapshot."""
    rows = tx.execute(
        "SELECT body FROM release WHERE programme = ? AND query_hash = ? AND state = 'committed'"
        " ORDER BY settled_at DESC LIMIT 1",
        (programme, query_hash),
    )
    return str(rows[0][0]) if rows else None


def reserve(
    tx: Transaction,
    programme: str,
    release: str,
    query_hash: str,
    snapshot: str,
    rho: int,
    at: float,
    *,
    projection: str = "",
) -> int:
    """Take rho from the budget for a release and return what is left; raise BudgetSpent if it does not fit.

    One conditional UPDATE: however many ask at once, the sum never exceeds the total (attack 25).
    """
    rows = tx.execute(
        "UPDATE budget SET rho_spent = rho_spent + ? WHERE programme = ? AND rho_spent + ? <= rho_total"
        " RETURNING rho_total - rho_spent",
        (rho, programme, rho),
    )
    if not rows:
        left = budget_of(tx, programme).rho_left
        raise BudgetSpent(
            f"The question costs rho {rho / MICRO:g} and the programme has {left / MICRO:g} left. Ask with a"
            " lower rho, or look for the answer in the public register."
        )
    tx.execute(
        "INSERT INTO release (id, programme, query_hash, snapshot, rho, state, reserved_at, projection)"
        " VALUES (?, ?, ?, ?, ?, 'reserved', ?, ?)",
        (release, programme, query_hash, snapshot, rho, at, projection),
    )
    _add_line(tx, programme, "reserve", release, rho, "", at)
    return int(rows[0][0])


def commit(tx: Transaction, release: str, body: str, at: float) -> None:
    """Store the answer of a reservation; it never changes afterwards."""
    rows = tx.execute(
        "UPDATE release SET state = 'committed', settled_at = ?, body = ? WHERE id = ? AND state = 'reserved'"
        " RETURNING programme, rho",
        (at, body, release),
    )
    if not rows:
        raise RuntimeError(f"release {release} is not reserved")
    _add_line(tx, rows[0][0], "commit", release, rows[0][1], hashlib.sha256(body.encode()).hexdigest(), at)


def burn(tx: Transaction, release: str, at: float) -> None:
    """Close a reservation that gave no answer. What it took stays spent: it may have been looked at."""
    rows = tx.execute(
        "UPDATE release SET state = 'burned', settled_at = ? WHERE id = ? AND state = 'reserved'"
        " RETURNING programme, rho",
        (at, release),
    )
    if rows:
        _add_line(tx, rows[0][0], "burn", release, rows[0][1], "", at)


def burn_unfinished(tx: Transaction, at: float, projection: str = "") -> list[str]:
    """Burn what the process that had this projection before left behind, and return the ids.

    What is computed over another projection is the business of whoever has that one; unless it is so old that
    nobody can be at it any more.
    """
    rows = tx.execute(
        "SELECT id FROM release WHERE state = 'reserved' AND (projection IN ('', ?) OR reserved_at < ?)"
        " ORDER BY id",
        (projection, at - ABANDONED_SECONDS),
    )
    left = [str(row[0]) for row in rows]
    for release in left:
        burn(tx, release, at)
    return left


def lines(tx: Transaction, programme: str) -> list[Line]:
    """Return the ledger of a programme in order."""
    rows = tx.execute(
        "SELECT programme, number, at, event, release, rho, rho_spent, content, previous, digest"
        " FROM budget_line WHERE programme = ? ORDER BY number",
        (programme,),
    )
    return [Line(*row) for row in rows]


def whole(tx: Transaction, programme: str) -> bool:
    """Say whether the ledger is unbroken and its reservations add up to what the budget says is spent."""
    previous, spent = START, 0
    for number, line in enumerate(lines(tx, programme), start=1):
        spent += line.rho if line.event == "reserve" else 0
        said = tuple(_said(line))
        if (line.number, line.previous, line.rho_spent) != (number, previous, spent):
            return False
        if line.digest != _digest(said, previous):
            return False
        previous = line.digest
    return spent == budget_of(tx, programme).rho_spent


def _add_line(
    tx: Transaction, programme: str, event: str, release: str, rho: int, content: str, at: float
) -> None:
    last = tx.execute(
        "SELECT number, digest FROM budget_line WHERE programme = ? ORDER BY number DESC LIMIT 1",
        (programme,),
    )
    number, previous = (last[0][0] + 1, last[0][1]) if last else (1, START)
    spent = budget_of(tx, programme).rho_spent
    said = (programme, number, at, event, release, rho, spent, content)
    tx.execute(
        "INSERT INTO budget_line (programme, number, at, event, release, rho, rho_spent, content, previous,"
        " digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*said, previous, _digest(said, previous)),
    )


def _said(line: Line) -> Iterator[str | int | float]:
    yield from (line.programme, line.number, line.at, line.event)
    yield from (line.release, line.rho, line.rho_spent, line.content)


def _digest(said: tuple[str | int | float, ...], previous: str) -> str:
    return hashlib.sha256(orjson.dumps(said) + previous.encode()).hexdigest()
