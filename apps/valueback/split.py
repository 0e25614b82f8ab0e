"""Division of whole cents by largest remainder: parts are never negative and sum to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

K = TypeVar("K", bound=str)


def divided(whole: int, weights: Sequence[int]) -> list[int]:
    """Return parts of `whole` in proportion to the weights.

    Cents that are left over go to the largest remainders; of equal ones to the earlier, so that the same
    input always gives the same parts. ValueError for negative input, or a whole that nobody can get.
    """
    total = sum(weights)
    if whole < 0 or any(weight < 0 for weight in weights) or (whole and not total):
        raise ValueError("divided: needs a whole and weights of zero or more, and one weight above zero")
    if not total:
        return [0] * len(weights)
    parts = [whole * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda one: (-(whole * weights[one] % total), one))
    for one in by_remainder[: whole - sum(parts)]:
        parts[one] += 1
    return parts


def divided_among(whole: int, weights: Mapping[K, int]) -> dict[K, int]:
    """Return the parts by name; the order of the mapping does not matter, names decide ties."""
    names = sorted(weights)
    return dict(zip(names, divided(whole, [weights[name] for name in names]), strict=True))
