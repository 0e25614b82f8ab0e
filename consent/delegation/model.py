"""The values of delegation: kinds, powers, and one delegation with its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pods.model import WebId


class Power(StrEnum):
    """What somebody may do for another person. The list is closed."""

    SEE = "see"
    GIVE = "give"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    RIGHTS = "rights"


class Kind(StrEnum):
    """Why somebody may act for another person."""

    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"
    CAREGIVER = "caregiver"
    CUSTODIAN = "custodian"
    HEIR = "heir"


class DelegationState(StrEnum):
    """Where a delegation stands; only an active one gives powers, and only within its time."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


POWERS: Mapping[Kind, frozenset[Power]] = {
    Kind.GUARDIAN: frozenset(Power),
    Kind.REPRESENTATIVE: frozenset(Power),
    Kind.CAREGIVER: frozenset(Power),
    # A custodian sees and prepares: what they "give" is a draft, which the person alone can make a consent.
    Kind.CUSTODIAN: frozenset({Power.SEE, Power.GIVE}),
    # Art. 2-terdecies D.lgs 196/2003: the rights of art. 15-22 GDPR, for whom has an interest of their own.
    Kind.HEIR: frozenset({Power.RIGHTS}),
}
"""The most that a delegation of a kind can hold."""

APPROVED_BY_OPERATOR = frozenset({Kind.GUARDIAN, Kind.REPRESENTATIVE, Kind.HEIR})
"""Kinds that rest on a document, which the operator has seen; the others rest on the person's own will."""

ENDED_BY_PERSON = frozenset({Kind.CAREGIVER, Kind.CUSTODIAN})
"""Kinds that the person ends at once and alone. The others end by law, by their date, or by the operator."""

PREPARES_ONLY = frozenset({Kind.CUSTODIAN})


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody may act for the owner of a pod."""

    id: str
    pod: int
    kind: Kind
    delegate: WebId
    powers: frozenset[Power]
    state: DelegationState
    starts: float
    ends: float | None
    """Seconds since 1970; None for a delegation that lasts until somebody ends it."""
    exclusive: bool
    """The person cannot give consent themself meanwhile; seeing, refusing and withdrawing stay theirs."""
    proposed_by: str
    evidence: str
    """Where the operator keeps what was shown: a number of theirs, never the document."""
    accepted: bool = False
    approved: bool = False
    ended_at: float | None = None
    ended_by: str = ""

    def active(self, at: float) -> bool:
        """Say whether powers flow from this at this time: an end that has come needs nobody to carry it out."""
        within = self.starts <= at and (self.ends is None or at < self.ends)
        return self.state is DelegationState.ACTIVE and within
