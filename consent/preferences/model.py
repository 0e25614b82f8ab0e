"""The values of standing preferences: choices, and rules about classes of purposes, controllers and data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ANY = ""
"""Stands in a rule for every value of a class."""


class Choice(StrEnum):
    """What is done with a question, from the strictest to the mildest."""

    NEVER = "never"
    ASK = "ask"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a person wants for the questions of a class; each field is a value, or ANY."""

    choice: Choice
    basis: str = ANY
    """Purpose class: the legal basis."""
    mode: str = ANY
    """Purpose class: what leaves the pod."""
    controller_kind: str = ANY
    shape: str = ANY
    """Data class."""

    def specificity(self) -> int:
        """Return how many classes the rule names."""
        return sum(field != ANY for field in (self.basis, self.mode, self.controller_kind, self.shape))
