"""Words of the pages: phases of a run, units of a rule, and texts that exist in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from apps.valueback.model import CURRENCY, Phase, Programme
from vocab.codes import Label
from vocab.pages import Translator, msg

PHASES: Mapping[Phase, tuple[str, str]] = {
    Phase.COLLECTING: (msg("Collecting claims"), "wait"),
    Phase.POSTING: (msg("Booking"), "wait"),
    Phase.DELIVERING: (msg("Writing statements into the pods"), "wait"),
    Phase.VOTING: (msg("Vote open"), "good"),
    Phase.CLOSED: (msg("Closed"), "off"),
}
"""What a phase is called, and the kind of badge that shows it."""

UNITS: Mapping[str, str] = {
    "EUR": msg("Eligible purchases"),
    "minutes": msg("Hours of volunteering"),
    "times": msg("Attendances"),
}


def text(label: Label, translator: Translator) -> str:
    """Return a text in the page's language, Italian if there is no other."""
    return label.get(translator.language) or label["it"]


def quantity(programme: Programme, amount: int | None, money: object, translator: Translator) -> str | None:
    """Return an amount of what a programme counts: `143,20 €`, `12 h 30 min`, `7`; None if withheld."""
    if amount is None:
        return None
    if programme.rule.unit == CURRENCY:
        return str(money(amount)) if callable(money) else str(amount)
    if programme.rule.unit == "minutes":
        hours, minutes = divmod(amount, 60)
        return translator("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return str(amount)
