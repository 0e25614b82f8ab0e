"""Rows of what people gave on other Solid servers and told here, so that the organisation learns of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from consent.model import Pairwise
from pods.storage.base import Transaction
from pods.storage.migrations import Schema

SCHEMA: Schema = (
    "elsewhere-1",
    (
        # No WebID: the pseudonym towards the controller says whose it is, and that only they change it.
        """CREATE TABLE grant_elsewhere (
               id TEXT NOT NULL, pairwise TEXT NOT NULL, purpose TEXT NOT NULL, resources TEXT NOT NULL,
               expires_at REAL NOT NULL, told_at REAL NOT NULL, PRIMARY KEY (pairwise, id))""",
        "CREATE INDEX grant_elsewhere_purpose ON grant_elsewhere (purpose, expires_at)",
        "CREATE INDEX grant_elsewhere_expiry ON grant_elsewhere (expires_at)",
    ),
)


@dataclass(frozen=True, slots=True)
class GrantElsewhere:
    """What somebody opened to an organisation on another server, as they told it; only that server enforces it."""

    id: str
    pairwise: Pairwise
    purpose: str
    resources: tuple[str, ...] = field(repr=False)
    expires_at: float
    told_at: float


def save(tx: Transaction, grant: GrantElsewhere) -> None:
    """Note a grant, in place of what the same person told under this name before."""
    tx.execute(
        "INSERT INTO grant_elsewhere (id, pairwise, purpose, resources, expires_at, told_at)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (pairwise, id) DO UPDATE SET purpose = excluded.purpose,"
        " resources = excluded.resources, expires_at = excluded.expires_at, told_at = excluded.told_at",
        (
            *(grant.id, grant.pairwise, grant.purpose, orjson.dumps(grant.resources).decode()),
            *(grant.expires_at, grant.told_at),
        ),
    )


def controllers_of(tx: Transaction, grant_id: str) -> list[str]:
    """Return the controllers of whatever was told under a name; names are drawn at random, so it is one as a rule."""
    rows = tx.execute(
        "SELECT DISTINCT p.controller FROM grant_elsewhere g JOIN purpose p ON p.iri = g.purpose WHERE g.id = ?",
        (grant_id,),
    )
    return [row[0] for row in rows]


def remove(tx: Transaction, grant_id: str, pairwise: str) -> bool:
    """Take out what a person told under a name; say whether there was anything."""
    tx.execute("DELETE FROM grant_elsewhere WHERE pairwise = ? AND id = ?", (pairwise, grant_id))
    return tx.row_count > 0


def forget_expired(tx: Transaction, at: float) -> None:
    """Take out what ran out."""
    tx.execute("DELETE FROM grant_elsewhere WHERE expires_at <= ?", (at,))


def count_of_others(tx: Transaction, grant_id: str, pairwise: str, purpose: str) -> int:
    """Return how many grants for a purpose a person told of, beside the one of this name."""
    rows = tx.execute(
        "SELECT count(*) FROM grant_elsewhere WHERE pairwise = ? AND purpose = ? AND id <> ?",
        (pairwise, purpose, grant_id),
    )
    return int(rows[0][0])


def of_purpose(tx: Transaction, purpose: str, at: float) -> list[GrantElsewhere]:
    """Return what is in force for a purpose, by pseudonym."""
    rows = tx.execute(
        "SELECT id, pairwise, purpose, resources, expires_at, told_at FROM grant_elsewhere"
        " WHERE purpose = ? AND expires_at > ? ORDER BY pairwise, id",
        (purpose, at),
    )
    return [
        GrantElsewhere(id_, Pairwise(pairwise), iri, tuple(orjson.loads(resources)), ends, told)
        for id_, pairwise, iri, resources, ends, told in rows
    ]
