"""Rows of standing preferences."""

from __future__ import annotations

from collections.abc import Sequence

from consent.model import GrantEvent
from consent.preferences.model import Choice, Rule
from pods.storage.base import Transaction


def of_pod(tx: Transaction, pod: int) -> list[Rule]:
    """Return the rules of the owner of a pod in a fixed order."""
    rows = tx.execute(
        "SELECT choice, basis, mode, controller_kind, shape FROM preference WHERE pod = ?"
        " ORDER BY basis, mode, controller_kind, shape",
        (pod,),
    )
    return [Rule(Choice(row[0]), *row[1:]) for row in rows]


def replace(tx: Transaction, pod: int, rules: Sequence[Rule], at: float) -> None:
    """Put rules in the place of all that were there; each class of questions has one."""
    tx.execute("DELETE FROM preference WHERE pod = ?", (pod,))
    tx.execute_many(
        "INSERT INTO preference (pod, basis, mode, controller_kind, shape, choice, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (pod, rule.basis, rule.mode, rule.controller_kind, rule.shape, rule.choice.value, at)
            for rule in rules
        ],
    )


def refused_by_rule(tx: Transaction, pod: int, source: str, *, limit: int) -> list[tuple[str, float, str]]:
    """Return purpose, time and present state of what rules refused for the owner of a pod, the newest first.

    `source` is what stands as the client of a decision that a rule made.
    """
    rows = tx.execute(
        "SELECT g.purpose, e.at, g.state FROM consent_event e JOIN grant_ g ON g.id = e.grant_id"
        " WHERE g.pod = ? AND e.client = ? AND e.event = ? ORDER BY e.at DESC, g.id LIMIT ?",
        (pod, source, GrantEvent.REFUSE.value, limit),
    )
    return [(row[0], float(row[1]), row[2]) for row in rows]
