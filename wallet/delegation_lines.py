"""Lines of the access log about acting for somebody, in words: who, for whom, as what, and what they did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from consent.client.people import Power
from consent.model import LogLine
from vocab.pages import Translator, msg
from wallet.delegation_words import KINDS
from wallet.visit import Visit

_ACTED, _LIFE = "acted for another person", "delegation "
_DEED = re.compile(r"(\w+), as (\w+) of (\S+)")
_SIDES = re.compile(r"(\S+), (\w+) of (\S+)")
_PREFERENCES = "/.consent/preferences"

DEEDS: Mapping[str, str] = {
    "give": msg("consent given or prepared"),
    "refuse": msg("request refused or put off"),
    "withdraw": msg("consent withdrawn"),
    "rights": msg("rights used or looked at"),
}
LOOKS: tuple[tuple[str, str], ...] = (
    ("/.consent/requests", msg("requests looked at")),
    ("/.consent/deferrals", msg("requests looked at")),
    ("/.consent/offers", msg("requests looked at")),
    ("/.consent/grants", msg("consents looked at")),
    ("/.consent/totals", msg("consents looked at")),
    ("/.consent/log", msg("this log looked at")),
)
LIVES: Mapping[str, str] = {
    "proposed": msg("mandate proposed: {delegate}, for {person}, as {kind}"),
    "active": msg("mandate begun: {delegate}, for {person}, as {kind}"),
    "ended": msg("mandate ended: {delegate}, for {person}, as {kind}"),
}
DECIDED: Mapping[str, str] = {
    "consent given": msg("consent given in the name of {person}"),
    "consent refused": msg("request refused in the name of {person}"),
    "consent withdrawn": msg("consent withdrawn in the name of {person}"),
    "consent suspended": msg("consent put to rest in the name of {person}"),
    "consent resumed": msg("consent put into force again in the name of {person}"),
}
"""What somebody else decided, without a verb: Italian verbs say whether it was you."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line in words. `name` is the agent's alone; `look` says that nothing was done but looking."""

    who: str
    did: str
    name: str
    look: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """The names of people by WebID, and whose eyes read."""

    reader: str
    known: Mapping[str, str] = field(default_factory=dict)

    def of(self, webid: str, _: Translator) -> str:
        """Return somebody's name after a preposition: `you`, a name, or the address where there is none."""
        return _("you") if webid == self.reader else self.known.get(webid, webid)


async def names_of(visit: Visit) -> Names:
    """Return the names of those who act for the person, and of those for whom the person acts."""
    known = (await visit.people.listed()).names()
    if visit.acting is not None:
        known[visit.acting.person] = visit.acting.name
    return Names(visit.person.session.webid, known)


def told(line: LogLine, owner: str, names: Names, _: Translator) -> Told | None:
    """Return who did what if the line is about acting for somebody, or about a rule that decided; None otherwise."""
    if line.action == _ACTED:
        return _deed(line, names, _)
    if line.action.startswith(_LIFE):
        return _life(line, names, _)
    if line.agent == owner and (line.client or "").endswith(_PREFERENCES):
        rule = _("Your standing preference")
        return Told(rule, _("refused it for you: you were not disturbed"), rule)
    if line.action in DECIDED and line.agent not in (None, owner) and not line.agent_name:
        name = _name(line.agent or "", names, _)
        return Told(f"{name}:", _(DECIDED[line.action], person=names.of(owner, _)), name)
    return None


def _deed(line: LogLine, names: Names, _: Translator) -> Told | None:
    found = _DEED.fullmatch(line.reason)
    if found is None:
        return None
    power, kind, person = found.groups()
    looked = next((words for start, words in LOOKS if line.path.startswith(start)), msg("data looked at"))
    name = _name(line.agent or "", names, _)
    who = _("{name}, for {person}, as {kind}:", name=name, person=names.of(person, _), kind=_(KINDS[kind][0]))
    return Told(who, _(DEEDS.get(power, looked)), name, look=power == Power.SEE)


def _life(line: LogLine, names: Names, _: Translator) -> Told | None:
    found = _SIDES.fullmatch(line.reason)
    words = LIVES.get(line.action.removeprefix(_LIFE))
    if found is None or words is None:
        return None
    delegate, kind, person = found.groups()
    # The operator has no WebID.
    who = _name(line.agent, names, _) if line.agent else _("The pod host")
    sides = {"delegate": names.of(delegate, _), "person": names.of(person, _)}
    return Told(f"{who}:", _(words, **sides, kind=_(KINDS[kind][0])), who)


def _name(webid: str, names: Names, _: Translator) -> str:
    return _("You") if webid == names.reader else names.known.get(webid, webid)
