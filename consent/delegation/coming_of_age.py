"""When a guardian's powers over consent end: at midnight in Rome, as the birthday begins."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
CONSENT_AGE = 14
"""Years: art. 2-quinquies D.lgs 196/2003, by the leave of art. 8(1) GDPR; the Regulation's own limit is 16."""


def of_consent(born: date) -> float:
    """Return when somebody may decide about consent themself, in seconds since 1970.

    Who was born on 29 February is one year older when 28 February is over, and so on 1 March of a common year.
    """
    year = born.year + CONSENT_AGE
    try:
        day = born.replace(year=year)
    except ValueError:
        day = date(year, 3, 1)
    return datetime(day.year, day.month, day.day, tzinfo=ROME).timestamp()
