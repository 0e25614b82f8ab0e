"""Pages of what the owner of a pod decided: the latest change first, however many there are."""

from __future__ import annotations

from dataclasses import dataclass

from consent.model import GrantId, GrantState
from pods.storage.base import Transaction

QUESTIONS = (GrantState.UNKNOWN, GrantState.ASKED, GrantState.DEFERRED)
"""States in which nothing was decided yet."""
_AFTER = "AND changed_at <= ? AND (changed_at < ? OR id > ?)"
_PAGE = (
    "SELECT changed_at, id FROM grant_ WHERE pod = ? AND state NOT IN (?, ?, ?) {after}"
    " ORDER BY changed_at DESC, id LIMIT ?"
)
_FIRST, _NEXT = _PAGE.format(after=""), _PAGE.format(after=_AFTER)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a grant stands."""

    changed_at: float
    id: GrantId

    def text(self) -> str:
        """Return the place for an address."""
        return f"{self.changed_at!r}_{self.id}"


def place(text: str) -> Place:
    """Return the place that `Place.text` wrote; raise ValueError for anything else."""
    changed_at, _, grant_id = text.partition("_")
    if not grant_id.isalnum() or not grant_id.isascii():
        raise ValueError(f"{text[:80]!r} is no place in the list")
    return Place(float(changed_at), GrantId(grant_id))


def page(tx: Transaction, pod: int, after: Place | None, limit: int) -> list[Place]:
    """Return the places that follow one, or the first ones."""
    decided = (pod, *(state.value for state in QUESTIONS))
    if after is None:
        rows = tx.execute(_FIRST, (*decided, limit))
    else:
        rows = tx.execute(_NEXT, (*decided, after.changed_at, after.changed_at, after.id, limit))
    return [Place(changed_at, GrantId(grant_id)) for changed_at, grant_id in rows]
