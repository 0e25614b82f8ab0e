"""Dice that always fall the same: each throw depends on the seed and on what is being decided, on nothing else.

So the town can be built lazily, in any order, on any machine and in parts, and is always the same town.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dice:
    """Throws keyed by (what, who)."""

    seed: str

    def below(self, limit: int, what: str, who: object) -> int:
        """Return an integer from 0 up to, not including, the limit."""
        digest = blake2b(f"{self.seed}\n{what}\n{who}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) * limit >> 64

    def one_of(self, choices: Sequence[T], what: str, who: object) -> T:
        """Return one of the choices, each as likely as the other."""
        return choices[self.below(len(choices), what, who)]

    def weighted(self, choices: Sequence[tuple[T, int]], what: str, who: object) -> T:
        """Return one of the choices, as likely as its integer weight says."""
        bounds = list(accumulate(weight for _, weight in choices))
        return choices[bisect_right(bounds, self.below(bounds[-1], what, who))][0]

    def falls(self, chance: float, what: str, who: object) -> bool:
        """Return whether something of this chance happens."""
        return self.below(1_000_000, what, who) < chance * 1_000_000
