"""Rows of grants: read, written and listed in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import orjson

from consent.model import (
    DAY,
    REQUEST_DAYS,
    DataItem,
    Grant,
    GrantId,
    GrantState,
    LiveGrant,
    OutputMode,
    Pairwise,
    PurposeIri,
)
from pods.model import WebId
from pods.storage.base import Transaction

_COLUMNS = """g.id, g.pod, g.subject, g.controller, g.purpose, g.items, g.state, g.given_at, g.expires_at,
    coalesce(e.value, 0), g.pairwise, g.digest, g.notice_digest"""
_FROM = "FROM grant_ g LEFT JOIN consent_epoch e ON e.pod = g.pod AND e.controller = g.controller"
_LEANING = (
    f"SELECT {_COLUMNS}, p.document, p.controller, p.digest, c.state {_FROM}"  # constants only
    " LEFT JOIN purpose p ON p.iri = g.purpose LEFT JOIN controller c ON c.iri = g.controller WHERE g.id = ?"
)
_ROWS = f'%"mode":"{OutputMode.ROWS.value}"%'
_SOME = 20  # grants read at a time where the first is mostly enough
LEANT_ON = 4
"""Columns at the end of such a row: document, publisher and digest of the declaration, state of the controller."""
GRANTS_PATH = "/.consent/grants/"
_OPEN = (GrantState.GIVEN, GrantState.SUSPENDED, GrantState.ASKED, GrantState.DEFERRED)
"""States that a newer version of the purpose ends."""


class Grants:
    """The table of grants; `origin` is the pod host's, so that a grant has an IRI."""

    def __init__(self, origin: str) -> None:
        self._prefix = origin + GRANTS_PATH

    def by_id(self, tx: Transaction, grant_id: str) -> Grant | None:
        """Return a grant whatever its state."""
        return self._one(tx, "g.id = ?", (grant_id,))

    def leaning(self, tx: Transaction, grant_id: str) -> tuple[Grant, Sequence[Any]] | None:
        """Return a grant with what it leans on, in one statement: a row for `Purposes.leant_on`."""
        rows = tx.execute(_LEANING, (grant_id,))
        return (self._grant(rows[0]), rows[0][-LEANT_ON:]) if rows else None

    def by_purpose(self, tx: Transaction, pod: int, purpose: str) -> Grant | None:
        """Return what this pod's owner decided about a purpose, or was asked."""
        return self._one(tx, "g.pod = ? AND g.purpose = ?", (pod, purpose))

    def of_pod(self, tx: Transaction, pod: int) -> list[Grant]:
        """Return all grants of a pod, the newest change first."""
        return self._many(tx, "g.pod = ? ORDER BY g.changed_at DESC, g.id", (pod,))

    def given_rows(self, tx: Transaction, pod: int, controller: str, at: float) -> Iterator[Grant]:
        """Return the grants of a pod by which a controller may read rows now, as far as the grants themselves say."""
        condition = (
            "g.pod = ? AND g.controller = ? AND g.state = ? AND g.id > ? AND g.expires_at > ? AND g.items LIKE ?"
            " ORDER BY g.id LIMIT ?"
        )
        last = ""
        while found := self._many(
            tx, condition, (pod, controller, GrantState.GIVEN.value, last, at, _ROWS, _SOME)
        ):
            yield from found
            last = found[-1].id

    def of_purpose(self, tx: Transaction, purpose: str, at: float) -> list[Grant]:
        """Return the grants for a purpose that are in force at this time, in the order of their ids."""
        condition = "g.purpose = ? AND g.state = ? AND g.expires_at > ? ORDER BY g.id"
        return self._many(tx, condition, (purpose, GrantState.GIVEN.value, at))

    def iri(self, grant_id: str) -> str:
        """Return the IRI of a grant."""
        return self._prefix + grant_id

    def _one(self, tx: Transaction, condition: str, parameters: Sequence[Any]) -> Grant | None:
        found = self._many(tx, condition, parameters)
        return found[0] if found else None

    def _many(self, tx: Transaction, condition: str, parameters: Sequence[Any]) -> list[Grant]:
        # `condition` is one of the texts above, never a value.
        rows = tx.execute(f"SELECT {_COLUMNS} {_FROM} WHERE {condition}", parameters)
        return [self._grant(row) for row in rows]

    def _grant(self, row: Sequence[Any]) -> Grant:
        return Grant(
            id=GrantId(row[0]),
            iri=self._prefix + row[0],
            pod=row[1],
            subject=WebId(row[2]),
            controller=WebId(row[3]),
            purpose=PurposeIri(row[4]),
            items=items_from_json(row[5]),
            state=GrantState(row[6]),
            given_at=row[7],
            expires_at=row[8],
            epoch=row[9],
            pairwise=Pairwise(row[10]),
            digest=row[11],
            notice_digest=row[12],
        )


def live(tx: Transaction, purpose: str, at: float) -> list[LiveGrant]:
    """Return every grant for a purpose that is in force at this time, in the order of pod keys."""
    rows = tx.execute(
        "SELECT g.pod, g.id, e.value, g.items, g.pairwise, g.expires_at FROM grant_ g"
        " JOIN consent_epoch e ON e.pod = g.pod AND e.controller = g.controller"
        " WHERE g.purpose = ? AND g.state = ? AND g.expires_at > ? ORDER BY g.pod",
        (purpose, GrantState.GIVEN.value, at),
    )
    return [
        LiveGrant(pod, GrantId(grant_id), epoch, items_from_json(items), Pairwise(pairwise), expires_at)
        for pod, grant_id, epoch, items, pairwise, expires_at in rows
    ]


