"""What a person wants to see of their consents: the fields of the form, and the filter that the host gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from consent.client import MOST_WORDS, GrantFilter, Totals
from consent.model import GrantState
from vocab.pages import Translator
from wallet import words

ENDING = "ending"
"""What the form calls those that are in force and end soon."""
CHOSEN = (
    *(GrantState.GIVEN, GrantState.SUSPENDED, GrantState.WITHDRAWN, GrantState.REFUSED),
    *(GrantState.EXPIRED, GrantState.REVOKED, GrantState.SUPERSEDED),
)
"""States in the order of the form."""


@dataclass(frozen=True, slots=True)
class GrantChoice:
    """The form as it was filled in; what cannot be read counts as left empty."""

    state: str = ""
    who: str = ""
    words: str = ""

    @property
    def narrowed(self) -> bool:
        return any(asdict(self).values())

    def filter(self) -> GrantFilter:
        """Return what the host is asked for."""
        ending = self.state == ENDING
        return GrantFilter(
            state=GrantState(self.state) if self.state and not ending else None,
            controller=self.who or None,
            words=self.words or None,
            ending=ending,
        )

    def query(self, **more: str) -> str:
        """Return the choice as the query of an address."""
        return urlencode({name: value for name, value in {**asdict(self), **more}.items() if value})


def grant_choice(parameters: Mapping[str, str]) -> GrantChoice:
    """Return the choice in the query of an address."""
    state = parameters.get("state", "")
    return GrantChoice(
        state=state if state == ENDING or state in list(CHOSEN) else "",
        who=parameters.get("who", "")[:500],
        words=parameters.get("words", "").strip()[:MOST_WORDS],
    )


def states(totals: Totals, choice: GrantChoice, _: Translator) -> list[tuple[str, str]]:
    """Return the states that can be chosen, each with how many consents are in it; those with none only if chosen."""
    found = [
        (state.value, f"{words.state_words(state, _)[0]} ({totals.states.get(state, 0)})")
        for state in CHOSEN
        if totals.states.get(state) or choice.state == state.value
    ]
    in_force = totals.states.get(GrantState.GIVEN, 0)
    return [*found[:1], (ENDING, _("in force, ending within a month")), *found[1:]] if in_force else found


def organisations(totals: Totals, chosen: str, shown: str) -> list[tuple[str, str]]:
    """Return who can be chosen, by WebID and name: whom the person answered, and who is chosen now (`shown`)."""
    known = {iri: name for iri, name, _count in totals.organisations}
    if chosen and chosen not in known:
        known[chosen] = shown
    return sorted(known.items(), key=lambda one: one[1].casefold())
