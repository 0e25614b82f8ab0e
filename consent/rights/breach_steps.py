"""The handling of a breach as one table: who is told, in what order, and what must be said with it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class BreachState(StrEnum):
    """How far an entry has come. Whether the authority should know by now is no state: the clock alone says so."""

    OPEN = "open"
    REPORTED = "reported"
    CLOSED = "closed"


class BreachStep(StrEnum):
    """What is done about a breach."""

    NOTE = "note"
    DESCRIBE = "describe"
    REPORT = "report"
    TELL = "tell"
    PUBLISH = "publish"
    CLOSE = "close"


_ANY_TIME = (BreachStep.NOTE, BreachStep.DESCRIBE, BreachStep.TELL, BreachStep.PUBLISH)
STEPS: Mapping[tuple[BreachState, BreachStep], BreachState] = {
    **{(BreachState.OPEN, step): BreachState.OPEN for step in _ANY_TIME},
    **{(BreachState.REPORTED, step): BreachState.REPORTED for step in _ANY_TIME},
    (BreachState.OPEN, BreachStep.REPORT): BreachState.REPORTED,
    # Art. 33(1): the authority need not know of what is "unlikely to result in a risk"; the reason says why.
    (BreachState.OPEN, BreachStep.CLOSE): BreachState.CLOSED,
    (BreachState.REPORTED, BreachStep.CLOSE): BreachState.CLOSED,
}
"""Everything that is not in this table is refused: the authority is told once, and nothing leads out of `closed`."""

NEEDS_TEXT = frozenset({BreachStep.NOTE, BreachStep.CLOSE})
NEEDS_DESCRIPTION = frozenset({BreachStep.TELL, BreachStep.PUBLISH})
"""Art. 34(2): people are told at least a contact, the likely consequences and the measures."""
