"""Allotment: from the claims of a run to what each member gets and what the pool gets, exact to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.valueback.model import BASIS_POINTS, Programme
from apps.valueback.split import divided, divided_among

QUORUM = 5
"""Votes that a run needs for the vote to decide: fewer would give single people away."""


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


def payout(pool: int, votes: Mapping[str, int], projects: Sequence[str]) -> dict[str, int]:
    """Return what each project gets of a run's pool: in proportion to its votes.

    Below the quorum, where the payout would show how single people voted, all projects get equal parts.
    """
    counted = {project: votes.get(project, 0) for project in projects}
    weights = counted if sum(counted.values()) >= QUORUM else dict.fromkeys(projects, 1)
    return {project: part for project, part in divided_among(pool, weights).items() if part}


def _pair(parts: list[int]) -> tuple[int, int]:
    first, second = parts
    return first, second
