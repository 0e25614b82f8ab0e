"""Money, numbers and dates as people write them: `143,20 €`, `15 ottobre 2017`, `15 October 2017`."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

ROME = ZoneInfo("Europe/Rome")
_LOCALES = {"it": "it_IT", "en": "en_IE"}  # Irish English: the euro, days before months
Moment = datetime | date | str | int | float


class Formats:
    """The formats of one language; each method is a filter of the same name in templates."""

    def __init__(self, language: str) -> None:
        self._locale = _LOCALES[language]

    def money(self, cents: int, currency: str = "EUR") -> str:
        """Return integer cents as an amount; Italian and English both with the sign behind the number."""
        pattern = "#,##0.00\u00a0¤"
        return format_currency(Decimal(cents) / 100, currency, format=pattern, locale=self._locale)

    def number(self, value: float | Decimal, digits: int | None = None) -> str:
        pattern = "#,##0" + ("." + "0" * digits if digits else "") if digits is not None else None
        return format_decimal(value, format=pattern, locale=self._locale)

    def percent(self, share: float | Decimal, digits: int = 0) -> str:
        return format_percent(
            share, format="#,##0" + ("." + "0" * digits if digits else "") + "%", locale=self._locale
        )

    def day(self, moment: Moment) -> str:
        """Return `15 ottobre 2017`."""
        return format_date(_local(moment), format="d MMMM y", locale=self._locale)

    def last_day(self, end: float) -> str:
        """Return the last day of what ends at this moment: midnight in UTC closes the day before it."""
        return self.day(end - 43_200 if end % 86_400 == 0 else end)

    def short_day(self, moment: Moment) -> str:
        """Return `15/10/2017`."""
        return format_date(_local(moment), format="dd/MM/y", locale=self._locale)

    def moment(self, moment: Moment) -> str:
        """Return `15 ottobre 2017, 14:05`."""
        return format_datetime(_local(moment), format="d MMMM y, HH:mm", locale=self._locale)

    def clock_time(self, moment: Moment) -> str:
        return format_datetime(_local(moment), format="HH:mm", locale=self._locale)

    def month(self, moment: Moment) -> str:
        """Return `ottobre 2017`; takes `2017-10` as well."""
        if isinstance(moment, str) and len(moment) == len("2017-10"):
            moment = f"{moment}-01"
        return format_date(_local(moment), format="MMMM y", locale=self._locale)

    def period(self, text: str) -> str:
        """Return a month or two with a slash between them, `ottobre 2017 – dicembre 2017`; other texts as they are."""
        try:
            first, *rest = (self.month(part) for part in text.split("/"))
        except ValueError:
            return text
        return f"{first} – {rest[0]}" if rest and rest[0] != first else first

    def iso(self, moment: Moment) -> str:
        """Return the moment for machines, as the `datetime` attribute of a `time` element."""
        return _local(moment).isoformat(timespec="seconds")


def _local(value: Moment) -> datetime:
    """Return the moment in Italian time; numbers are seconds since 1970, texts are ISO 8601."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, ROME)
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=ROME)
    return value.replace(tzinfo=ROME) if value.tzinfo is None else value.astimezone(ROME)
