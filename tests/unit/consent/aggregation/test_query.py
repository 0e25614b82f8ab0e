"""A question is closed: whatever its programme does not foresee is refused, with the place and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.aggregation.errors import QueryRefused
from consent.aggregation.fields import Fields
from consent.aggregation.query import query
from tests.unit.consent.aggregation.town import question, terms

FIELDS = Fields()
PEOPLE = {"function": "people"}
SUM_LINES = {"function": "sum", "property": "Purchase.lineAmount"}
SUM_TOTAL = {"function": "sum", "property": "Purchase.total"}


def condition(name: str, *codes: str) -> dict[str, Any]:
    return {"property": name, "in": list(codes)}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"programme": "https://example/other"}, "/programme", "name it exactly"),
    ({"measure": {"function": "median"}}, "/measure/function", "people, count, sum"),
    ({"measure": {"function": "sum", "property": "Purchase.quantity"}}, "/measure", "use one of"),
    ({"group_by": ["Profile.name"]}, "/group_by/0", "not a dimension of this programme"),
    ({"group_by": ["Profile.income"]}, "/group_by/0", "not a dimension of this programme"),
    ({"group_by": ["Profile.district; DROP TABLE profile"]}, "/group_by/0", "form"),
    ({"group_by": ["Purchase.category", "Participation.kind"]}, "/group_by/1", "condition in where"),
    ({"measure": SUM_TOTAL, "group_by": ["Participation.kind"]}, "/group_by/0", "condition in where"),
    ({"measure": SUM_TOTAL, "group_by": ["Purchase.category"]}, "/measure", "measure the lines"),
    ({"measure": SUM_TOTAL, "where": [condition("Purchase.category", "meat")]}, "/measure", "single lines"),
    ({"where": [condition("Profile.district", "z")]}, "/where/0/in/0", "use one of a, b"),
    ({"where": [condition("Profile.gender", "female")]}, "/where/0/property", "not a dimension"),
    (
        {"where": [condition("Profile.district", "a"), condition("Profile.district", "b")]},
        "/where/1/property",
        "join their codes",
    ),
    (
        {"where": [{"property": "Participation.startedAt", "from": "2017-01", "to": "2017-02"}]},
        "/where/0",
        "months are chosen with period",
    ),
    ({"where": [{"property": "Profile.district", "from": 1, "to": 2}]}, "/where/0", "list codes with in"),
    ({"period": {"from": "2016-12", "to": "2017-02"}}, "/period", "2017-01 to 2017-12"),
    ({"period": {"from": "2017-05", "to": "2017-04"}}, "/period/to", "earlier than from"),
    ({"rho": 0.0000001}, "/rho", "smallest"),
    ({"rho": -1}, "/rho", "minimum of 0"),
    ({"limit": 5}, "/", "limit"),
    (
        {
            "measure": SUM_LINES,
            "group_by": ["Profile.district", "Profile.ageClass", "Purchase.category"],
            "where": [condition("Participation.kind", "attendance")],
        },
        "/group_by",
        "single persons",
    ),
]


@pytest.mark.parametrize(("members", "pointer", "advice"), REFUSED)
def test_a_question_outside_the_programme_is_refused_at_its_place(
    members: dict[str, Any], pointer: str, advice: str
) -> None:
    wide = {"group_by": ["Profile.district", "Participation.kind"], "where": []}
    asked = question(**({**wide, **members} if "period" in members else members))
    with pytest.raises(QueryRefused) as refused:
        query(asked, terms(), FIELDS)
    assert str(refused.value).startswith(f"{pointer}: ")
    assert advice in str(refused.value)


def test_a_table_too_large_to_read_is_refused() -> None:
    everything = terms(dimensions=["Purchase.seller", "Profile.neighbourhood", "Purchase.orderedAt"])
    asked = question(group_by=["Purchase.seller", "Profile.neighbourhood", "Purchase.orderedAt"])
    with pytest.raises(QueryRefused, match="cells, more than 4096"):
        query(asked, everything, FIELDS)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"k_min": 2}, "/k_min"),
        ({"min_participants": 2}, "/min_participants"),
        ({"rho_total": 0.001}, "/rho_total"),
        ({"dimensions": ["Profile.name"]}, "/dimensions/0"),
        ({"dimensions": ["Profile.birthYear"]}, "/dimensions/0"),
        ({"dimensions": ["Purchase.total"]}, "/dimensions/0"),
        ({"dimensions": ["ValueShare.share"]}, "/dimensions/0"),
        ({"measures": [{"function": "people"}, {"function": "people"}]}, "/measures/1"),
        ({"measures": [{"function": "count", "property": "Purchase.total"}]}, "/measures/0/upper"),
        (
            {"measures": [{"function": "sum", "property": "Purchase.seller", "lower": 0, "upper": 5}]},
            "/measures/0/property",
        ),
        (
            {"measures": [{"function": "sum", "property": "Profile.birthYear", "lower": 0, "upper": 5}]},
            "/measures/0/property",
        ),
        (
            {"measures": [{"function": "sum", "property": "Purchase.total", "lower": 1, "upper": 5}]},
            "/measures/0/upper",
        ),
        ({"period": {"from": "2017-12", "to": "2017-01"}}, "/period/to"),
    ],
)
def test_terms_that_cannot_hold_are_refused(changes: dict[str, Any], pointer: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        terms(**changes)
    assert refused.value.pointer == pointer


NAMES = ["Profile.district", "Profile.ageClass", "Purchase.category"]
CODES = {name: FIELDS.get(name).codes for name in NAMES}  # type: ignore[union-attr]  # they exist


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    held = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    where = [
        condition(name, *draw(st.lists(st.sampled_from(CODES[name]), unique=True, min_size=1)))
        for name in held
    ]
    return question(group_by=by, where=where)


@given(asked=questions(), data=st.data())
def test_p7_the_order_of_words_does_not_make_another_question(
    asked: dict[str, Any], data: st.DataObject
) -> None:
    shuffled = {
        **asked,
        "group_by": data.draw(st.permutations(asked["group_by"])),
        "where": [
            {"in": data.draw(st.permutations(one["in"])), "property": one["property"]}
            for one in data.draw(st.permutations(asked["where"]))
        ],
    }
    digests = {query(one, terms(), FIELDS).digest("p") for one in (asked, dict(reversed(shuffled.items())))}
    assert len(digests) == 1


def test_p7_the_other_order_of_dimensions_of_conditions_and_of_codes_is_the_same_question() -> None:
    held = [condition(name, *CODES[name][:2]) for name in NAMES]
    codes_turned = [condition(name, *CODES[name][1::-1]) for name in NAMES]
    asked = [
        question(group_by=NAMES, where=held),
        question(group_by=NAMES[::-1], where=held),
        question(group_by=NAMES, where=held[::-1]),
        question(group_by=NAMES, where=codes_turned),
    ]
    assert len({query(one, terms(), FIELDS).digest("p") for one in asked}) == 1


@given(first=questions(), second=questions())
def test_two_different_questions_have_two_hashes(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = query(first, terms(), FIELDS), query(second, terms(), FIELDS)
    assert (one == other) == (one.digest("p") == other.digest("p"))


def test_the_purpose_is_part_of_the_hash() -> None:
    asked = query(question(), terms(), FIELDS)
    assert asked.digest("p") != asked.digest("q")


def test_only_the_properties_that_a_question_uses_must_be_granted() -> None:
    asked = question(
        measure=SUM_LINES,
        group_by=["Profile.district"],
        where=[condition("Participation.kind", "attendance")],
    )
    assert query(asked, terms(), FIELDS).needs() == {
        ("Profile", "district"),
        ("Purchase", "lineAmount"),
        ("Purchase", "orderedAt"),
        ("Participation", "kind"),
        ("Participation", "startedAt"),
    }
