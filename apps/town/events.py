"""A year of events in the Case di Quartiere: courses, shared meals, green care, assemblies and proposals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from apps.town.dice import Dice
from apps.town.organisations import ASSOCIATIONS, HOUSES
from apps.town.people import YEAR
from consent.receipts.model import Instant
from vocab.places import VENUE, district_of


@dataclass(frozen=True, slots=True)
class Template:
    """A sort of event: its theme, what people come for, how long it lasts and when it starts."""

    title: str
    theme: str
    kind: str
    minutes: int
    hour: int
    host: str = ""
    """An association that runs it; empty where the house does."""


TEMPLATES = (
    Template("Cucina popolare", "food", "volunteering", 150, 11, "cucine-vicine"),
    Template("Pranzo di quartiere", "food", "attendance", 120, 12),
    Template("Cura degli orti", "green", "volunteering", 180, 9),
    Template("Puliamo il parco", "green", "volunteering", 150, 9, "amici-del-crostolo"),
    Template("Passeggiata lungo il Crostolo", "green", "attendance", 90, 17, "amici-del-crostolo"),
    Template("Ciclofficina aperta", "mobility", "volunteering", 120, 17, "pedali-comuni"),
    Template("Assemblea sulle piste ciclabili", "mobility", "attendance", 120, 20),
    Template("Tavolo di lavoro: zona 30", "mobility", "proposal", 120, 20),
    Template("Camminata del decoro", "safety", "attendance", 90, 18),
    Template("Tavolo di lavoro: spazzino di quartiere", "safety", "proposal", 90, 20),
    Template("Doposcuola", "learning", "volunteering", 120, 15, "doposcuola-aperto"),
    Template("Gruppo di lettura", "learning", "attendance", 90, 18),
    Template("Spazio giovani", "youth", "attendance", 180, 17),
    Template("Tavolo di lavoro: spazio giovani", "youth", "proposal", 120, 18),
    Template("Laboratorio di pittura", "culture", "attendance", 120, 15),
    Template("Serata di musica", "culture", "attendance", 150, 20, "circolo-multiplo"),
    Template("Sportello digitale facile", "digital", "attendance", 45, 10),
    Template("Aiuto per SPID e servizi online", "digital", "volunteering", 120, 10, "nonni-digitali"),
    Template("Piccole riparazioni della casa comune", "maintenance", "volunteering", 180, 9),
    Template("Tavolo di lavoro: manutenzioni", "maintenance", "proposal", 90, 20),
    Template("Assemblea su sosta e vita notturna", "night-life", "attendance", 120, 20),
)

EVENTS_A_WEEK = 2
"""How many events each house holds; none in August."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event at one house."""

    number: int
    template: Template
    venue: str
    district: str
    issuer: str
    """Id of the organisation that certifies who took part."""
    starts: Instant
    ends: Instant


@dataclass(frozen=True)
class Calendar:
    """All events of the year, the same for the same seed."""

    seed: str = "portico"

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Return every event in order of house and date."""
        dice = Dice(self.seed)
        found: list[Event] = []
        for house in HOUSES:
            for week in range(52):
                for slot in range(EVENTS_A_WEEK):
                    day = date(YEAR, 1, 2) + timedelta(days=7 * week)
                    if day.month == 8 or week == 51:
                        continue
                    who = f"{house.id}/{week}/{slot}"
                    template = dice.one_of(TEMPLATES, "template", who)
                    # Monday to Wednesday, or Thursday to Saturday: a house holds no two events on one day.
                    day += timedelta(days=3 * slot + dice.below(3, "weekday", who))
                    found.append(_event(len(found), template, house.code or "", house.id, day))
        return tuple(found)

    @cached_property
    def by_district(self) -> Mapping[str, tuple[Event, ...]]:
        """Return the events of each district."""
        places: dict[str, list[Event]] = {}
        for event in self.events:
            places.setdefault(event.district, []).append(event)
        return {district: tuple(events) for district, events in places.items()}


_ASSOCIATION_IDS = {association.id for association in ASSOCIATIONS}


def _event(number: int, template: Template, venue: str, house: str, day: date) -> Event:
    host = template.host if template.host in _ASSOCIATION_IDS else house
    end = template.hour * 60 + template.minutes
    return Event(
        number=number,
        template=template,
        venue=venue,
        district=district_of(VENUE.by_notation[venue].broader or ""),
        issuer=host,
        starts=Instant(f"{day.isoformat()}T{template.hour:02}:00:00Z"),
        ends=Instant(f"{day.isoformat()}T{end // 60:02}:{end % 60:02}:00Z"),
    )
