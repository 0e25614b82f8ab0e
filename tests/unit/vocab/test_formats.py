"""Money, numbers and days as people write them in Italy, and in English."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from vocab.pages import Catalogues
from vocab.pages.formats import Formats

IT, EN = Formats("it"), Formats("en")
AUTUMN = datetime(2017, 10, 15, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cents", "italian", "english"),
    [
        (14320, "143,20\u00a0€", "143.20\u00a0€"),
        (0, "0,00\u00a0€", "0.00\u00a0€"),
        (-5, "-0,05\u00a0€", "-0.05\u00a0€"),
        (123456789, "1.234.567,89\u00a0€", "1,234,567.89\u00a0€"),
    ],
)
def test_money_is_written_with_the_sign_behind(cents: int, italian: str, english: str) -> None:
    assert IT.money(cents) == italian
    assert EN.money(cents) == english


def test_a_moment_is_shown_in_italian_time() -> None:
    assert IT.moment(AUTUMN) == "16 ottobre 2017, 00:30"
    assert IT.moment("2017-10-15T22:30:00Z") == "16 ottobre 2017, 00:30"
    assert IT.moment(AUTUMN.timestamp()) == "16 ottobre 2017, 00:30"
    assert EN.day(AUTUMN) == "16 October 2017"
    assert IT.short_day(AUTUMN) == "16/10/2017"


def test_months_and_periods_are_named() -> None:
    assert IT.month("2017-10") == "ottobre 2017"
    assert IT.period("2017-10/2017-12") == "ottobre 2017 – dicembre 2017"
    assert IT.period("2017-10/2017-10") == "ottobre 2017"
    assert EN.period("autumn") == "autumn"


def test_what_ends_with_a_day_ends_on_that_day() -> None:
    end_of_2030 = datetime(2031, 1, 1, tzinfo=UTC).timestamp()
    assert IT.last_day(end_of_2030) == "31 dicembre 2030"
    assert IT.last_day(AUTUMN.timestamp()) == "16 ottobre 2017"


def test_numbers_follow_the_language() -> None:
    assert IT.number(1234.5, 1) == "1.234,5"
    assert EN.number(1234567) == "1,234,567"
    assert IT.percent(0.125, 1) == "12,5%"


def test_plurals_follow_the_count() -> None:
    italian = Catalogues([])["it"]
    assert italian.plural("{count} entry", "{count} entries", 1) == "1 entry"
    assert italian.plural("{count} entry", "{count} entries", 0) == "0 entries"
