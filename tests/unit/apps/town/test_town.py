"""The demo town is the same for the same seed, and says nothing that the data do not say."""

from collections import Counter
from dataclasses import fields
from functools import cache

import pyoxigraph
import pytest

from apps.town import profile
from apps.town.dice import Dice
from apps.town.events import Calendar
from apps.town.keys import issuer_keys
from apps.town.organisations import ISSUERS_OF_PARTICIPATION, ORGANISATIONS
from apps.town.participation import Participation
from apps.town.people import NO_DEMOGRAPHICS, Demographics, People
from apps.town.population import residents
from apps.town.tax_code import NOWHERE, check_letter, tax_code
from consent.receipts.signing import sign
from vocab.places import NEIGHBOURHOOD, district_of
from vocab.shapes import PROFILE

APPS = "https://apps.example"
WEBID = "https://pods.example/h0001/profile/card#me"
KNOWN = Demographics("45-54", "35-49", "owner", "married", "3", "1")


@cache
def participation(seed: str = "portico") -> Participation:
    return Participation(Calendar(seed), lambda organisation: f"{APPS}/checkin/{organisation}", b"secret")


def predicates(turtle: bytes) -> dict[str, str]:
    quads = pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE)
    return {quad.predicate.value: getattr(quad.object, "value", "") for quad in quads}


def test_the_same_seed_gives_the_same_person_whoever_was_asked_for_before() -> None:
    alone = People().person(77, KNOWN)
    assert [
        person for person in People().households(range(70, 80), {77: KNOWN}) if person.household == 77
    ] == [alone]
    assert People("another seed").person(77, KNOWN) != alone


def test_pod_names_are_unique_and_hold_no_personal_name() -> None:
    people = [People().person(number) for number in range(3000)]
    assert len({person.pod for person in people}) == 3000
    assert all(person.name.split()[0].lower() not in person.pod for person in people)


def test_a_demo_log_in_keeps_its_name_and_a_fitting_gender() -> None:
    people = People(aliases={1: "giulia", 7: "marco"})
    giulia, marco = people.person(1), people.person(7)
    assert (giulia.pod, giulia.name.split()[0], giulia.gender) == ("giulia", "Giulia", "female")
    assert (marco.pod, marco.gender) == ("marco", "male")
    assert people.person(8) == People().person(8)


@pytest.mark.parametrize(
    ("age_class", "oldest", "youngest"),
    [("19-24", 1993, 1998), ("25-34", 1983, 1992), ("45-54", 1963, 1972), ("65+", 1927, 1952)],
)
def test_a_year_of_birth_lies_in_the_age_class_of_2017(age_class: str, oldest: int, youngest: int) -> None:
    years = {People().person(number, Demographics(age_class=age_class)).birth_year for number in range(400)}
    assert years == set(range(oldest, youngest + 1))


def test_where_the_survey_is_silent_the_profile_is_silent() -> None:
    person = People().person(5)
    assert person.demographics == NO_DEMOGRAPHICS
    said = predicates(profile.turtle(person, WEBID))
    invented = {"name", "email", "taxCode", "gender", "neighbourhood", "district"}
    assert {prop.name for prop in PROFILE.properties if prop.path[0] in said} == invented


def test_a_profile_says_every_fact_as_the_code_of_its_list() -> None:
    person = People().person(6, KNOWN)
    said = predicates(profile.turtle(person, WEBID))
    assert {prop.path[0] for prop in PROFILE.properties} <= said.keys()
    for prop in PROFILE.properties:
        if prop.codes is not None:
            assert said[prop.path[0]] in prop.codes.by_iri
    assert said["https://w3id.org/portico/ns#income"].endswith("income#35-49")


def test_people_live_where_the_town_is_large() -> None:
    assert [notation for notation, _ in residents()] == list(NEIGHBOURHOOD.notations)
    weights: Counter[str] = Counter()
    for notation, number in residents():
        weights[district_of(notation)] += number
    found = Counter(People().person(number).district for number in range(4000))
    for district, number in weights.items():
        assert abs(found[district] / 4000 - number / sum(weights.values())) < 0.03


