"""Durations and moments as subscriptions state them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pods.notify import times


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT10S", 10),
        ("PT10s", 10),
        ("PT0.5S", 0.5),
        ("PT5M", 300),
        ("PT1H30M", 5_400),
        ("P1D", 86_400),
        ("P1DT1S", 86_401),
        ("PT0S", 0),
    ],
)
def test_durations_of_days_and_less_are_read(text: str, seconds: float) -> None:
    assert times.seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "P1Y", "P1M", "-PT1S", "PT1", "1S", "PT1S ", "PT1S\n", "PT-1S", "P1W"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError):
        times.seconds(text)


@given(st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000))
def test_a_duration_that_is_written_is_read_again(length: float) -> None:
    assert times.seconds(times.duration(length)) == pytest.approx(length)


@given(st.integers(0, 4 * 10**12).map(lambda milliseconds: milliseconds / 1000))
def test_a_moment_that_is_written_is_read_again(at: float) -> None:
    assert times.moment(times.date_time(at)) == pytest.approx(at, abs=0.001)


def test_a_moment_without_a_zone_is_utc() -> None:
    assert times.moment("2026-03-01T12:00:00") == times.moment("2026-03-01T13:00:00+01:00") == 1772366400.0


@pytest.mark.parametrize("text", ["", "2026-03-01", "20260301", "tomorrow", "T", "2026-13-01T00:00:00Z"])
def test_what_is_no_date_with_a_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        times.moment(text)
