"""What happened to a grant, as its record tells it: the events, and the notice that was read before each."""

from __future__ import annotations

from consent import events_sql, notice_sql
from consent.records import Event
from pods.storage.base import Transaction


def events(tx: Transaction, grant_id: str, *, after: int = 0) -> list[Event]:
    """Return what happened to a grant after the event of a number, the oldest first; by default everything."""
    read = notice_sql.languages(tx, grant_id, after=after)
    return [
        Event(*event, language=read.get(number, ""))
        for number, event in events_sql.after(tx, grant_id, after)
    ]


def count(tx: Transaction, grant_id: str) -> int:
    """Return how much happened to a grant."""
    return events_sql.count(tx, grant_id)


def agreed(tx: Transaction, grant_id: str) -> Event | None:
    """Return the consent that a grant rests on, or rested on last; None where none was ever given."""
    found = events_sql.agreed(tx, grant_id)
    return Event(*found) if found is not None else None
