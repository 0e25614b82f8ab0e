"""Tables of claims: what left a pod, and which receipts a programme has counted."""

from __future__ import annotations

import json
from typing import Any

from consent.claims.terms import Period
from pods.storage.base import Transaction

SCHEMA = (
    "claims-1",
    (
        # What left, word for word, so that the owner can see it and a repeated request gets the same.
        """CREATE TABLE claim_result (
               id INTEGER PRIMARY KEY, pod INTEGER NOT NULL, grant_id TEXT NOT NULL, purpose TEXT NOT NULL,
               programme TEXT NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL, terms TEXT NOT NULL,
               result TEXT NOT NULL, at REAL NOT NULL, UNIQUE (grant_id, programme, first))""",
        "CREATE INDEX claim_result_pod ON claim_result (pod, id)",
        # Across all pods of the host: a receipt that two people hold counts for the first claim alone.
        """CREATE TABLE claim_nullifier (
               series TEXT NOT NULL, nullifier TEXT NOT NULL, claim INTEGER NOT NULL,
               PRIMARY KEY (series, nullifier))""",
    ),
)


def answered(tx: Transaction, grant_id: str, programme: str) -> list[tuple[Period, str, dict[str, Any]]]:
    """Return period, terms digest and result of every claim that a programme got under a grant."""
    rows = tx.execute(
        "SELECT first, last, terms, result FROM claim_result WHERE grant_id = ? AND programme = ?"
        " ORDER BY first",
        (grant_id, programme),
    )
    return [(Period(first, last), terms, json.loads(result)) for first, last, terms, result in rows]


def next_id(tx: Transaction) -> int:
    """Return the number of the claim that is being made."""
    return int(tx.execute("SELECT coalesce(max(id), 0) + 1 FROM claim_result")[0][0])


def count_once(tx: Transaction, series: str, nullifier: str, claim: int) -> bool:
    """Mark a receipt as counted by a programme; False if it was counted already, by whomever."""
    tx.execute(
        "INSERT INTO claim_nullifier (series, nullifier, claim) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (series, nullifier, claim),
    )
    return tx.row_count == 1


def record(
    tx: Transaction,
    number: int,
    pod: int,
    grant_id: str,
    purpose: str,
    programme: str,
    within: Period,
    terms: str,
    result: dict[str, Any],
    at: float,
) -> None:
    """Keep what leaves."""
    tx.execute(
        "INSERT INTO claim_result (id, pod, grant_id, purpose, programme, first, last, terms, result, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number, pod, grant_id, purpose, programme, within.first, within.last, terms),
            *(json.dumps(result, sort_keys=True), at),
        ),
    )


def of_pod(tx: Transaction, pod: int, *, limit: int = 100) -> list[tuple[float, str, dict[str, Any]]]:
    """Return time, purpose and result of what left a pod, the newest first: for its owner."""
    rows = tx.execute(
        "SELECT at, purpose, result FROM claim_result WHERE pod = ? ORDER BY id DESC LIMIT ?", (pod, limit)
    )
    return [(at, purpose, json.loads(result)) for at, purpose, result in rows]


def forget_pod(tx: Transaction, pod: int) -> None:
    """Remove the results of a deleted pod; the nullifiers stay, or its receipts could be counted again."""
    tx.execute("DELETE FROM claim_result WHERE pod = ?", (pod,))
