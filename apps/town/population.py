"""How many people live where. Published figures where there are any, the rest shared out by hand.

Published: Orologio, Ospizio, Villaggio Stranieri and Cavazzoli (31-12-2019), the totals of districts C, D and H,
Cavriago (31-1-2024) and the town's 172,921 (2026). All other numbers are rounded guesses that add up.
"""

from __future__ import annotations

from collections import Counter

from vocab.places import NEIGHBOURHOOD, district_of

_DISTRICT_TOTALS = {
    "a": 8_000,
    "b": 28_000,
    "c": 19_000,
    "d": 43_000,
    "e": 27_500,
    "f": 9_000,
    "g": 9_500,
    "h": 17_000,
    "centro": 10_921,
    "cavriago": 9_908,
}
_PUBLISHED = {
    "cavazzoli": 1_378,
    "cavriago": 9_908,
    "orologio": 3_850,
    "ospizio": 6_429,
    "villaggio-stranieri": 5_826,
}


def residents() -> tuple[tuple[str, int], ...]:
    """Return (neighbourhood, residents) in code list order; what is left of a district is shared equally."""
    open_places: Counter[str] = Counter()
    left = Counter(_DISTRICT_TOTALS)
    for notation in NEIGHBOURHOOD.notations:
        district = district_of(notation)
        if notation in _PUBLISHED:
            left[district] -= _PUBLISHED[notation]
        else:
            open_places[district] += 1
    return tuple(
        (
            notation,
            _PUBLISHED.get(notation) or left[district_of(notation)] // open_places[district_of(notation)],
        )
        for notation in NEIGHBOURHOOD.notations
    )
