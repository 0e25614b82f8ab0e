"""Requests of a person to who processes their data: kinds, states, the one table of steps, and the duties that follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

RightsId = NewType("RightsId", str)
"""The opaque name of a request or a duty, 128 random bits in hexadecimal."""


class RightKind(StrEnum):
    """What a person can ask for."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    AUTOMATED_DECISION = "automated-decision"


ARTICLES: Mapping[RightKind, int] = {
    RightKind.ACCESS: 15,
    RightKind.RECTIFICATION: 16,
    RightKind.ERASURE: 17,
    RightKind.RESTRICTION: 18,
    RightKind.PORTABILITY: 20,
    RightKind.OBJECTION: 21,
    RightKind.AUTOMATED_DECISION: 22,
}


class RequestState(StrEnum):
    """Where a request stands. Whether it is overdue is no state: the clock alone says so."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    EXTENDED = "extended"
    ANSWERED = "answered"
    REFUSED = "refused"
    CLOSED = "closed"


class RequestEvent(StrEnum):
    """What can happen to a request."""

    ASK = "ask"
    ACKNOWLEDGE = "acknowledge"
    EXTEND = "extend"
    ANSWER = "answer"
    REFUSE = "refuse"
    CLOSE = "close"


class Party(StrEnum):
    """Who takes a step."""

    PERSON = "person"
    CONTROLLER = "controller"


STEPS: Mapping[tuple[RequestState, RequestEvent], RequestState] = {
    (RequestState.RECEIVED, RequestEvent.ACKNOWLEDGE): RequestState.ACKNOWLEDGED,
    (RequestState.RECEIVED, RequestEvent.EXTEND): RequestState.EXTENDED,
    (RequestState.RECEIVED, RequestEvent.ANSWER): RequestState.ANSWERED,
    (RequestState.RECEIVED, RequestEvent.REFUSE): RequestState.REFUSED,
    (RequestState.RECEIVED, RequestEvent.CLOSE): RequestState.CLOSED,
    (RequestState.ACKNOWLEDGED, RequestEvent.EXTEND): RequestState.EXTENDED,
    (RequestState.ACKNOWLEDGED, RequestEvent.ANSWER): RequestState.ANSWERED,
    (RequestState.ACKNOWLEDGED, RequestEvent.REFUSE): RequestState.REFUSED,
    (RequestState.ACKNOWLEDGED, RequestEvent.CLOSE): RequestState.CLOSED,
    (RequestState.EXTENDED, RequestEvent.ANSWER): RequestState.ANSWERED,
    (RequestState.EXTENDED, RequestEvent.REFUSE): RequestState.REFUSED,
    (RequestState.EXTENDED, RequestEvent.CLOSE): RequestState.CLOSED,
    (RequestState.ANSWERED, RequestEvent.CLOSE): RequestState.CLOSED,
    (RequestState.REFUSED, RequestEvent.CLOSE): RequestState.CLOSED,
}
"""Everything that is not in this table is refused. Extending happens once; nothing leads out of `closed`."""

TAKEN_BY: Mapping[RequestEvent, Party] = {
    RequestEvent.ASK: Party.PERSON,
    RequestEvent.ACKNOWLEDGE: Party.CONTROLLER,
    RequestEvent.EXTEND: Party.CONTROLLER,
    RequestEvent.ANSWER: Party.CONTROLLER,
    RequestEvent.REFUSE: Party.CONTROLLER,
    RequestEvent.CLOSE: Party.PERSON,
}
NEEDS_TEXT = frozenset({RequestEvent.EXTEND, RequestEvent.ANSWER, RequestEvent.REFUSE})
"""Art. 12(3) and (4): whoever takes longer or does not act says why; an answer that says nothing is none."""

WAITING = frozenset({RequestState.RECEIVED, RequestState.ACKNOWLEDGED, RequestState.EXTENDED})
"""States in which the controller still owes an answer."""


@dataclass(frozen=True, slots=True)
class RightsRequest:
    """One request of one person. `controller` is a WebID, or the host itself."""

    id: RightsId
    pod: int
    controller: str
    kind: RightKind
    grants: tuple[str, ...]
    """Numbers of the consents that it is about; none means all of that controller's."""
    resource: str
    """The path in the pod that it is about, or nothing."""
    text: str = field(repr=False)
    state: RequestState
    received_at: float
    due_at: float
    """The first moment at which an answer comes too late."""

    def overdue(self, at: float) -> bool:
        """Say whether the controller still owes an answer and its time is over."""
        return self.state in WAITING and at >= self.due_at


@dataclass(frozen=True, slots=True)
class Step:
    """What happened to a request, by whom, with what words; steps are never edited."""

    event: RequestEvent
    state: RequestState
    at: float
    text: str = field(repr=False)
    attachments: tuple[str, ...]

    @property
    def by(self) -> Party:
        """Who took it."""
        return TAKEN_BY[self.event]


@dataclass(frozen=True, slots=True)
class Duty:
    """What one recipient must do because of a request (art. 19), until it says that it did."""

    id: RightsId
    request: RightsId
    pod: int
    recipient: str
    kind: RightKind
    grants: tuple[str, ...]
    asked_at: float
    due_at: float
    stage: int
    """How many of the reminders of `escalation.STAGES` were sent."""
    acknowledged_at: float | None
    statement: str = field(repr=False)

    def overdue(self, at: float) -> bool:
        """Say whether the recipient did not acknowledge in time."""
        return self.acknowledged_at is None and at >= self.due_at
