"""The people of the demo town: an invented name and neighbourhood each, and facts only where the data have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from apps.town.dice import Dice
from apps.town.names import GIVEN, SURNAMES
from apps.town.population import residents
from apps.town.tax_code import tax_code
from vocab.places import district_of

YEAR = 2017
"""The year of the real purchases, and of everything that is invented around them."""


@dataclass(frozen=True, slots=True)
class Demographics:
    """What the purchase data know of a household, as notations of our code lists; None where they are silent."""

    age_class: str | None = None
    income: str | None = None
    home_ownership: str | None = None
    marital_status: str | None = None
    household_size: str | None = None
    children: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who holds the pod of a household. Name, gender, neighbourhood, e-mail, tax code and year of birth are invented;
    a year of birth is there only where the data state an age class, and lies in it.
    """

    household: int
    pod: str
    name: str
    gender: str
    email: str
    tax_code: str
    neighbourhood: str
    district: str
    birth_year: int | None
    demographics: Demographics


NO_DEMOGRAPHICS = Demographics()


@dataclass(frozen=True)
class People:
    """Makes persons from household numbers. `aliases` gives a household the pod name `giulia` and that given name."""

    seed: str = "portico"
    aliases: Mapping[int, str] | None = None

    @cached_property
    def _dice(self) -> Dice:
        return Dice(self.seed)

    @cached_property
    def _residents(self) -> tuple[tuple[str, int], ...]:
        return residents()

    def person(self, household: int, demographics: Demographics = NO_DEMOGRAPHICS) -> Person:
        """Return the holder of a household's pod: the same for the same seed, whoever else there is."""
        dice = self._dice
        alias = (self.aliases or {}).get(household)
        gender = _gender_of(alias) or dice.one_of(("female", "male"), "gender", household)
        given = alias.capitalize() if alias else dice.one_of(GIVEN[gender], "given", household)
        surname = dice.one_of(SURNAMES, "surname", household)
        neighbourhood = dice.weighted(self._residents, "neighbourhood", household)
        birth_year = self._birth_year(household, demographics.age_class)
        return Person(
            household=household,
            pod=alias or f"h{household:04}",
            name=f"{given} {surname}",
            gender=gender,
            email=f"{given}.{surname}.{household}@posta.example".lower(),
            tax_code=tax_code(
                *(given, surname, gender),
                # A code must hold a year; where none is known it is one in which nobody alive was born.
                birth_year or 1900 + dice.below(10, "tax year", household),
                1 + dice.below(12, "month", household),
                1 + dice.below(28, "day", household),
            ),
            neighbourhood=neighbourhood,
            district=district_of(neighbourhood),
            birth_year=birth_year,
            demographics=demographics,
        )

    def households(self, ids: Iterable[int], demographics: Mapping[int, Demographics]) -> Iterator[Person]:
        """Return a person per household."""
        for household in ids:
            yield self.person(household, demographics.get(household, NO_DEMOGRAPHICS))

    def _birth_year(self, household: int, age_class: str | None) -> int | None:
        if age_class is None:
            return None
        low, _, high = age_class.partition("-")
        youngest, oldest = (int(low), int(high)) if high else (65, 90)
        return YEAR - youngest - self._dice.below(oldest - youngest + 1, "age", household)


def _gender_of(alias: str | None) -> str | None:
    """Return the gender that the lists of given names know for a demo log-in."""
    given = (alias or "").capitalize()
    return next((gender for gender, names in GIVEN.items() if given in names), None)
