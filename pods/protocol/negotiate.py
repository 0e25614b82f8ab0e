"""Content negotiation (RFC 9110, 12.5.1): which of the offered media types the client likes best."""

from __future__ import annotations

from functools import lru_cache

HTML = "text/html"
MAX_ACCEPT = 4096  # characters; what a browser sends has about a hundred


@lru_cache(maxsize=1024)
def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the offered media type with the highest quality, the earlier one of equals; None if none fits."""
    ranges = _ranges(accept[:MAX_ACCEPT])
    best, best_quality = None, 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


@lru_cache(maxsize=1024)
def prefers_html(accept: str, offered: tuple[str, ...]) -> bool:
    """Say whether a page for people is liked better than everything that is offered to programs.

    It must be asked for by its name: `*/*` and `text/*` are what programs send. Of equals the data win.
    """
    ranges = _ranges(accept[:MAX_ACCEPT])
    wanted = ranges.get(HTML, 0.0)
    return wanted > max(_quality(media_type, ranges) for media_type in offered)


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if media_range == "*":  # as Java's client says it
            media_range = "*/*"
        if media_range:
            found[media_range] = max(found.get(media_range, 0.0), _weight(parameters))
    return found or {"*/*": 1.0}


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _quality(media_type: str, ranges: dict[str, float]) -> float:
    # The most specific range that matches decides, also when it says "not at all" (q=0).
    for candidate in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if candidate in ranges:
            return ranges[candidate]
    return 0.0
