"""Refusals in an owner's log: each has a line at first; when they become many, a few lines say how many."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime

SPAN = 3600.0  # seconds within which refusals are counted together
FIRST = 20  # refusals of one agent in one pod that leave a line each: enough to see what was tried
FIRST_OF_POD = 500  # lines of all agents together, since WebIDs cost a stranger nothing
MOST_COUNTED = 10_000  # counts kept by one worker; the oldest give way


@dataclass(slots=True)
class _Count:
    since: float
    refused: int = 0
    told: int = 0
    """How many of them the log knows of, by a line each or by a number."""


class Refusals:
    """Decides which refusals leave a line. Each worker counts its own.

    Beyond the first, lines are written when the count has doubled: an hour of refusals costs the log a dozen lines,
    and what its last line says is at least half of the truth.
    """

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[int, str | None], _Count] = OrderedDict()

    def count(self, pod: int, webid: str, at: float) -> str | None:
        """Count a refusal and return what its line says beside the reason; None if it gets no line."""
        whole, before_all = self._counted((pod, None), at)
        own, before = self._counted((pod, webid), at)
        if whole.refused > FIRST_OF_POD:
            many, first, whose = whole, FIRST_OF_POD, "in this pod"
        else:
            many, first, whose = own, FIRST, "to this agent"
        folded = before_all is not None and before_all.refused > FIRST_OF_POD
        said = [*_ended(before_all if folded else None, "in this pod"), *_ended(before, "to this agent")]
        if many.refused > first:
            if not _doubled(many.refused, first):
                return None
            said.append(f"{many.refused} refusals {whose} since {_time(many.since)}, not all with a line.")
        own.told = own.refused
        whole.told = whole.refused if many is whole else whole.told + 1
        return "".join(f" {each}" for each in said)

    def _counted(self, key: tuple[int, str | None], at: float) -> tuple[_Count, _Count | None]:
        """Return the count with this refusal in it, and the one that has just ended."""
        count, ended = self._counts.pop(key, None), None
        if count is not None and at - count.since >= SPAN:
            count, ended = None, count
        count = count or _Count(at)
        count.refused += 1
        self._counts[key] = count
        while len(self._counts) > MOST_COUNTED:
            self._counts.popitem(last=False)
        return count, ended


def _ended(count: _Count | None, whose: str) -> list[str]:
    if count is None or count.told >= count.refused:
        return []
    return [f"In the hour from {_time(count.since)} there were {count.refused} refusals {whose}."]


def _doubled(count: int, first: int) -> bool:
    times, rest = divmod(count, first)
    return rest == 0 and times & (times - 1) == 0


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%MZ")
