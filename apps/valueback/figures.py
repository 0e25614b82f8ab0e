"""The public figures of a programme: money in, money out, nothing per person, small cells withheld."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from apps.ledger import reading
from apps.valueback import books, runs_sql, votes_sql
from apps.valueback.allotment import QUORUM, payout
from apps.valueback.model import CURRENCY, Phase, Programme, Run
from vocab.shapes import money

SMALL = 5
"""With fewer members a sum would tell about single people; sums and numbers are then withheld."""


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One run as everybody may see it. None means withheld, because few people are in it."""

    run: Run
    members: int | None
    receipts: int | None
    amount: int | None
    given: int | None
    share: int | None
    pool: int | None
    disputed: int
    payout: dict[str, int] | None
    """What each project got, once the vote is over."""
    votes: dict[str, int] | None
    """Votes by project after the closing date, if enough people voted."""


def of_run(tx: sqlite3.Connection, programme: Programme, run: Run) -> RunFigures:
    """Return the public figures of a run."""
    sums = runs_sql.figures(tx, run.id)
    shown = sums["members"] >= SMALL
    closed = run.phase is Phase.CLOSED
    votes = votes_sql.result(tx, run.id) if closed else {}
    projects = [one.id for one in programme.projects]
    paid = payout(sums["pool"], votes, projects) if closed and shown else None
    return RunFigures(
        run=run,
        members=sums["members"] if shown else None,
        receipts=sums["receipts"] if shown else None,
        amount=sums["amount"] if shown else None,
        given=sums["share"] + sums["pool"] if shown else None,
        share=sums["share"] if shown else None,
        pool=sums["pool"] if shown else None,
        disputed=sums.get("disputed", 0),
        payout=paid,
        votes=votes if sum(votes.values()) >= QUORUM else None,
    )


def of_programme(tx: sqlite3.Connection, programme: Programme) -> list[RunFigures]:
    return [of_run(tx, programme, run) for run in runs_sql.of_programme(tx, programme.iri)]


def ledger_head(tx: sqlite3.Connection) -> tuple[int, str] | None:
    """Return number and digest of the ledger's last transaction: a later rewriting would not contain it."""
    return reading.head(tx)


def public_beancount(tx: sqlite3.Connection, programme: Programme) -> Iterator[str]:
    """Return a programme's books as beancount text, one transaction a run, members as one account.

    Runs with few members are left out, and the balances at the end say so by being those of what is shown.
    """
    yield f'option "title" "{programme.iri}"'
    day = "1970-01-01"
    accounts = ["Expenses:ValueBack", "Liabilities:Members", "Liabilities:Pool"]
    accounts += [f"Liabilities:Projects:{_component(one.id)}" for one in programme.projects]
    for account in accounts:
        yield f"{day} open {account} {CURRENCY}"
    for figures in of_programme(tx, programme):
        if figures.given is None or figures.share is None or figures.pool is None:
            continue
        date = f"{figures.run.last}-28"
        yield ""
        yield f'{date} * "run {figures.run.first} to {figures.run.last}"'
        yield f"  Expenses:ValueBack  {money(figures.given)} {CURRENCY}"
        yield f"  Liabilities:Members  {money(-figures.share)} {CURRENCY}"
        yield f"  Liabilities:Pool  {money(-figures.pool)} {CURRENCY}"
        if figures.payout:
            yield ""
            yield f'{date} * "vote on the pool of {figures.run.first} to {figures.run.last}"'
            yield f"  Liabilities:Pool  {money(sum(figures.payout.values()))} {CURRENCY}"
            for project, part in figures.payout.items():
                yield f"  Liabilities:Projects:{_component(project)}  {money(-part)} {CURRENCY}"


def budget_left(tx: sqlite3.Connection, programme: Programme) -> int:
    return books.available_budget(tx, programme)


def _component(project: str) -> str:
    return "P-" + project
