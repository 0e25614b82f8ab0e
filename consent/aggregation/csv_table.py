"""A release as CSV: one row a cell, with interval; withheld cells are there and empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any


def csv_table(document: Mapping[str, Any]) -> str:
    """Return the cells of a release document as CSV (RFC 4180) with a header line."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [*(one["property"] for one in document["dimensions"]), document["unit"], "low", "high", "withheld"]
    )
    for cell in document["cells"]:
        shown = [cell.get(name) for name in ("value", "low", "high")]
        writer.writerow([*cell["key"], *shown, "true" if cell["withheld"] else "false"])
    return out.getvalue()
