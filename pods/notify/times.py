"""Times and durations of XML Schema, as subscriptions state them (XSD 1.1 part 2, 3.3.6 and 3.3.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SECONDS = {"D": 86_400.0, "H": 3_600.0, "M": 60.0, "S": 1.0}
# Years and months have no fixed length, so a distance between notifications cannot be given in them. The
# specifications of the channel types write "PT10s", with a letter that XSD does not know: it is read too.
_DURATION = re.compile(
    r"P(?!\Z)(?:(\d{1,9})D)?(?:T(?!\Z)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)[Ss])?)?\Z"
)


def seconds(duration: str) -> float:
    """Return the length of an `xsd:duration` of days or less; raise ValueError."""
    match = _DURATION.match(duration)
    if match is None:
        raise ValueError(f"{duration!r} is no duration of days, hours, minutes and seconds such as PT10S")
    return sum(
        float(number) * _SECONDS[unit] for number, unit in zip(match.groups(), "DHMS", strict=True) if number
    )


def duration(length: float) -> str:
    """Return a length in seconds as an `xsd:duration`."""
    return f"PT{length:.3f}".rstrip("0").rstrip(".") + "S"


def moment(date_time: str) -> float:
    """Return an `xsd:dateTime` as seconds since 1970; raise ValueError. Without a time zone it is UTC."""
    if "T" not in date_time:
        raise ValueError(f"{date_time!r} is no date with a time such as 2026-03-01T12:00:00Z")
    parsed = datetime.fromisoformat(date_time)
    return (parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)).timestamp()


def date_time(at: float) -> str:
    """Return a moment as an `xsd:dateTime` in UTC, with milliseconds."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
