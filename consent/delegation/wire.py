"""Delegations and drafts as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from consent import wire
from consent.delegation.drafts_sql import Draft
from consent.delegation.model import ENDED_BY_PERSON, PREPARES_ONLY, Delegation, DelegationState
from pods.storage.base import Pod


@dataclass(frozen=True, slots=True)
class Sides:
    """What a page shows of the two sides of a delegation beside their WebIDs."""

    person_name: str
    delegate_name: str
    storage: str
    """Where the person's data lies."""
    flows: bool
    """Powers flow from it now: it is at work, and whom it waits for (an heir waits for a death) has come."""


def delegation_json(value: Delegation, pod: Pod, sides: Sides, at: float) -> dict[str, Any]:
    """Return a delegation as its two sides see it. The evidence stays between the operator and the record."""
    over = value.ends is not None and at >= value.ends
    state = DelegationState.ENDED if over else value.state
    return {
        "id": value.id,
        "person": pod.owner,
        "person_name": sides.person_name,
        "storage": sides.storage,
        "delegate": value.delegate,
        "delegate_name": sides.delegate_name,
        "kind": value.kind.value,
        "powers": sorted(power.value for power in value.powers),
        "state": state.value,
        "starts": wire.timestamp(value.starts),
        "ends": wire.timestamp(value.ends) if value.ends is not None else None,
        "exclusive": value.exclusive,
        "ended_by_person": value.kind in ENDED_BY_PERSON,
        "prepares_only": value.kind in PREPARES_ONLY,
        "flows": sides.flows,
    }


def draft_json(value: Draft) -> dict[str, Any]:
    """Return an answer that waits for the person."""
    return {
        "purpose": value.purpose,
        "items": wire.items_json(value.items),
        "expires_at": wire.timestamp(value.ends),
        "prepared_by": value.prepared_by,
        "prepared_at": wire.timestamp(value.at),
    }
