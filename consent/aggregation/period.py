"""Whole months: the only periods that a programme or a question may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from consent.aggregation.errors import QueryRefused

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """From one month to another, both included, counted in months since year 0."""

    first: int
    last: int

    def within(self, other: Period) -> bool:
        """Say whether the other period holds all of this one."""
        return other.first <= self.first and self.last <= other.last

    def months(self) -> tuple[str, ...]:
        """Return the months as `2017-03`."""
        return tuple(month_text(number) for number in range(self.first, self.last + 1))

    def document(self) -> dict[str, str]:
        """Return the period as JSON has it."""
        return {"from": month_text(self.first), "to": month_text(self.last)}


def period(document: Any, pointer: str) -> Period:
    """Return the period of `{"from": "2017-01", "to": "2017-12"}`; raise QueryRefused."""
    if not isinstance(document, dict) or set(document) != {"from", "to"}:
        raise QueryRefused(pointer, 'give the first and the last month: {"from": "2017-01", "to": "2017-12"}')
    numbers = []
    for key in ("from", "to"):
        match = _MONTH.fullmatch(str(document[key]))
        if match is None:
            raise QueryRefused(f"{pointer}/{key}", "not a month such as 2017-03; periods are whole months")
        numbers.append(int(match[1]) * 12 + int(match[2]) - 1)
    if numbers[0] > numbers[1]:
        raise QueryRefused(f"{pointer}/to", "earlier than from; give the last month of the period")
    return Period(*numbers)


def month_text(number: int) -> str:
    """Return `2017-03` for a month's number."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
