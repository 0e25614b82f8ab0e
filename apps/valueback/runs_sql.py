"""Rows of runs: claims, shares and the outbox, each written once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from apps.valueback.model import BadRun, Claim, ClaimState, Missing, Phase, Run, Share
from vocab.pages import msg

# A share's row in the outbox is made in the transaction that books it.
_UNBOOKED = (
    "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.run = share.run AND outbox.pairwise = share.pairwise)"
)
_RUN = "id, programme, first, last, phase, started_at, vote_until"


def add(tx: sqlite3.Connection, run: Run) -> None:
    """Add a run; raise BadRun if its months overlap with those of an earlier run of the programme."""
    overlap = tx.execute(
        "SELECT first, last FROM run WHERE programme = ? AND first <= ? AND last >= ?",
        (run.programme, run.last, run.first),
    ).fetchone()
    if overlap:
        raise BadRun(
            msg("the months from {first} to {last} have a run; a month is counted once"),
            first=overlap[0],
            last=overlap[1],
        )
    tx.execute(
        f"INSERT INTO run ({_RUN}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608  # constants only
        (run.id, run.programme, run.first, run.last, run.phase.value, run.started_at, run.vote_until),
    )


def run(tx: sqlite3.Connection, run_id: str) -> Run:
    """Return a run; raise Missing."""
    row = tx.execute(f"SELECT {_RUN} FROM run WHERE id = ?", (run_id,)).fetchone()  # noqa: S608
    if row is None:
        raise Missing(msg("there is no such run"))
    return _run(row)


def of_programme(tx: sqlite3.Connection, programme: str) -> list[Run]:
    rows = tx.execute(f"SELECT {_RUN} FROM run WHERE programme = ? ORDER BY first", (programme,))  # noqa: S608
    return [_run(row) for row in rows.fetchall()]


def unfinished(tx: sqlite3.Connection) -> list[Run]:
    """Return the runs that have work to do, apart from waiting for votes."""
    waiting = (Phase.COLLECTING.value, Phase.POSTING.value, Phase.DELIVERING.value)
    rows = tx.execute(f"SELECT {_RUN} FROM run WHERE phase IN (?, ?, ?) ORDER BY started_at", waiting)  # noqa: S608
    return [_run(row) for row in rows.fetchall()]


def due(tx: sqlite3.Connection, at: float) -> list[Run]:
    """Return the runs whose vote is over and not yet counted."""
    rows = tx.execute(
        f"SELECT {_RUN} FROM run WHERE phase = ? AND vote_until <= ? ORDER BY vote_until",  # noqa: S608
        (Phase.VOTING.value, at),
    )
    return [_run(row) for row in rows.fetchall()]


def advance(tx: sqlite3.Connection, run_id: str, before: Phase, after: Phase) -> bool:
    """Move a run on; False if somebody else did."""
    changed = tx.execute(
        "UPDATE run SET phase = ? WHERE id = ? AND phase = ?", (after.value, run_id, before.value)
    )
    return changed.rowcount == 1


def open_vote(tx: sqlite3.Connection, run_id: str, until: float) -> None:
    tx.execute("UPDATE run SET vote_until = ? WHERE id = ? AND vote_until IS NULL", (until, run_id))


def asked_grants(tx: sqlite3.Connection, run_id: str) -> set[str]:
    return {row[0] for row in tx.execute("SELECT grant_id FROM claim WHERE run = ?", (run_id,))}


def add_claim(tx: sqlite3.Connection, claim: Claim) -> bool:
    """Add a claim; False if the run has one of this member."""
    added = tx.execute(
        "INSERT INTO claim (run, pairwise, grant_id, state, amount, count) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (claim.run, claim.pairwise, claim.grant, claim.state.value, claim.amount, claim.count),
    )
    return added.rowcount == 1


def known_nullifiers(tx: sqlite3.Connection, series: str, nullifiers: Iterable[str]) -> list[str]:
    """Return which of these a claim of any version of the programme has counted."""
    return [
        one
        for one in nullifiers
        if tx.execute(
            "SELECT 1 FROM claim_nullifier WHERE series = ? AND nullifier = ?", (series, one)
        ).fetchone()
    ]


def add_nullifiers(tx: sqlite3.Connection, series: str, run_id: str, nullifiers: Iterable[str]) -> None:
    tx.executemany(
        "INSERT INTO claim_nullifier (series, nullifier, run) VALUES (?, ?, ?)",
        [(series, one, run_id) for one in nullifiers],
    )


def claims(tx: sqlite3.Connection, run_id: str) -> list[Claim]:
    rows = tx.execute(
        "SELECT run, grant_id, pairwise, state, amount, count FROM claim WHERE run = ? ORDER BY pairwise",
        (run_id,),
    ).fetchall()
    return [Claim(row[0], row[1], row[2], ClaimState(row[3]), row[4], row[5]) for row in rows]


def add_shares(tx: sqlite3.Connection, run_id: str, shares: Mapping[str, tuple[int, int]]) -> None:
    """Fix what each member of a run gets, and puts into the pool."""
    tx.executemany(
        "INSERT INTO share (run, pairwise, share, pool) VALUES (?, ?, ?, ?)",
        [(run_id, pairwise, share, pool) for pairwise, (share, pool) in sorted(shares.items())],
    )


def shares(tx: sqlite3.Connection, run_id: str, *, unbooked: bool = False, limit: int = -1) -> list[Share]:
    """Return the shares of a run; with `unbooked` only those that the ledger does not have yet."""
    return _shares(tx, "share.run = ?" + (f" AND {_UNBOOKED}" if unbooked else ""), run_id, limit)


def promised(tx: sqlite3.Connection, programme: str) -> int:
    """Return the cents that runs of a programme have fixed and not booked yet."""
    row = tx.execute(
        "SELECT coalesce(sum(share.share + share.pool), 0) FROM share JOIN run ON run.id = share.run"  # noqa: S608
        f" WHERE run.programme = ? AND {_UNBOOKED}",
        (programme,),
    ).fetchone()
    return int(row[0])


def waiting(tx: sqlite3.Connection, run_id: str, limit: int) -> list[Share]:
    """Return shares whose statement has not left for its pod."""
    condition = (
        "share.run = ? AND EXISTS (SELECT 1 FROM outbox WHERE outbox.run = share.run"
        " AND outbox.pairwise = share.pairwise AND sent_at IS NULL)"
    )
    return _shares(tx, condition, run_id, limit)


def _shares(tx: sqlite3.Connection, condition: str, run_id: str, limit: int) -> list[Share]:
    rows = tx.execute(
        "SELECT share.run, grant_id, share.pairwise, amount, count, share, pool FROM share"  # noqa: S608
        " JOIN claim ON claim.run = share.run AND claim.pairwise = share.pairwise"
        f" WHERE {condition} ORDER BY share.pairwise LIMIT ?",
        (run_id, limit),
    ).fetchall()
    return [Share(*row) for row in rows]


def booked(tx: sqlite3.Connection, share: Share, txn: int | None) -> None:
    """Note the ledger's transaction of a share (None for one of no cents), and that its statement must leave."""
    key = (share.run, share.pairwise)
    tx.execute("UPDATE share SET txn = ? WHERE run = ? AND pairwise = ? AND txn IS NULL", (txn, *key))
    tx.execute("INSERT INTO outbox (run, pairwise) VALUES (?, ?) ON CONFLICT DO NOTHING", key)


