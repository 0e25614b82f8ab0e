"""The values of consent: controllers, purposes, items, grants; the table of a grant's life comes with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from consent.bases import Handling as Handling
from consent.bases import handling as handling
from consent.states import FINAL_REVOKERS as FINAL_REVOKERS
from consent.states import KEEPS_EPOCH as KEEPS_EPOCH
from consent.states import TRANSITIONS as TRANSITIONS
from consent.states import GrantEvent as GrantEvent
from consent.states import GrantState as GrantState
from consent.states import Revoker as Revoker
from consent.states import Suspension as Suspension
from pods.model import WebId

PurposeIri = NewType("PurposeIri", str)
"""The IRI of one immutable version of a purpose declaration. Purposes match by equality of this, never wider."""

GrantId = NewType("GrantId", str)
"""The opaque name of a grant, 128 random bits in hexadecimal. It tells nothing about the person."""

Pairwise = NewType("Pairwise", str)
"""A person's pseudonym towards one controller: another controller gets another one."""

REFUSAL_COOL_DOWN_DAYS = 180  # nobody is asked again for the same programme within half a year of saying no
REQUEST_DAYS = 60  # a question that nobody answered for so long is taken back; silence is no answer
REQUESTS_PER_PERSON = 5  # of one controller within a window; more are left out, and nobody is told
REQUEST_WINDOW_DAYS = 30
ROUNDS_PER_DAY = 24  # in which one controller asks everybody; one an hour is no campaign yet
DEFERRAL_DAYS = 14  # who says "later" is shown the question again after so long, and once only
RPT_SECONDS = 60  # the life of a requesting party token; across hosts this bounds how long a withdrawal takes
TICKET_SECONDS = 300  # the life of a permission ticket
DAY = 86_400.0


class OutputMode(StrEnum):
    """What may leave the pod under an item of a grant, from the widest to the narrowest."""

    ROWS = "rows"
    CLAIM = "claim"
    AGGREGATE_ONLY = "aggregateOnly"
    APPEND = "append"


class ControllerState(StrEnum):
    """Whether the operator has verified an organisation; only an approved one may publish and ask."""

    PENDING = "pending"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True)
class Controller:
    """An organisation that answers for processing (GDPR art. 4(7)), with the keys that sign its purpose claims."""

    iri: WebId
    name: str
    kind: str
    contact: str
    dpo: str
    jwks: Mapping[str, Any] = field(repr=False)
    state: ControllerState
    registered_at: float


@dataclass(frozen=True, slots=True)
class Verification:
    """What the operator looked at before an approval, and the names of the keys that it was for."""

    at: float
    evidence: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataItem:
    """Some properties of one shape, by the names of `vocab.shapes`, and what may leave the pod of them."""

    shape: str
    properties: tuple[str, ...]
    mode: OutputMode

    def covers(self, asked: DataItem) -> bool:
        """Say whether `asked` is a part of this item."""
        same = self.shape == asked.shape and self.mode == asked.mode
        return same and bool(asked.properties) and set(asked.properties) <= set(self.properties)


