"""Tables of claims: what left a pod, and which receipts a programme has counted."""

from __future__ import annotations

# ruff: noqa: S608 - the list of columns is a constant above; values are bound
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.claims.terms import Period
from consent.model import PurposeIri
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
SIGNED = ("claims-2", ("ALTER TABLE claim_result ADD COLUMN signed TEXT NOT NULL DEFAULT ''",))
SCHEMAS = (SCHEMA, SIGNED)
_NO_END = 2**62


@dataclass(frozen=True, slots=True)
class Answered:
    """A claim that was answered. `number` names it on this host, for its owner alone."""

    number: int
    at: float
    purpose: PurposeIri
    period: Period
    terms: str
    result: Mapping[str, Any]
    signed: str
    """The bytes that left; empty for those from before they were kept."""


_COLUMNS = "id, at, purpose, first, last, terms, result, signed"


def answered(tx: Transaction, grant_id: str, programme: str) -> list[Answered]:
    """Return every claim that a programme got under a grant."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM claim_result WHERE grant_id = ? AND programme = ? ORDER BY first",
        (grant_id, programme),
    )
    return [_answered(row) for row in rows]


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


def already_counted(tx: Transaction, series: str, nullifiers: Iterable[str]) -> set[str]:
    """Return those of the nullifiers that a programme has counted; nothing is marked."""
    known = "SELECT 1 FROM claim_nullifier WHERE series = ? AND nullifier = ?"
    return {mark for mark in nullifiers if tx.execute(known, (series, mark))}


def record(
    tx: Transaction,
    number: int,
    pod: int,
    grant_id: str,
    purpose: str,
    programme: str,
    within: Period,
    terms: str,
    result: Mapping[str, Any],
    signed: str,
    at: float,
) -> None:
    """Keep what leaves."""
    tx.execute(
        "INSERT INTO claim_result (id, pod, grant_id, purpose, programme, first, last, terms, result, signed, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number, pod, grant_id, purpose, programme, within.first, within.last, terms),
            *(json.dumps(result, sort_keys=True), signed, at),
        ),
    )


def sign_again(tx: Transaction, number: int, signed: str) -> None:
    """Keep other signed bytes of a result, since these leave now."""
    tx.execute("UPDATE claim_result SET signed = ? WHERE id = ?", (signed, number))


def of_pod(tx: Transaction, pod: int, *, before: int | None = None, limit: int = 100) -> list[Answered]:
    """Return what left a pod, the newest first: for its owner. `before` is the number of the last one seen."""
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM claim_result WHERE pod = ? AND id < ? ORDER BY id DESC LIMIT ?",
        (pod, before if before is not None else _NO_END, limit),
    )
    return [_answered(row) for row in rows]


def count_of_pod(tx: Transaction, pod: int) -> int:
    """Return how many results left a pod."""
    return int(tx.execute("SELECT count(*) FROM claim_result WHERE pod = ?", (pod,))[0][0])


def one_of_pod(tx: Transaction, pod: int, number: int) -> Answered | None:
    """Return one result that left a pod."""
    rows = tx.execute(f"SELECT {_COLUMNS} FROM claim_result WHERE pod = ? AND id = ?", (pod, number))
    return _answered(rows[0]) if rows else None


def forget_pod(tx: Transaction, pod: int) -> None:
    """Remove the results of a deleted pod; the nullifiers stay, or its receipts could be counted again."""
    tx.execute("DELETE FROM claim_result WHERE pod = ?", (pod,))


def _answered(row: Sequence[Any]) -> Answered:
    number, at, purpose, first, last, terms, result, signed = row
    return Answered(number, at, PurposeIri(purpose), Period(first, last), terms, json.loads(result), signed)
