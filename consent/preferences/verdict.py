"""What a person's standing rules say about a question: decided here, without a clock or a database."""

from __future__ import annotations

from collections.abc import Sequence

from consent.model import DataItem, PurposeDeclaration
from consent.preferences.classes import preparable
from consent.preferences.model import ANY, Choice, Rule

_STRICTEST_FIRST = tuple(Choice)


def verdict(rules: Sequence[Rule], purpose: PurposeDeclaration, controller_kind: str) -> Choice:
    """Return the strictest of what the rules say about each item of a purpose; `ask` is what no rule says."""
    said = [_of_item(rules, item, purpose.legal_basis, controller_kind) for item in purpose.items]
    return min(said, key=_STRICTEST_FIRST.index, default=Choice.ASK)


def _of_item(rules: Sequence[Rule], item: DataItem, basis: str, kind: str) -> Choice:
    """Return what the most specific rule says; among equally specific ones the strictest counts."""
    matching = [rule for rule in rules if _matches(rule, item, basis, kind)]
    if not matching:
        return Choice.ASK
    best = min(matching, key=lambda rule: (-rule.specificity(), _STRICTEST_FIRST.index(rule.choice)))
    untrue = best.choice is Choice.ALLOW and not preparable(basis, item.mode.value)
    return Choice.ASK if untrue else best.choice


def _matches(rule: Rule, item: DataItem, basis: str, kind: str) -> bool:
    said = (rule.basis, rule.mode, rule.controller_kind, rule.shape)
    given = (basis, item.mode.value, kind, item.shape)
    return all(wanted in (ANY, value) for wanted, value in zip(said, given, strict=True))
