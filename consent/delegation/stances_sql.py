"""What somebody last said about a purpose, read from the events of its grants."""

from __future__ import annotations

from collections.abc import Sequence

from consent.model import GrantEvent
from pods.storage.base import Transaction

_NO = (GrantEvent.REFUSE.value, GrantEvent.WITHDRAW.value, GrantEvent.SUSPEND.value)
_YES = (GrantEvent.GIVE.value, GrantEvent.RESUME.value)


def latest_no(tx: Transaction, pod: int, identifier: str, actors: Sequence[str]) -> str | None:
    """Return one of the actors whose last word about a purpose, in any version, is no; None if there is none."""
    for actor in actors:
        rows = tx.execute(
            "SELECT e.event FROM consent_event e JOIN grant_ g ON g.id = e.grant_id"
            " JOIN purpose p ON p.iri = g.purpose"
            " WHERE g.pod = ? AND p.identifier = ? AND e.actor = ? AND e.event IN (?, ?, ?, ?, ?)"
            " ORDER BY e.at DESC, e.number DESC LIMIT 1",
            (pod, identifier, actor, *_NO, *_YES),
        )
        if rows and rows[0][0] in _NO:
            return actor
    return None


def given_by(tx: Transaction, grant_id: str) -> str:
    """Return who gave a grant last; an empty text where nobody did."""
    rows = tx.execute(
        "SELECT actor FROM consent_event WHERE grant_id = ? AND event = ? ORDER BY number DESC LIMIT 1",
        (grant_id, GrantEvent.GIVE.value),
    )
    return str(rows[0][0]) if rows else ""
