"""A release as a picture: bars with their 95 % intervals, drawn on the server as SVG."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import vl_convert

from apps.insight.tables import Table

INK, BAR, RANGE = "#17324d", "#3d8fe0", "#17324d"  # contrast of bar and interval on white is above 3:1
MAX_BARS = 60  # a longer chart is a worse table
WIDTH, STEP = 560, 26


def chart(table: Table, title: str, axis: str) -> str | None:
    """Return an SVG of the shown cells, or None where there are none or too many to read."""
    rows = [row for row in table.rows if row.value is not None]
    if not rows or len(rows) > MAX_BARS:
        return None
    factor = 100 if table.money else 1
    values = [
        {
            "key": " · ".join(row.labels) or title,
            "place": place,
            "value": (row.value or 0) / factor,
            "low": (row.low or 0) / factor,
            "high": (row.high or 0) / factor,
        }
        for place, row in enumerate(rows)
    ]
    order = [str(one["key"]) for one in values]
    data = alt.Data(values=values)  # type: ignore[no-untyped-call]  # altair leaves its constructors untyped
    bars = _encoded(alt.Chart(data).mark_bar(color=BAR, height=14), order, axis, "value")
    spans = _encoded(alt.Chart(data).mark_rule(color=RANGE, strokeWidth=2), order, axis, "low")
    layered = alt.layer(bars, spans.encode(x2="high:Q")).properties(width=WIDTH, height=alt.Step(STEP))
    styled = layered.configure_view(stroke=None).configure_axis(
        labelColor=INK,
        titleColor=INK,
        labelFontSize=13,
        titleFontSize=13,
        labelLimit=260,
        gridColor="#e3e7eb",
    )
    svg: str = vl_convert.vegalite_to_svg(styled.to_json(validate=False), vl_version="5.20")
    return svg


def _encoded(drawn: alt.Chart, order: Sequence[str], axis: str, value: str) -> alt.Chart:
    return drawn.encode(y=alt.Y("key:N", sort=list(order), title=None), x=alt.X(f"{value}:Q", title=axis))
