"""From the form of a question to the closed query, and what precision costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Any

NORMAL_QUANTILE = 1.96  # 95 %
RHOS = (0.005, 0.02, 0.05, 0.1, 0.2)
PLACES = 3  # dimensions that a table can have


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as somebody fills it in."""

    measure: str = ""
    group_by: Sequence[str] = ()
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    rho: str = ""


def query(asked: Asked, programme: str, terms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the query; whatever does not fit the programme is for the pod host to refuse, with its reasons."""
    known = {measure_key(one): one for one in terms["measures"]}
    chosen = known.get(asked.measure, {"function": asked.measure})
    try:
        rho: float | str = float(asked.rho)
    except ValueError:
        rho = asked.rho
    return {
        "programme": programme,
        "measure": {name: chosen[name] for name in ("function", "property") if name in chosen},
        "group_by": list(dict.fromkeys(name for name in asked.group_by if name)),
        "where": [{"property": name, "in": list(codes)} for name, codes in asked.where.items() if codes],
        "period": {"from": asked.first, "to": asked.last},
        "rho": rho,
    }


def measure_key(measure: Mapping[str, Any]) -> str:
    """Return `sum Purchase.lineAmount`, or `people`."""
    return " ".join(measure[name] for name in ("function", "property") if name in measure)


def margin(rho: float) -> int:
    """Return the 95 % margin of a count of people under a rho, where each person is in one cell."""
    return ceil(NORMAL_QUANTILE / sqrt(2 * rho))


def months(period: Mapping[str, str]) -> list[str]:
    """Return the months of a period, `2017-01` and on."""
    first, last = (int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (period["from"], period["to"]))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last + 1)]
