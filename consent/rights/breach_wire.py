"""Breaches as JSON: all of it for who handles one, and what art. 34(3)(c) lets everybody read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from consent.rights.breach_sql import Breach
from consent.wire import timestamp


def public_json(breach: Breach, names: Mapping[str, str], at: float) -> dict[str, Any]:
    """Return what everybody may know: no agent but a registered organisation, no number of people, no entries."""
    who = breach.agent or breach.opened_by
    return {
        "id": breach.id,
        "state": breach.state.value,
        "organisation": {"iri": who, "name": names[who]} if who in names else None,
        "nature": breach.nature,
        "data": list(breach.data),
        "consequences": breach.consequences,
        "measures": breach.measures,
        "contact": breach.contact,
        "begins": timestamp(breach.begins),
        "ends": timestamp(breach.ends),
        "aware_at": timestamp(breach.aware_at),
        "due_at": timestamp(breach.due_at),
        "hours_left": breach.hours_left(at),
        "overdue": breach.overdue(at),
        "reported_at": _moment(breach.authority_at),
        "told_at": _moment(breach.notified_at),
        "published_at": _moment(breach.public_at),
    }


def breach_json(
    breach: Breach, names: Mapping[str, str], entries: Sequence[tuple[float, str]], told: int, at: float
) -> dict[str, Any]:
    """Return an entry for who handles it; it counts people and names none."""
    return {
        **public_json(breach, names, at),
        "agent": breach.agent,
        "client": breach.client,
        "opened_by": breach.opened_by,
        "affected": breach.affected,
        "told": told,
        "closed_at": _moment(breach.closed_at),
        "entries": [{"at": timestamp(when), "text": words} for when, words in entries],
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else timestamp(at)