def test_dice_are_fair_enough_and_weights_hold() -> None:
    dice = Dice("seed")
    throws = Counter(dice.below(6, "throw", number) for number in range(6000))
    assert all(850 < throws[side] < 1150 for side in range(6))
    weighted = Counter(dice.weighted((("a", 1), ("b", 3)), "w", number) for number in range(4000))
    assert 0.70 < weighted["b"] / 4000 < 0.80
    assert 0.05 < sum(dice.falls(0.1, "f", number) for number in range(4000)) / 4000 < 0.15


def test_every_participation_receipt_can_be_signed_by_its_organiser() -> None:
    keys = {key.issuer: key for key in issuer_keys(APPS, b"s" * 32).values()}
    receipts = [
        receipt for person in map(People().person, range(200)) for receipt in participation().of(person)
    ]
    assert len(receipts) > 500
    for receipt in receipts:
        sign(receipt, keys[receipt.issuer])
    assert len({(receipt.issuer, receipt.id) for receipt in receipts}) == len(receipts)


def test_a_year_of_participation_depends_on_the_seed_alone() -> None:
    person = next(person for person in map(People().person, range(50)) if participation().of(person))
    assert participation().of(person) == participation().of(person)
    assert participation("other").of(person) != participation().of(person)


def test_nobody_is_in_two_places_on_a_day_and_some_never_come() -> None:
    people = [People().person(number) for number in range(300)]
    taken_part = [participation().of(person) for person in people]
    for receipts in taken_part:
        assert len({receipt.started_at[:10] for receipt in receipts}) == len(receipts)
        assert [receipt.started_at for receipt in receipts] == sorted(
            receipt.started_at for receipt in receipts
        )
    assert 60 < sum(not receipts for receipts in taken_part) < 150


def test_older_people_take_part_more_often() -> None:
    def average(age_class: str) -> float:
        people = [People().person(number, Demographics(age_class=age_class)) for number in range(400)]
        return sum(len(participation().of(person)) for person in people) / 400

    assert average("65+") > 1.5 * average("25-34")


def test_the_year_is_2017_and_august_is_free() -> None:
    events = Calendar().events
    assert {event.starts[:4] for event in events} == {"2017"}
    assert sum(event.starts[5:7] == "08" for event in events) < len(events) * 0.02
    assert all(event.starts < event.ends for event in events)


def test_organisations_have_pods_of_their_own_and_one_issuer_each() -> None:
    assert len({organisation.id for organisation in ORGANISATIONS}) == len(ORGANISATIONS)
    assert len({organisation.issuer(APPS) for organisation in ORGANISATIONS}) == len(ORGANISATIONS)
    assert all("(demo)" in organisation.name for organisation in ORGANISATIONS)
    assert {"comune", "coop", "forno", "casa-orologio"} <= {organisation.id for organisation in ORGANISATIONS}
    issuers = {organisation.id for organisation in ISSUERS_OF_PARTICIPATION}
    assert {event.issuer for event in Calendar().events} <= issuers


def test_a_person_has_no_field_beside_the_known_ones() -> None:
    # No address, no telephone: what is not there cannot leak.
    assert {field.name for field in fields(People().person(1))} == {
        *(
            "household",
            "pod",
            "name",
            "gender",
            "email",
            "tax_code",
            "neighbourhood",
            "district",
            "birth_year",
            "demographics",
        ),
    }


def test_a_tax_code_is_well_formed_and_nobodys() -> None:
    assert check_letter("RSSMRA85T10A562") == "S"  # the example that guides to the form use
    assert tax_code("Mario", "Rossi", "male", 1985, 12, 10)[:11] == "RSSMRA85T10"
    assert tax_code("Francesca", "Fo", "female", 1970, 1, 5)[:11] == "FOXFNC70A45"
    codes = {People().person(number).tax_code for number in range(2500)}
    assert all(
        len(code) == 16 and code[11:15] == NOWHERE and code[15] == check_letter(code[:15]) for code in codes
    )
    assert len(codes) > 2490
