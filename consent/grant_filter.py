"""Which of their decisions somebody asks for: by state, organisation, programme, words, time, or by number; and how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent.model import GrantState
from consent.wire import seconds, timestamp

ENDING_DAYS = 30  # one month: whoever looks in now and then sees the reminder before the end
MOST_IDS = 100  # decisions asked for by number at once
MOST_WORDS = 200  # characters to look for
_TEXTS = ("controller", "programme", "words")


@dataclass(frozen=True, slots=True)
class GrantFilter:
    """All that is set must hold of a decision; states are those of the moment at which it is looked at."""

    state: GrantState | None = None
    controller: str | None = None
    programme: str | None = None
    """The identifier of a purpose: all its versions."""
    words: str | None = None
    """All of them stand in a title, in any language, or in the organisation's name."""
    since: float | None = None
    """When something last happened to it, or later."""
    ending: bool = False
    """In force, past half of its time, and over within a month."""
    ids: tuple[str, ...] | None = None

    def query(self) -> dict[str, str]:
        """Return the filter as parameters of an address."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        return {
            **{name: text for name, text in texts.items() if text is not None},
            **({"state": self.state.value} if self.state is not None else {}),
            **({"since": timestamp(self.since)} if self.since is not None else {}),
            **({"ending": "true"} if self.ending else {}),
            **({"ids": ",".join(self.ids)} if self.ids is not None else {}),
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """How many decisions there are by state, and by organisation as (IRI, name, number), the most first."""

    states: Mapping[GrantState, int]
    organisations: Sequence[tuple[str, str, int]]


def totals_json(totals: Totals) -> dict[str, Any]:
    """Return the numbers as JSON."""
    return {
        "states": {state.value: count for state, count in totals.states.items()},
        "organisations": [
            {"id": iri, "name": name, "grants": count} for iri, name, count in totals.organisations
        ],
    }


def totals_value(plain: Mapping[str, Any]) -> Totals:
    """Return the numbers that `totals_json` wrote."""
    return Totals(
        {GrantState(state): count for state, count in plain["states"].items()},
        [(one["id"], one["name"], one["grants"]) for one in plain["organisations"]],
    )


EVERY_GRANT = GrantFilter()


def grant_filter(parameters: Mapping[str, str]) -> GrantFilter:
    """Return the filter that `query` wrote; raise ValueError naming the parameter that is wrong."""
    texts = {name: parameters.get(name) for name in _TEXTS}
    if len(texts["words"] or "") > MOST_WORDS:
        raise ValueError(f"?words= has at most {MOST_WORDS} characters")
    state, ids = parameters.get("state"), parameters.get("ids")
    if state is not None and state not in list(GrantState):
        raise ValueError(f"?state= is one of {', '.join(GrantState)}")
    if parameters.get("ending") not in (None, "true"):
        raise ValueError("?ending= is true, or left out")
    named = tuple(filter(None, ids.split(","))) if ids is not None else None
    if named is not None and len(named) > MOST_IDS:
        raise ValueError(f"?ids= names at most {MOST_IDS} decisions")
    try:
        since = seconds(parameters["since"]) if "since" in parameters else None
    except ValueError as error:
        raise ValueError("?since= is a time such as 2026-11-22T08:00:00Z") from error
    return GrantFilter(
        **texts,
        state=GrantState(state) if state is not None else None,
        since=since,
        ending="ending" in parameters,
        ids=named,
    )
