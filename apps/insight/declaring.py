"""From the form of a programme to the purpose declaration that people are asked to agree to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.insight.fields import DATES, ROW_SHAPES, SHAPE_NAMES, measures

TEXTS = ("title", "text", "consequence_of_refusal")
LANGUAGES = ("it", "en")
RETENTION_DAYS = 3650  # released tables stay public; of people, nothing is kept
MOST = 2**53  # what every reader of JSON takes for the same number (RFC 8259, 6)


@dataclass(frozen=True, slots=True)
class Draft:
    """A programme as somebody fills it in; every value is still a text."""

    values: Mapping[str, str] = field(default_factory=dict)
    dimensions: Sequence[str] = ()
    measures: Sequence[str] = ()


class BadDraft(ValueError):
    """A field that cannot be understood. `name` is the field."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def declaration(draft: Draft, *, version: int, recipient: str) -> dict[str, Any]:
    """Return the document to publish; raise BadDraft for a number that is none."""
    chosen = [one for one in measures() if one.key in draft.measures]
    bounded = []
    for one in chosen:
        entry: dict[str, Any] = one.document()
        if one.name is not None:
            factor = 100 if one.money else 1
            entry |= {"upper": _whole(draft, f"upper {one.key}") * factor}
            entry |= {"lower": 0} if one.function == "sum" else {}
        bounded.append(entry)
    named = [*draft.dimensions, *(one.name for one in chosen if one.name)]
    return {
        "id": draft.values.get("id", "").strip(),
        "version": version,
        **{name: {tag: draft.values.get(f"{name}_{tag}", "").strip() for tag in LANGUAGES} for name in TEXTS},
        "legal_basis": "gdpr:A6-1-a",
        "items": _items(named),
        "recipients": [recipient],
        "retention_days": RETENTION_DAYS,
        "valid_until": draft.values.get("valid_until", ""),
        "programme": {
            "dimensions": list(draft.dimensions),
            "measures": bounded,
            "l0": _whole(draft, "l0"),
            "rho_total": _number(draft, "rho_total"),
            "k_min": _whole(draft, "k_min"),
            "min_participants": _whole(draft, "min_participants"),
            "period": {"from": draft.values.get("from", ""), "to": draft.values.get("to", "")},
        },
    }


def _items(named: Sequence[str]) -> list[dict[str, Any]]:
    """Return what people are asked for: the named properties, and the date of every dated shape among them."""
    items = []
    for shape in SHAPE_NAMES:
        properties = {name.partition(".")[2] for name in named if name.startswith(f"{shape}.")}
        if properties and shape in ROW_SHAPES:
            properties.add(DATES[shape].name)
        if properties:
            items.append({"shape": shape, "properties": sorted(properties), "mode": "aggregateOnly"})
    return items


def _whole(draft: Draft, name: str) -> int:
    try:
        number = int(draft.values.get(name, ""))
    except ValueError as error:
        raise BadDraft(name) from error
    if abs(number) > MOST:
        raise BadDraft(name)
    return number


def _number(draft: Draft, name: str) -> float:
    try:
        return float(draft.values.get(name, "").replace(",", "."))  # Italian decimals
    except ValueError as error:
        raise BadDraft(name) from error
