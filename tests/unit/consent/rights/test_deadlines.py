"""Months of the law: the ends of months, leap years, the change of the clock, and 72 hours that are hours."""

from datetime import date, datetime

import pytest

from consent.rights.deadlines import (
    ANSWER_MONTHS,
    EXTENDED_MONTHS,
    ROME,
    add_months,
    after_months,
    breach_due,
)


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 1, "2028-03-29"),
        ("2026-02-28", 1, "2026-03-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2027-11-30", 3, "2028-02-29"),
        ("2026-10-31", 3, "2027-01-31"),
    ],
)
def test_a_month_ends_on_the_day_of_the_same_date_or_with_the_month(day: str, months: int, last: str) -> None:
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("received", "months", "end"),
    [
        ("2026-01-31T23:59:59", ANSWER_MONTHS, "2026-03-01T00:00:00"),
        ("2026-03-01T00:00:00", ANSWER_MONTHS, "2026-04-02T00:00:00"),
        ("2026-03-15T10:00:00", ANSWER_MONTHS, "2026-04-16T00:00:00"),  # the clock goes forward on 29 March
        ("2026-10-10T10:00:00", ANSWER_MONTHS, "2026-11-11T00:00:00"),  # and back on 25 October
        ("2026-11-30T12:00:00", EXTENDED_MONTHS, "2027-03-01T00:00:00"),
    ],
)
def test_a_period_ends_with_the_last_hour_of_its_last_day_in_italy(
    received: str, months: int, end: str
) -> None:
    begun = datetime.fromisoformat(received).replace(tzinfo=ROME).timestamp()
    assert datetime.fromtimestamp(after_months(begun, months), ROME).replace(
        tzinfo=None
    ) == datetime.fromisoformat(end)


def test_a_request_of_the_last_hour_in_italy_counts_for_that_day_and_not_for_the_day_in_london() -> None:
    before, after = (
        datetime.fromisoformat(text).timestamp()
        for text in ("2026-05-31T21:59:59+00:00", "2026-05-31T22:00:00+00:00")
    )
    assert after_months(after, 1) - after_months(before, 1) == 86_400


def test_the_hours_of_a_breach_are_hours_also_when_the_clock_changes() -> None:
    aware = datetime(2026, 3, 28, 12, tzinfo=ROME).timestamp()
    assert breach_due(aware) - aware == 72 * 3600