@dataclass(frozen=True, slots=True)
class PurposeDeclaration:
    """One published version of a purpose. It never changes; a change is a new version with a new IRI."""

    iri: PurposeIri
    identifier: str
    controller: WebId
    version: int
    title: Mapping[str, str]
    text: Mapping[str, str]
    consequence_of_refusal: Mapping[str, str]
    legal_basis: str
    items: tuple[DataItem, ...]
    recipients: tuple[str, ...]
    retention_days: int
    valid_until: float
    """Seconds since 1970; no grant lasts longer, and the declaration permits nothing from that moment on."""
    notice_digest: str
    """`sha256-` and the hexadecimal digest of the texts that people are shown, in all languages."""
    digest: str
    """`sha256-` and the hexadecimal digest of the whole document as published."""
    programme: str | None = None
    """The IRI of the aggregate programme that is part of this declaration; its terms are `document["programme"]`."""
    revision_of: str | None = None
    """The IRI of the version that this one revises."""
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The declaration as it was published, ready for JSON."""

    def active(self, at: float) -> bool:
        """Say whether the declaration permits anything at this time."""
        return at < self.valid_until


class About(StrEnum):
    """What a change is about."""

    PROPERTY = "property"
    MODE = "mode"
    RECIPIENT = "recipient"
    RETENTION = "retention"
    PERIOD = "period"
    BASIS = "basis"
    TEXT = "text"
    PROGRAMME = "programme"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `before` is None for what is new, `after` for what is gone."""

    about: About
    before: str | int | None
    after: str | int | None
    grows: bool
    """Whether people agreed to less than this, or whether that cannot be ruled out."""
    shape: str | None = None
    name: str | None = None
    """The property of the shape, or the text."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What one person allowed for one purpose. `epoch` is the grantee's epoch in that pod right now."""

    id: GrantId
    iri: str
    pod: int
    subject: WebId
    controller: WebId
    purpose: PurposeIri
    items: tuple[DataItem, ...]
    state: GrantState
    given_at: float
    expires_at: float
    epoch: int
    pairwise: Pairwise
    digest: str
    """The digest of the declaration as it stood when the person agreed."""
    notice_digest: str
    """The digest of the texts that the person was shown."""

    def state_at(self, at: float) -> GrantState:
        """Return the state at this time: a given grant expires by the clock alone, and so does a suspended one."""
        expired = self.state in (GrantState.GIVEN, GrantState.SUSPENDED) and at >= self.expires_at
        return GrantState.EXPIRED if expired else self.state

    def item(self, shape: str, mode: OutputMode) -> DataItem | None:
        """Return what is granted of this shape in this mode."""
        return next((item for item in self.items if item.shape == shape and item.mode is mode), None)

    def modes(self) -> frozenset[OutputMode]:
        """Return the output modes that occur in the grant."""
        return frozenset(item.mode for item in self.items)


@dataclass(frozen=True, slots=True)
class LiveGrant:
    """A grant in force as an aggregate question or a claim needs it: pod key, epoch and items, no WebID."""

    pod: int
    id: GrantId
    epoch: int
    items: tuple[DataItem, ...]
    pairwise: Pairwise
    expires_at: float


def widest(items: Iterable[DataItem]) -> OutputMode | None:
    """Return the widest output mode among items, or None for no items."""
    present = {item.mode for item in items}
    return next((mode for mode in OutputMode if mode in present), None)


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """A question that waits for the person's answer: who asks, and the declaration of what for."""

    purpose: PurposeDeclaration
    controller: Controller
    asked_at: float
    deferrable: bool = True
    """Whether "later" is still an answer: it is given once for a programme."""


@dataclass(frozen=True, slots=True)
class OwnGrant:
    """A decision as the person sees it."""

    id: GrantId
    purpose: PurposeDeclaration
    controller: Controller
    items: tuple[DataItem, ...]
    state: GrantState
    given_at: float
    expires_at: float
    changed_at: float
    record: str
    """The IRI of the consent record in the pod."""
    language: str = ""
    """The language in which the notice was read before the decision, where it is known."""


@dataclass(frozen=True, slots=True)
class ServiceGrant:
    """A grant as the grantee sees it: never a WebID, and a place in a pod only where it may read rows."""

    id: GrantId
    pairwise: Pairwise
    items: tuple[DataItem, ...]
    expires_at: float
    resources: tuple[str, ...] = ()
    """IRIs of the containers that hold what `rows` items cover."""
    elsewhere: bool = False
    """Whether it was given on another server: `resources` are whole documents there, and only the service itself
    keeps to `items` and to the end."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the person's access log in words: who, when, what, why, and whether it was allowed."""

    seq: int
    at: float
    agent: str | None
    agent_name: str | None
    """The registered name of the controller, if the agent is one."""
    client: str | None
    path: str
    action: str
    permitted: bool
    reason: str
    grant: str | None
    purpose: str | None
    purpose_title: Mapping[str, str]
    digest: str
