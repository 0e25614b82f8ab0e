"""Who contributes to a question: live grants that cover every property the question needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from operator import itemgetter

from consent.grants_sql import items_from_json
from consent.model import DataItem, GrantState, OutputMode
from pods.storage.base import Transaction

Needs = frozenset[tuple[str, str]]
"""Pairs of shape and property."""


@dataclass(frozen=True, slots=True)
class Contributors:
    """The persons of a question, in the order of pod keys, with the grant and the epoch they contribute under."""

    pods: tuple[int, ...]
    grants: tuple[str, ...]
    epochs: tuple[int, ...]
    participants: int
    """Everybody with a live grant for the purpose, whatever properties it covers."""
    controller: str
    version: int
    """The sum of the controller's epochs, those of removed pods too: it only rises, with any event of any grant."""
    until: float
    """When the first of these grants ends."""

    def unchanged(self, tx: Transaction, at: float) -> bool:
        """Say whether nothing at all happened to grants of this controller, and none ended, until this time."""
        return at < self.until and self.version == _version(tx, self.controller)

    def kept(self, now: Contributors) -> Contributors:
        """Return those who contribute now exactly as they did before: no grant that changed, nobody new."""
        same = set(zip(self.pods, self.grants, self.epochs, strict=True))
        rows = [row for row in zip(now.pods, now.grants, now.epochs, strict=True) if row in same]
        pods, grants, epochs = zip(*rows, strict=True) if rows else ((), (), ())
        return replace(now, pods=pods, grants=grants, epochs=epochs)


def contributors(tx: Transaction, purpose: str, controller: str, needs: Needs, at: float) -> Contributors:
    """Return the contributors at this time, as the transaction sees the grants."""
    rows = tx.execute(
        "SELECT g.pod, g.id, e.value, g.items, g.expires_at FROM grant_ g"
        " JOIN consent_epoch e ON e.pod = g.pod AND e.controller = g.controller"
        " WHERE g.purpose = ? AND g.state = ? AND g.expires_at > ?",
        (purpose, GrantState.GIVEN.value, at),
    )
    # Here: SQLite would copy each row to sort them, which takes longer than to find them.
    rows.sort(key=itemgetter(0))
    # People choose among a handful of subsets, so the decision is made once for each.
    covering = {items for items in {row[3] for row in rows} if covers(items_from_json(items), needs)}
    chosen = [row for row in rows if row[3] in covering]
    pods, grants, epochs, _, ends = zip(*chosen, strict=True) if chosen else ((), (), (), (), ())
    return Contributors(
        pods=pods,
        grants=grants,
        epochs=epochs,
        participants=len(rows),
        controller=controller,
        version=_version(tx, controller),
        until=min(ends, default=inf),
    )


def departing(tx: Transaction, pod: int) -> None:
    """Remember that a pod is being removed, before its epochs are: this too is an event that only adds up."""
    rows = tx.execute("SELECT controller, value FROM consent_epoch WHERE pod = ?", (pod,))
    for controller, value in rows:
        tx.execute(
            "INSERT INTO departed (controller, epochs) VALUES (?, ?)"
            " ON CONFLICT (controller) DO UPDATE SET epochs = departed.epochs + excluded.epochs",
            (controller, value + 1),
        )


def _version(tx: Transaction, controller: str) -> int:
    rows = tx.execute(
        "SELECT (SELECT coalesce(sum(value), 0) FROM consent_epoch WHERE controller = ?)"
        " + (SELECT coalesce(sum(epochs), 0) FROM departed WHERE controller = ?)",
        (controller, controller),
    )
    return int(rows[0][0])


def covers(items: Iterable[DataItem], needs: Needs) -> bool:
    """Say whether items allow aggregate use of every property."""
    granted = {
        (item.shape, name)
        for item in items
        if item.mode is OutputMode.AGGREGATE_ONLY
        for name in item.properties
    }
    return needs <= granted
