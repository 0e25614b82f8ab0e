"""What happened to a grant, as its record tells it: the events, and the notice that was read before each."""

from __future__ import annotations

from consent import grants_sql, notice_sql
from consent.records import Event
from pods.storage.base import Transaction


def events(tx: Transaction, grant_id: str) -> list[Event]:
    """Return everything that happened to a grant, the oldest first."""
    read = notice_sql.languages(tx, grant_id)
    return [
        Event(*event, language=read.get(number, ""))
        for number, event in enumerate(grants_sql.events(tx, grant_id), start=1)
    ]
