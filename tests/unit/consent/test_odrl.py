"""Agreements in ODRL: what we write we read back, and any unknown term permits nothing (attacks 12 and 13)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from consent import odrl
from consent.model import DataItem, OutputMode
from vocab.shapes import SHAPES
from vocab.terms import NS, ODRL, XSD

POLICY = "http://localhost:8080/anna/consents/1.ttl#agreement"
PURPOSE = "http://localhost:8080/.consent/purposes/mobility/1"
ANNA, COOP = "http://localhost:8080/anna/profile/card#me", "http://localhost:8080/coop/profile/card#me"
END = 1_772_366_400.0
DATE = Literal("2026-03-01T12:00:00Z", datatype=NamedNode(str(XSD.dateTime)))
ITEMS = (
    DataItem("Purchase", ("orderedAt", "total"), OutputMode.ROWS),
    DataItem("Profile", ("birthYear",), OutputMode.AGGREGATE_ONLY),
)
AGREEMENT = odrl.Agreement(ANNA, COOP, PURPOSE, END, ITEMS)


def named(name: str) -> NamedNode:
    return NamedNode(str(ODRL[name]))


def test_what_is_written_is_read_back() -> None:
    assert odrl.read(odrl.triples(AGREEMENT, POLICY), POLICY) == AGREEMENT


def permits(**changes: object) -> bool:
    asked = {
        "assignee": COOP,
        "purpose": PURPOSE,
        "shape": "Purchase",
        "properties": ("total",),
        "mode": OutputMode.ROWS,
        "at": END - 1,
    }
    return AGREEMENT.permits(**{**asked, **changes})  # type: ignore[arg-type]  # a table of the arguments


def test_a_part_of_what_was_agreed_is_permitted() -> None:
    assert permits()
    assert permits(shape="Profile", properties=("birthYear",), mode=OutputMode.AGGREGATE_ONLY)


@pytest.mark.parametrize(
    "changes",
    [
        {"assignee": ANNA},
        {"purpose": "https://w3id.org/dpv#PublicBenefit"},
        {"purpose": PURPOSE + "/"},
        {"shape": "Participation"},
        {"properties": ("total", "description")},
        {"properties": ()},
        {"mode": OutputMode.CLAIM},
        {"mode": OutputMode.AGGREGATE_ONLY},
        {"at": END},
    ],
)
def test_anything_else_is_not(changes: dict[str, object]) -> None:
    """Attack 12 among them: a broader purpose is another purpose."""
    assert not permits(**changes)


def first_permission(triples: list[Triple]) -> BlankNode:
    node = next(triple.object for triple in triples if triple.predicate == named("permission"))
    assert isinstance(node, BlankNode)
    return node


def with_term(predicate: str, value: NamedNode | Literal) -> Callable[[list[Triple]], list[Triple]]:
    return lambda triples: [*triples, Triple(NamedNode(POLICY), named(predicate), value)]


def on_permission(predicate: str, value: NamedNode | Literal) -> Callable[[list[Triple]], list[Triple]]:
    return lambda triples: [*triples, Triple(first_permission(triples), named(predicate), value)]


def replaced(old: NamedNode | Literal, new: NamedNode | Literal) -> Callable[[list[Triple]], list[Triple]]:
    return lambda triples: [
        Triple(one.subject, one.predicate, new if one.object == old else one.object) for one in triples
    ]


def replaced_once(
    old: NamedNode | Literal, new: NamedNode | Literal
) -> Callable[[list[Triple]], list[Triple]]:
    """Change what one permission says; the other goes on saying it."""

    def changed(triples: list[Triple]) -> list[Triple]:
        first = next(number for number, one in enumerate(triples) if one.object == old)
        return [*triples[:first], *replaced(old, new)([triples[first]]), *triples[first + 1 :]]

    return changed


def without(predicate: NamedNode) -> Callable[[list[Triple]], list[Triple]]:
    return lambda triples: [one for one in triples if one.predicate != predicate]


def without_constraint(operand: NamedNode) -> Callable[[list[Triple]], list[Triple]]:
    def changed(triples: list[Triple]) -> list[Triple]:
        gone = {one.subject for one in triples if one.object == operand}
        return [one for one in triples if one.object not in gone and one.subject not in gone]

    return changed


def constrained_again(
    operand: NamedNode, operator: str, value: NamedNode | Literal
) -> Callable[[list[Triple]], list[Triple]]:
    node = BlankNode()
    return lambda triples: [
        *triples,
        Triple(first_permission(triples), named("constraint"), node),
        Triple(node, named("leftOperand"), operand),
        Triple(node, named("operator"), named(operator)),
        Triple(node, named("rightOperand"), value),
    ]


OUTSIDE: dict[str, Callable[[list[Triple]], list[Triple]]] = {
    "prohibition": with_term("prohibition", named("x")),
    "obligation": with_term("obligation", named("x")),
    "inheritance": with_term("inheritFrom", NamedNode("urn:other")),
    "conflict strategy": with_term("conflict", named("perm")),
    "profile": with_term("profile", NamedNode("urn:profile")),
    "second assignee": with_term("assignee", NamedNode("urn:other")),
    "duty": on_permission("duty", named("x")),
    "refinement": on_permission("refinement", named("x")),
    "second target": on_permission("target", NamedNode("urn:everything")),
    "second action": on_permission("action", named("read")),
    "other action": replaced(named("use"), named("distribute")),
    "other operator": replaced(named("lt"), named("gteq")),
    "operator of a broader purpose": replaced(named("eq"), named("isA")),
    "other operand": replaced(named("dateTime"), named("spatial")),
    "other operand of the same operator": replaced(named("purpose"), named("recipient")),
    "no purpose": without_constraint(named("purpose")),
    "no end": without_constraint(named("dateTime")),
    "no output mode": without_constraint(NamedNode(NS + "outputMode")),
    "second purpose": constrained_again(named("purpose"), "eq", NamedNode(PURPOSE)),
    "second list of properties": constrained_again(
        NamedNode(NS + "property"), "isAnyOf", Literal("description")
    ),
    "no properties": without_constraint(NamedNode(NS + "property")),
    "other type": replaced(named("Agreement"), named("Offer")),
    "other mode": replaced(NamedNode(NS + "rows"), NamedNode(NS + "everything")),
    "unknown property": replaced(Literal("total"), Literal("diagnosis")),
    "broken date": replaced(DATE, Literal("soon")),
    "broken date of the right type": replaced(DATE, Literal("soon", datatype=DATE.datatype)),
    "date as a plain text": replaced(DATE, Literal(DATE.value)),
    "property in a language": replaced(Literal("total"), Literal("total", language="it")),
    "property of another type": replaced(
        Literal("total"), Literal("total", datatype=NamedNode(str(XSD.token)))
    ),
    "purpose as a text": replaced(NamedNode(PURPOSE), Literal(PURPOSE)),
    "assignee as a text": replaced(NamedNode(COOP), Literal(COOP)),
    "two purposes": replaced_once(NamedNode(PURPOSE), NamedNode(PURPOSE + "/other")),
    "two ends": replaced_once(DATE, Literal("2027-03-01T12:00:00Z", datatype=DATE.datatype)),
    "unknown target": replaced(NamedNode(SHAPES["Purchase"].iri), NamedNode("urn:everything")),
    "name of another policy": replaced(NamedNode(POLICY), NamedNode("urn:other")),
    "no constraint": without(named("constraint")),
    "no permission": without(named("permission")),
    "no right operand": without(named("rightOperand")),
    "nothing": lambda _: [],
}


@pytest.mark.parametrize("case", sorted(OUTSIDE))
def test_attack_13_what_is_outside_the_closed_subset_permits_nothing(case: str) -> None:
    """Attack 13: unknown operand, operator, action, duty, malformed policy: refused, never skipped."""
    changed = OUTSIDE[case](odrl.triples(AGREEMENT, POLICY))
    with pytest.raises(odrl.BadPolicy):
        odrl.read(changed, POLICY)
