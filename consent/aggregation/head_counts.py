"""How many take part in a programme, never told exactly: one noisy count a day, paid from the budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from consent.aggregation import budget_sql
from consent.aggregation.document import head_count_document
from consent.aggregation.eligible_sql import contributors
from consent.aggregation.programme import PARTICIPANTS_RHO, Programme
from consent.aggregation.release import head_count
from consent.aggregation.sealing import Seal
from consent.model import PurposeDeclaration
from pods.model import Clock
from pods.storage.base import Transaction

PARTICIPANTS = "participants"  # stands where a question has its hash


class HeadCounts:
    """Counts participants. The true number leaves no function of this class."""

    def __init__(self, seal: Seal, clock: Clock, new_id: Callable[[], str]) -> None:
        self._seal = seal
        self._clock = clock
        self._new_id = new_id

    def today(self, tx: Transaction, terms: Programme, purpose: PurposeDeclaration) -> Mapping[str, Any]:
        """Return the count of this day; the first call of a day pays for it."""
        people = contributors(tx, purpose.iri, purpose.controller, frozenset(), self._clock()).participants
        return self.count(tx, terms, purpose, people)

    def count(
        self, tx: Transaction, terms: Programme, purpose: PurposeDeclaration, people: int
    ) -> Mapping[str, Any]:
        """Return the count of this day, made from `people` unless there is one already."""
        at = self._clock()
        snapshot = snapshot_of(at)
        known = budget_sql.stored(tx, terms.iri, PARTICIPANTS, snapshot)
        if known is None:
            release = self._new_id()
            budget_sql.reserve(tx, terms.iri, release, PARTICIPANTS, snapshot, PARTICIPANTS_RHO, at)
            document = head_count_document(
                head_count(people, PARTICIPANTS_RHO),
                iri=self._seal.iri(release),
                purpose=purpose.iri,
                snapshot=snapshot,
                at=at,
            )
            known = release, self._seal(document, at)
            budget_sql.commit(tx, *known, at)
        counted: dict[str, Any] = orjson.loads(known[1])
        return counted


def snapshot_of(at: float) -> str:
    """Return the snapshot that a time belongs to: the day in UTC."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()
