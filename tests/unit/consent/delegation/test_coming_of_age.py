"""The birthday that ends a guardian's powers, to the minute and in Rome."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from consent.delegation.coming_of_age import ROME, of_consent


@pytest.mark.parametrize(
    ("born", "from_then_on"),
    [
        (date(2012, 5, 20), datetime(2026, 5, 20, tzinfo=ROME)),
        (date(2012, 12, 1), datetime(2026, 12, 1, tzinfo=ROME)),
        # Born on 29 February: 2026 has no such day, and the year is over when 28 February is.
        (date(2012, 2, 29), datetime(2026, 3, 1, tzinfo=ROME)),
        (date(2014, 2, 28), datetime(2028, 2, 28, tzinfo=ROME)),
    ],
)
def test_fourteen_begins_at_midnight_in_rome(born: date, from_then_on: datetime) -> None:
    assert of_consent(born) == from_then_on.timestamp()


def test_midnight_in_rome_is_the_evening_before_in_utc_summer_and_winter() -> None:
    assert of_consent(date(2012, 7, 1)) % 86_400 == 22 * 3600
    assert of_consent(date(2012, 1, 10)) % 86_400 == 23 * 3600