def sent(tx: sqlite3.Connection, share: Share, at: float, *, refused: bool) -> None:
    tx.execute(
        "UPDATE outbox SET sent_at = ?, refused = ? WHERE run = ? AND pairwise = ? AND sent_at IS NULL",
        (at, int(refused), share.run, share.pairwise),
    )


def deliveries(tx: sqlite3.Connection, run_id: str) -> dict[str, int]:
    """Return how many statements were sent, were refused, and wait."""
    row = tx.execute(
        "SELECT count(*) FILTER (WHERE sent_at IS NOT NULL AND NOT refused), count(*) FILTER (WHERE refused),"
        " count(*) FILTER (WHERE sent_at IS NULL) FROM outbox WHERE run = ?",
        (run_id,),
    ).fetchone()
    return dict(zip(("sent", "refused", "waiting"), row, strict=True))


def figures(tx: sqlite3.Connection, run_id: str) -> dict[str, int]:
    """Return sums over a run: members, receipts, eligible amount, shares, pool; and claims not counted."""
    row = tx.execute(
        "SELECT count(*), coalesce(sum(count), 0), coalesce(sum(amount), 0), coalesce(sum(share), 0),"
        " coalesce(sum(pool), 0) FROM share JOIN claim"
        " ON claim.run = share.run AND claim.pairwise = share.pairwise WHERE share.run = ?",
        (run_id,),
    ).fetchone()
    names = ("members", "receipts", "amount", "share", "pool")
    states = tx.execute("SELECT state, count(*) FROM claim WHERE run = ? GROUP BY state", (run_id,))
    return {**dict(zip(names, row, strict=True)), **dict(states.fetchall())}


def _run(row: tuple[Any, ...]) -> Run:
    return Run(row[0], row[1], row[2], row[3], Phase(row[4]), row[5], row[6])
