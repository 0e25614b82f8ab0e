"""What the owner of a pod decided, in pages: the latest change first, however many there are, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from consent.grant_filter import ENDING_DAYS, EVERY_GRANT, GrantFilter, Totals
from consent.model import DAY, GrantId, GrantState
from pods.storage.base import Transaction

QUESTIONS = (GrantState.UNKNOWN, GrantState.ASKED, GrantState.DEFERRED)
"""States in which nothing was decided yet."""
LOOKED_THROUGH = 500  # decisions of one page whose words are looked at: a few milliseconds
MOST_ORGANISATIONS = 500  # named with the totals, those with the most decisions
_QUESTIONS = tuple(state.value for state in QUESTIONS)
_LASTING = (GrantState.GIVEN.value, GrantState.SUSPENDED.value)
"""States that end by the clock alone."""
_DECIDED = "g.pod = ? AND g.state NOT IN (?, ?, ?)"
_PAGE = (
    "SELECT g.changed_at, g.id{words} FROM grant_ g{tables} WHERE {conditions}"
    " ORDER BY {order} DESC, g.id LIMIT ?"
)
_STATES = (
    "SELECT g.state, count(*), sum(CASE WHEN g.expires_at <= ? THEN 1 ELSE 0 END)"  # noqa: S608  # constants only
    " FROM grant_ g WHERE " + _DECIDED + " GROUP BY g.state"
)
_ORGANISATIONS = (
    "SELECT found.controller, c.name, found.many FROM (SELECT g.controller, count(*) AS many"  # noqa: S608  # constants only
    " FROM grant_ g WHERE " + _DECIDED + " GROUP BY g.controller ORDER BY 2 DESC, 1 LIMIT ?) found"
    " JOIN controller c ON c.iri = found.controller"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the list a grant stands."""

    changed_at: float
    id: GrantId

    def text(self) -> str:
        """Return the place for an address."""
        return f"{self.changed_at!r}_{self.id}"


@dataclass(frozen=True, slots=True)
class Places:
    """Some decisions, and the place after which to look further; None after the last.

    Where words are looked for it may be few of them, even none, and there is more to look through all the same.
    """

    found: Sequence[Place]
    further: Place | None


def place(text: str) -> Place:
    """Return the place that `Place.text` wrote; raise ValueError for anything else."""
    changed_at, _, grant_id = text.partition("_")
    if not grant_id.isalnum() or not grant_id.isascii():
        raise ValueError(f"{text[:80]!r} is no place in the list")
    return Place(float(changed_at), GrantId(grant_id))


def page(
    tx: Transaction,
    pod: int,
    after: Place | None,
    limit: int,
    *,
    wanted: GrantFilter = EVERY_GRANT,
    at: float = 0.0,
) -> Places:
    """Return the places that follow one, or the first ones, of the decisions that are wanted at a time."""
    conditions, parameters = [_DECIDED], [pod, *_QUESTIONS]
    for condition, values in _conditions(wanted, at):
        conditions.append(condition)
        parameters += values
    if after is not None:
        conditions.append("g.changed_at <= ? AND (g.changed_at < ? OR g.id > ?)")
        parameters += [after.changed_at, after.changed_at, after.id]
    looked = LOOKED_THROUGH if wanted.words else limit
    statement = _PAGE.format(
        words=", p.document, c.name" if wanted.words else "",
        tables=" JOIN purpose p ON p.iri = g.purpose JOIN controller c ON c.iri = g.controller"
        if wanted.words
        else "",
        conditions=" AND ".join(conditions),
        # Few decisions are found by their names and then sorted; SQLite would rather walk through all in order.
        order="g.changed_at + 0"
        if wanted.programme is not None or wanted.ids is not None
        else "g.changed_at",
    )
    rows = tx.execute(statement, (*parameters, looked + 1))
    sought = (wanted.words or "").casefold().split()
    found: list[Place] = []
    for number, row in enumerate(rows):
        if number == looked or len(found) == limit:
            return Places(found, _place(rows[number - 1]))
        if not sought or _stand_in(sought, row):
            found.append(_place(row))
    return Places(found, None)


def totals(tx: Transaction, pod: int, at: float) -> Totals:
    """Return how many decisions there are at a time: two statements over indexes, no decision is read."""
    states: Counter[GrantState] = Counter()
    for state, count, past in tx.execute(_STATES, (at, pod, *_QUESTIONS)):
        ended = int(past) if state in _LASTING else 0
        states[GrantState(state)] += count - ended
        states[GrantState.EXPIRED] += ended
    organisations = tx.execute(_ORGANISATIONS, (pod, *_QUESTIONS, MOST_ORGANISATIONS))
    return Totals(
        {state: count for state, count in states.items() if count},
        sorted(
            ((iri, name, count) for iri, name, count in organisations),
            key=lambda one: (-one[2], one[1], one[0]),
        ),
    )


def _conditions(wanted: GrantFilter, at: float) -> Iterator[tuple[str, list[Any]]]:
    """Yield what must hold, as text without values and the values."""
    state = wanted.state.value if wanted.state is not None else None
    if state in _LASTING:
        yield "g.state = ? AND g.expires_at > ?", [state, at]
    elif state == GrantState.EXPIRED.value:
        yield "(g.state = ? OR (g.state IN (?, ?) AND g.expires_at <= ?))", [state, *_LASTING, at]
    elif state is not None:
        yield "g.state = ?", [state]
    if wanted.ending:
        yield (
            "g.state = ? AND g.expires_at > ? AND g.expires_at < ? AND (g.expires_at - ?) * 2 < g.expires_at - g.given_at",
            [GrantState.GIVEN.value, at, at + ENDING_DAYS * DAY, at],
        )
    if wanted.controller is not None:
        yield "g.controller = ?", [wanted.controller]
    if wanted.programme is not None:
        # The few versions lead to the decisions, by the key of pod and purpose.
        yield "g.purpose IN (SELECT iri FROM purpose WHERE identifier = ?)", [wanted.programme]
    if wanted.since is not None:
        yield "g.changed_at >= ?", [wanted.since]
    if wanted.ids is not None:
        yield f"g.id IN ({', '.join('?' * len(wanted.ids)) or 'NULL'})", list(wanted.ids)


def _stand_in(sought: Sequence[str], row: Sequence[Any]) -> bool:
    _, _, document, name = row
    text = "\n".join([*orjson.loads(document)["title"].values(), name]).casefold()
    return all(word in text for word in sought)


def _place(row: Sequence[Any]) -> Place:
    return Place(row[0], GrantId(row[1]))
