"""The values of value-back: programmes, runs, claims and shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from apps.refusal import Refusal
from vocab.claim_rules import RULE_TEXTS, RuleText
from vocab.codes import Label
from vocab.pages import msg

CURRENCY = "EUR"
BASIS_POINTS = 10_000


class ValueBackError(Refusal):
    """Base of what can be refused here. `status` is the HTTP status of the refusal."""

    status = 400
    code = "bad-request"


class BadProgramme(ValueBackError):
    """A programme that cannot be published; the message names the field."""

    status = 422
    code = "bad-programme"


class BadRun(ValueBackError):
    """A run that cannot be started or continued."""

    status = 409
    code = "bad-run"


class BadVote(ValueBackError):
    """A vote that does not count: not a credential of ours, used already, too late."""

    status = 403
    code = "bad-vote"


class AlreadyVoted(BadVote):
    """The credential was used."""

    status = 409
    code = "already-voted"


class NotPermitted(ValueBackError):
    """The organisation may not do this."""

    status = 403
    code = "forbidden"


class Missing(ValueBackError):
    """Nothing there."""

    status = 404
    code = "not-found"


@dataclass(frozen=True, slots=True)
class Project:
    """A community project that the pool may pay for."""

    id: str
    title: Label
    text: Label


@dataclass(frozen=True, slots=True)
class Programme:
    """One published version of a programme. It never changes; `document` is what the digest covers."""

    iri: str
    series: str
    """IRI that all its versions share: a receipt counts once in all of them together."""
    name: str
    version: int
    organisation: str
    """Name of the cooperative that runs it."""
    title: Label
    text: Label
    rule: RuleText
    issuers: tuple[tuple[str, str], ...]
    """IRI and name of each member whose receipts count."""
    first: str
    last: str
    rate_cents: int
    rate_per: int
    """So many cents for so many units of what the rule counts: 200 for 10,000 is two per cent."""
    member_bp: int
    """Part of the value that returns to members, in basis points; the rest goes to the pool."""
    budget: int
    """Cents that all runs together may give at most; the ledger enforces it."""
    projects: tuple[Project, ...]
    vote_days: int
    valid_until: str
    digest: str
    purpose: str | None = None
    """IRI of the purpose declaration, once published."""
    published_at: float = 0.0
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def project(self, project_id: str) -> Project | None:
        return next((one for one in self.projects if one.id == project_id), None)


class Phase(StrEnum):
    """Where a run stands. Each step can be repeated after a crash; none is repeated once it is done."""

    COLLECTING = "collecting"
    POSTING = "posting"
    DELIVERING = "delivering"
    VOTING = "voting"
    CLOSED = "closed"


NEXT: Mapping[Phase, Phase] = {
    Phase.COLLECTING: Phase.POSTING,
    Phase.POSTING: Phase.DELIVERING,
    Phase.DELIVERING: Phase.VOTING,
    Phase.VOTING: Phase.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One distribution of a programme over whole months."""

    id: str
    programme: str
    first: str
    last: str
    phase: Phase
    started_at: float
    vote_until: float | None
    """Set when voting opens."""


class ClaimState(StrEnum):
    """What became of one grant in a run."""

    COUNTED = "counted"
    EMPTY = "empty"
    DISPUTED = "disputed"
    """A receipt in it was counted before, under a claim of another host: nothing is paid until people looked."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run knows of one member: sums under a pairwise pseudonym, never a receipt."""

    run: str
    grant: str
    pairwise: str
    state: ClaimState
    amount: int
    count: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a run gives for one member's claim: a part to the member, a part to the pool."""

    run: str
    grant: str
    pairwise: str
    amount: int
    count: int
    share: int
    pool: int


def rule_named(iri: str) -> RuleText:
    """Return a published rule; raise BadProgramme with the rules that there are."""
    found = RULE_TEXTS.get(iri)
    if found is None:
        raise BadProgramme(
            msg("there is no rule {rule}; choose one of {known}"),
            field="rule",
            rule=iri,
            known=", ".join(RULE_TEXTS),
        )
    return found
