"""A QR code as SVG with a text alternative; the one door to segno."""

from __future__ import annotations

import segno
from markupsafe import Markup

QUIET_ZONE = 4  # modules of white around the code, ISO/IEC 18004 section 6.3.8


def qr_svg(text: str, label: str) -> Markup:
    """Return an inline `<svg>` that scanners read as `text` and screen readers as `label`."""
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size(border=0)[0] + 2 * QUIET_ZONE
    rows = enumerate(code.matrix, QUIET_ZONE)
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in rows for x, module in enumerate(row, QUIET_ZONE) if module
    )
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" class="p-qr"'
        ' viewBox="0 0 {size} {size}" width="280" height="280" shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
    ).format(label=label, size=size, dark=dark)
