"""Allotment: from the claims of a run to what each member gets and what the pool gets, exact to the cent."""

from __future__ import annotations

from collections.abc import Mapping

from apps.valueback.model import BASIS_POINTS, Programme
from apps.valueback.split import divided, divided_among


def value_of(programme: Programme, amount: int) -> int:
    """Return the value that so many eligible units generate, in whole cents, rounded down."""
    return amount * programme.rate_cents // programme.rate_per


def allotted(programme: Programme, amounts: Mapping[str, int], available: int) -> dict[str, tuple[int, int]]:
    """Return (member's share, part for the pool) by member.

    The value of all claims together, or what is left of the budget if that is less, is divided in
    proportion to the amounts; nobody's part depends on anything but their amount and the whole.
    """
    whole = min(value_of(programme, sum(amounts.values())), available)
    parts = divided_among(whole, amounts)
    weights = (programme.member_bp, BASIS_POINTS - programme.member_bp)
    return {name: _pair(divided(part, weights)) for name, part in parts.items()}


def payout(pool: int, votes: Mapping[str, int]) -> dict[str, int]:
    """Return what each project gets of a run's pool: in proportion to its votes, nothing if nobody voted."""
    counted = {project: number for project, number in votes.items() if number > 0}
    if not counted or not pool:
        return {}
    return {project: part for project, part in divided_among(pool, counted).items() if part}


def _pair(parts: list[int]) -> tuple[int, int]:
    first, second = parts
    return first, second
