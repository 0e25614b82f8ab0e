"""Who took part in what: an invented year of participation for each person of the demo town."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from apps.town.dice import Dice
from apps.town.events import Calendar, Event
from apps.town.people import Person
from consent.receipts.model import Notation, ParticipationReceipt
from consent.receipts.nonce import imported_nonce

# Average events a year by age class; the survey's silence stands in the middle.
_EVENTS_BY_AGE = {"19-24": 4, "25-34": 5, "35-44": 7, "45-54": 8, "55-64": 12, "65+": 14}
_EVENTS_IF_UNKNOWN = 7
# District F had the highest turnout at the vote for the neighbourhood councils, hence its factor.
_DISTRICT_PERCENT = {"f": 150, "cavriago": 120, "centro": 80, "e": 90}
_NEVER_PERCENT = 35  # people who take part in nothing all year
_AT_HOME_PERCENT = 75  # how often the event is in one's own district
_ROLES = {
    "attendance": (("participant", 95), ("organiser", 5)),
    "volunteering": (("volunteer", 90), ("organiser", 10)),
    "proposal": (("participant", 50), ("proposer", 25), ("reviewer", 15), ("facilitator", 10)),
}


@dataclass(frozen=True)
class Participation:
    """Makes participation receipts, unsigned. `issuer_iri` gives the IRI of an organisation id."""

    calendar: Calendar
    issuer_iri: Callable[[str], str]
    secret: bytes
    """Makes the nonces unguessable and repeatable."""

    def of(self, person: Person) -> list[ParticipationReceipt]:
        """Return what a person took part in, in order of time, one event a day at most."""
        dice, who = Dice(self.calendar.seed), person.household
        if dice.below(100, "never", who) < _NEVER_PERCENT:
            return []
        turns = [self._event(person, turn) for turn in range(self._turns(person, dice))]
        # One event a day: nobody is in two places at once.
        chosen = {event.starts[:10]: event for event in turns}.values()
        return [
            self._receipt(person, event, dice)
            for event in sorted(chosen, key=lambda event: (event.starts, event.number))
        ]

    def _turns(self, person: Person, dice: Dice) -> int:
        average = _EVENTS_BY_AGE.get(person.demographics.age_class or "", _EVENTS_IF_UNKNOWN)
        most = 2 * average * _DISTRICT_PERCENT.get(person.district, 100) // 100
        return 1 + dice.below(most, "turns", person.household)

    def _event(self, person: Person, turn: int) -> Event:
        dice, who = Dice(self.calendar.seed), f"{person.household}/{turn}"
        near = self.calendar.by_district.get(person.district, ())
        at_home = dice.below(100, "at-home", who) < _AT_HOME_PERCENT
        return dice.one_of(near if near and at_home else self.calendar.events, "event", who)

    def _receipt(self, person: Person, event: Event, dice: Dice) -> ParticipationReceipt:
        # The id names event and place in the list, never the person.
        receipt_id = f"e{event.number:05}-{dice.below(1 << 32, f'seat {event.number}', person.household):08x}"
        issuer = self.issuer_iri(event.issuer)
        kind = event.template.kind
        return ParticipationReceipt(
            id=receipt_id,
            issuer=issuer,
            nonce=imported_nonce(self.secret, issuer, receipt_id),
            issued_at=event.ends,
            kind=Notation(kind),
            theme=Notation(event.template.theme),
            started_at=event.starts,
            minutes=event.template.minutes,
            venue=Notation(event.venue),
            district=Notation(event.district),
            role=Notation(dice.weighted(_ROLES[kind], f"role {event.number}", person.household)),
            title=event.template.title,
        )