def epoch_of(tx: Transaction, pod: int, controller: str) -> int:
    """Return the grantee's epoch in a pod; 0 before the first event."""
    rows = tx.execute("SELECT value FROM consent_epoch WHERE pod = ? AND controller = ?", (pod, controller))
    return int(rows[0][0]) if rows else 0


def raise_epoch(tx: Transaction, pod: int, controller: str) -> int:
    """Raise the grantee's epoch in a pod and return it: every token issued before is dead from the commit on."""
    rows = tx.execute(
        "INSERT INTO consent_epoch (pod, controller, value) VALUES (?, ?, 1)"
        " ON CONFLICT (pod, controller) DO UPDATE SET value = consent_epoch.value + 1 RETURNING value",
        (pod, controller),
    )
    return int(rows[0][0])


def save(tx: Transaction, grant: Grant, at: float) -> None:
    """Insert or replace the row of a grant."""
    tx.execute(
        "INSERT INTO grant_ (id, pod, subject, controller, purpose, items, state, given_at, expires_at,"
        " changed_at, pairwise, digest, notice_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET items = excluded.items, state = excluded.state,"
        " given_at = excluded.given_at, expires_at = excluded.expires_at, changed_at = excluded.changed_at,"
        " digest = excluded.digest, notice_digest = excluded.notice_digest",
        (
            *(grant.id, grant.pod, grant.subject, grant.controller, grant.purpose),
            *(items_to_json(grant.items), grant.state.value, grant.given_at, grant.expires_at, at),
            *(grant.pairwise, grant.digest, grant.notice_digest),
        ),
    )


def items_to_json(items: Sequence[DataItem]) -> str:
    """Return items as compact JSON, the form that is stored."""
    plain = [{"shape": item.shape, "properties": item.properties, "mode": item.mode.value} for item in items]
    return orjson.dumps(plain).decode()


@lru_cache(maxsize=4096)  # thousands of people choose among a handful of subsets
def items_from_json(text: str) -> tuple[DataItem, ...]:
    """Return the items that `items_to_json` wrote."""
    return tuple(
        DataItem(item["shape"], tuple(item["properties"]), OutputMode(item["mode"]))
        for item in orjson.loads(text)
    )


def other_versions(tx: Transaction, pod: int, identifier: str, purpose: str) -> list[str]:
    """Return the ids of grants and requests of a pod for other versions of the same purpose."""
    # The few versions lead to the grants; asked for states here, SQLite would rather walk through all that are given.
    rows = tx.execute(
        "SELECT id, state FROM grant_ WHERE pod = ? AND purpose IN (SELECT iri FROM purpose WHERE identifier = ?)"
        " AND purpose <> ? ORDER BY id",
        (pod, identifier, purpose),
    )
    return [grant_id for grant_id, state in rows if state in _OPEN]


def in_state(tx: Transaction, purpose: str, state: GrantState, *, after: str, limit: int) -> list[str]:
    """Return ids of grants for a purpose in a state, in order, from `after` on."""
    rows = tx.execute(
        "SELECT id FROM grant_ WHERE purpose = ? AND state = ? AND id > ? ORDER BY id LIMIT ?",
        (purpose, state.value, after, limit),
    )
    return [row[0] for row in rows]


def asked(tx: Transaction, pod: int, at: float) -> list[tuple[str, float]]:
    """Return the purposes that the owner of a pod is asked for now and since when, the newest first.

    A question that was put off comes back by the clock, and one that nobody answered goes away by it.
    """
    rows = tx.execute(
        "SELECT g.purpose, coalesce(d.until, g.changed_at) AS since FROM grant_ g"
        " JOIN purpose p ON p.iri = g.purpose"
        " LEFT JOIN deferral d ON d.pod = g.pod AND d.identifier = p.identifier AND g.state = ?"
        " WHERE g.pod = ? AND g.state IN (?, ?) AND coalesce(d.until, g.changed_at) <= ?"
        " AND coalesce(d.until, g.changed_at) > ? ORDER BY since DESC, g.id",
        (
            *(GrantState.DEFERRED.value, pod, GrantState.ASKED.value, GrantState.DEFERRED.value),
            *(at, at - REQUEST_DAYS * DAY),
        ),
    )
    return [(row[0], row[1]) for row in rows]


def changed_at(tx: Transaction, grant_id: str) -> float:
    """Return when something last happened to a grant."""
    return float(tx.execute("SELECT changed_at FROM grant_ WHERE id = ?", (grant_id,))[0][0])


def suspend(tx: Transaction, grant_id: str, reason: str, at: float) -> bool:
    """Add a reason why a grant rests; say whether it is a new one."""
    rows = tx.execute(
        "INSERT INTO suspension (grant_id, reason, at) VALUES (?, ?, ?)"
        " ON CONFLICT (grant_id, reason) DO NOTHING RETURNING reason",
        (grant_id, reason, at),
    )
    return bool(rows)


def unsuspend(tx: Transaction, grant_id: str, reason: str | None = None) -> bool:
    """Take one reason away, or all of them; say whether none is left."""
    if reason is None:
        tx.execute("DELETE FROM suspension WHERE grant_id = ?", (grant_id,))
    else:
        tx.execute("DELETE FROM suspension WHERE grant_id = ? AND reason = ?", (grant_id, reason))
    return not suspensions(tx, grant_id)


def suspensions(tx: Transaction, grant_id: str) -> tuple[str, ...]:
    """Return why a grant rests, the oldest reason first."""
    rows = tx.execute("SELECT reason FROM suspension WHERE grant_id = ? ORDER BY at, reason", (grant_id,))
    return tuple(row[0] for row in rows)
