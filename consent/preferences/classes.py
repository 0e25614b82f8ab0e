"""The classes of questions that a rule can name, and for which of them an answer may be prepared."""

from __future__ import annotations

from collections.abc import Mapping

from consent.bases import HANDLING, Handling, handling
from consent.model import OutputMode
from consent.preferences.model import ANY, Choice, Rule
from vocab.shapes import SHAPES

CONTROLLER_KINDS = ("administration", "cooperative", "shop", "association", "other")
CLASSES: Mapping[str, tuple[str, ...]] = {
    "basis": (ANY, *HANDLING),
    "mode": (ANY, *(mode.value for mode in OutputMode)),
    "controller_kind": (ANY, *CONTROLLER_KINDS),
    "shape": (ANY, *SHAPES),
}

PREPARED = frozenset({OutputMode.AGGREGATE_ONLY, OutputMode.CLAIM})
"""Modes under which no row leaves the pod: only for these does `allow` prepare an answer."""

EXPLICIT = frozenset({"gdpr:A9-2-a"})
"""Art. 9(2)(a) GDPR wants explicit consent to special categories of data: not even a draft of it comes from a rule."""


def preparable(basis: str, mode: str) -> bool:
    """Say whether an answer may be prepared for a legal basis and an output mode; ANY stands for some of them."""
    lawful = basis == ANY or (handling(basis) is Handling.CONSENT and basis not in EXPLICIT)
    return lawful and (mode == ANY or mode in {one.value for one in PREPARED})


def can_be_meant(rule: Rule) -> bool:
    """Say whether a rule can do what it says: `allow` about what may never be prepared says something untrue."""
    return rule.choice is not Choice.ALLOW or preparable(rule.basis, rule.mode)
