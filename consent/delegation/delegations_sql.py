"""Rows of delegations and of what bears on them: interests and deaths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from consent.delegation.model import Delegation, DelegationState, Kind, Power
from pods.model import WebId
from pods.storage.base import Transaction

_COLUMNS = (
    "id, pod, kind, delegate, powers, state, starts, ends, exclusive, proposed_by, evidence,"
    " accepted, approved, ended_at, ended_by"
)


def by_id(tx: Transaction, delegation_id: str) -> Delegation | None:
    """Return a delegation in whatever state."""
    found = _many(tx, "id = ?", (delegation_id,))
    return found[0] if found else None


def of_pod(tx: Transaction, pod: int) -> list[Delegation]:
    """Return everybody who acts, acted or was proposed to act for the owner of a pod, the newest first."""
    return _many(tx, "pod = ? ORDER BY starts DESC, id", (pod,))


def of_delegate(tx: Transaction, webid: str) -> list[Delegation]:
    """Return what somebody may do, might do or could do for others, the newest first."""
    return _many(tx, "delegate = ? ORDER BY starts DESC, id", (webid,))


def between(tx: Transaction, pod: int, webid: str) -> list[Delegation]:
    """Return the delegations of one person to one delegate."""
    return _many(tx, "pod = ? AND delegate = ? ORDER BY starts DESC, id", (pod, webid))


def proposed(tx: Transaction) -> list[Delegation]:
    """Return what waits for somebody's acceptance or the operator's approval, the oldest first."""
    return _many(tx, "state = ? ORDER BY starts, id", (DelegationState.PROPOSED.value,))


def save(tx: Transaction, value: Delegation) -> None:
    """Insert a delegation, or replace its state, approvals and end; the rest of a row never changes."""
    tx.execute(
        f"INSERT INTO delegation ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608  # constants only
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, starts = excluded.starts,"
        " evidence = excluded.evidence, accepted = excluded.accepted, approved = excluded.approved,"
        " ended_at = excluded.ended_at, ended_by = excluded.ended_by",
        (
            *(value.id, value.pod, value.kind.value, value.delegate),
            *(" ".join(sorted(power.value for power in value.powers)), value.state.value),
            *(value.starts, value.ends, int(value.exclusive), value.proposed_by, value.evidence),
            *(int(value.accepted), int(value.approved), value.ended_at, value.ended_by),
        ),
    )


def declare_interest(tx: Transaction, delegate: str, controller: str, at: float) -> None:
    """Remember that somebody has an interest in an organisation; twice is as good as once."""
    tx.execute(
        "INSERT INTO interest (delegate, controller, at) VALUES (?, ?, ?)"
        " ON CONFLICT (delegate, controller) DO NOTHING",
        (delegate, controller, at),
    )


def has_interest(tx: Transaction, delegate: str, controller: str) -> bool:
    """Say whether an interest is on record."""
    found = tx.execute("SELECT 1 FROM interest WHERE delegate = ? AND controller = ?", (delegate, controller))
    return bool(found)


def record_death(tx: Transaction, pod: int, day: str, evidence: str, at: float) -> None:
    """Remember that the owner of a pod has died; a second entry changes nothing."""
    tx.execute(
        "INSERT INTO death (pod, day, evidence, at) VALUES (?, ?, ?, ?) ON CONFLICT (pod) DO NOTHING",
        (pod, day, evidence, at),
    )


def is_dead(tx: Transaction, pod: int) -> bool:
    """Say whether the owner of a pod has died."""
    return bool(tx.execute("SELECT 1 FROM death WHERE pod = ?", (pod,)))


def _many(tx: Transaction, condition: str, parameters: Sequence[Any]) -> list[Delegation]:
    # `condition` is one of the texts above, never a value.
    rows = tx.execute(f"SELECT {_COLUMNS} FROM delegation WHERE {condition}", parameters)  # noqa: S608
    return [
        Delegation(
            id=row[0],
            pod=row[1],
            kind=Kind(row[2]),
            delegate=WebId(row[3]),
            powers=frozenset(Power(name) for name in row[4].split()),
            state=DelegationState(row[5]),
            starts=row[6],
            ends=row[7],
            exclusive=bool(row[8]),
            proposed_by=row[9],
            evidence=row[10],
            accepted=bool(row[11]),
            approved=bool(row[12]),
            ended_at=row[13],
            ended_by=row[14],
        )
        for row in rows
    ]
