"""Plain words for delegation: why somebody may act for another, what they may do, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from consent.client.people import Delegated, DelegationState, Kind, Power
from vocab.pages import Translator, msg
from vocab.pages.formats import Formats
from wallet.acting import Acting

KINDS: Mapping[str, tuple[str, str]] = {
    Kind.GUARDIAN: (
        msg("parent or guardian"),
        msg(
            "Rests on a document that the operator has seen. It ends by itself when the fourteenth birthday begins: "
            "from then on the person decides alone (art. 2-quinquies D.lgs 196/2003)."
        ),
    ),
    Kind.REPRESENTATIVE: (
        msg("legal representative"),
        msg(
            "Rests on a court's decree that the operator has seen. To end it, turn to the operator or the court."
        ),
    ),
    Kind.CAREGIVER: (
        msg("trusted person"),
        msg("Chosen freely. Either side ends it at any moment, at once."),
    ),
    Kind.CUSTODIAN: (
        msg("community custodian"),
        msg("Help at a desk for a few minutes: looks and prepares, and never gives consent."),
    ),
    Kind.HEIR: (
        msg("heir"),
        msg("Counts only after a death that the operator has on record: the rights, and no consent."),
    ),
}
"""What a kind is called, and what it rests on."""

POWERS: Mapping[str, str] = {
    Power.SEE: msg("see requests, consents and the log"),
    Power.GIVE: msg("give consent"),
    Power.REFUSE: msg("refuse requests or put them off"),
    Power.WITHDRAW: msg("withdraw consents"),
    Power.RIGHTS: msg("use the rights towards organisations (GDPR, articles 15 to 22)"),
}
PREPARES = msg("prepare answers, which the person alone confirms")
"""What the power to give means for those whose answers are drafts."""

STATES: Mapping[str, tuple[str, str]] = {
    DelegationState.PROPOSED: (msg("waits for acceptance"), "wait"),
    DelegationState.ACTIVE: (msg("at work"), "good"),
    DelegationState.ENDED: (msg("ended"), "off"),
}
WAITS = (msg("accepted, not at work yet"), "wait")


@dataclass(frozen=True, slots=True)
class Shown:
    """A delegation in words; `other` is who stands on the other side from the reader."""

    id: str
    other: str
    webid: str
    named: bool
    """`other` is a name, not an address."""
    kind: str
    about: str
    powers: tuple[str, ...]
    state: str
    badge: str
    until: str
    proposed: bool
    over: bool
    flows: bool
    mine_to_end: bool
    """The person can end it themself; a delegate always can."""


def shown(one: Delegated, other: str, name: str, _: Translator, formats: Formats) -> Shown:
    """Return a delegation as the reader sees it, with the other side's WebID and name."""
    state, badge = STATES[one.state]
    if one.state is DelegationState.ACTIVE and not one.flows:
        state, badge = WAITS
    kind, about = KINDS[one.kind]
    return Shown(
        id=one.id,
        other=name or other,
        webid=other,
        named=bool(name),
        kind=_(kind),
        about=_(about),
        powers=powers_words(one.powers, one.prepares_only, _),
        state=_(state),
        badge=badge,
        until=until_words(one.kind, one.ends, _, formats),
        proposed=one.state is DelegationState.PROPOSED,
        over=one.state is DelegationState.ENDED,
        flows=one.flows,
        mine_to_end=one.ended_by_person,
    )


def powers_words(powers: Iterable[str], prepares_only: bool, _: Translator) -> tuple[str, ...]:
    """Return powers in words, always in the same order."""
    held = frozenset(powers)
    return tuple(
        _(PREPARES if prepares_only and power is Power.GIVE else POWERS[power])
        for power in Power
        if power in held
    )


def until_words(kind: str, ends: float | None, _: Translator, formats: Formats) -> str:
    """Return until when it lasts: to the minute for a session, to the day for everything else."""
    if ends is None:
        return _("until one of the two ends it")
    if kind == Kind.CUSTODIAN:
        return _("until {time}", time=formats.clock_time(ends))
    return _("until {day}", day=formats.day(ends - 1))  # the last day on which something can be done


@dataclass(frozen=True, slots=True)
class Banner:
    """What stands above every page while somebody acts for another person."""

    name: str
    kind: str
    until: str
    powers: tuple[str, ...]
    prepares_only: bool


def banner(acting: Acting, _: Translator, formats: Formats) -> Banner:
    """Return the banner's words."""
    return Banner(
        acting.name,
        _(KINDS[acting.kind][0]),
        until_words(acting.kind, acting.ends, _, formats),
        powers_words(acting.powers, acting.prepares_only, _),
        acting.prepares_only,
    )
