"""Periods of the law in calendar months and in hours (Regulation 1182/71; GDPR art. 12(3) and 33(1))."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")
ANSWER_MONTHS = 1  # art. 12(3): without undue delay and in any event within one month of receipt
EXTENDED_MONTHS = 3  # art. 12(3): that period may be extended by two further months where necessary
BREACH_HOURS = 72  # art. 33(1): not later than 72 hours after having become aware of it
HOUR = 3600.0


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or the last day of that month if it has no such day."""
    # Regulation 1182/71, art. 3(2)(c): a period in months ends with the day of the same date; "if the day on
    # which it should expire does not occur in the last month, the period ends with the last day of that month".
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def after_months(received_at: float, months: int) -> float:
    """Return the first moment after a period in months that began with what happened at `received_at`.

    The period ends with the last hour of its last day, in Italy. The extension over a weekend or a holiday,
    which the same article grants, is not counted: who keeps our date keeps the law's.
    """
    last = add_months(datetime.fromtimestamp(received_at, ROME).date(), months)
    return datetime.combine(last + timedelta(days=1), time(), ROME).timestamp()


def breach_due(aware_at: float) -> float:
    """Return until when the authority must know; hours are hours, weekends and the change of the clock included."""
    return aware_at + BREACH_HOURS * HOUR
