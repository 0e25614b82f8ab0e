"""A release as JSON: the stored, signed document that every other format is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consent.aggregation.programme import MICRO, Function, Programme
from consent.aggregation.release import (
    CONFIDENCE,
    DELTA,
    HeadCount,
    Mechanism,
    Release,
    epsilon,
)
from consent.wire import timestamp

MECHANISM = "discrete Gaussian, zero-concentrated differential privacy"
LIBRARY = "OpenDP 0.16.0"
UNITS: Mapping[str, str] = {
    "lineAmount": "cents",
    "total": "cents",
    "minutes": "minutes",
    "quantity": "units",
}


def release_document(
    released: Release, *, iri: str, purpose: str, snapshot: str, at: float, programme: Programme
) -> dict[str, Any]:
    """Return the document of an answer; takes nothing but what was released."""
    query = released.query
    cells = []
    for cell in released.cells:
        shown: dict[str, Any] = {"key": list(cell.key), "value": cell.value, "withheld": cell.value is None}
        if cell.value is not None:
            shown |= {"low": cell.value - released.values.margin, "high": cell.value + released.values.margin}
            shown |= {"people": cell.people}
        cells.append(shown)
    return {
        "id": iri,
        "programme": programme.iri,
        "purpose": purpose,
        "query": query.document(),
        "snapshot": snapshot,
        "asked_at": timestamp(at),
        "mechanism": _mechanism(released.values, released.rho),
        "people_mechanism": _mechanism(released.people, released.people.rho),
        "confidence": CONFIDENCE,
        "k_min": programme.k_min,
        "dimensions": [
            {"property": field.name, "codes": list(query.keys(field))} for field in query.group_by
        ],
        "unit": unit(released),
        "cells": cells,
    }


def head_count_document(
    counted: HeadCount, *, iri: str, purpose: str, snapshot: str, at: float
) -> dict[str, Any]:
    """Return the document of a noisy number of participants."""
    margin = counted.mechanism.margin
    return {
        "id": iri,
        "purpose": purpose,
        "snapshot": snapshot,
        "asked_at": timestamp(at),
        "mechanism": _mechanism(counted.mechanism, counted.mechanism.rho),
        "confidence": CONFIDENCE,
        "people": max(counted.people, 0),
        "low": max(counted.people - margin, 0),
        "high": max(counted.people + margin, 0),
    }


def unit(released: Release) -> str:
    """Return the unit of the values."""
    measure = released.query.measure
    if measure.function is Function.SUM and measure.field is not None:
        return UNITS[measure.field.property_name]
    return measure.function.value


def _mechanism(by: Mechanism, rho: int) -> dict[str, Any]:
    return {
        "name": MECHANISM,
        "library": LIBRARY,
        "scale": by.scale,
        "rho": rho / MICRO,
        "epsilon": round(epsilon(rho), 4),
        "delta": DELTA,
        "l0": by.l0,
        "linf": by.linf,
    }
