"""The closed evaluator against the slow reference: 10,000 policies, most of them damaged in some way."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdfLiteral
from rdflib.term import Node

from consent import odrl
from consent.model import DataItem, OutputMode
from tests.property import odrl_reference as reference
from vocab.shapes import SHAPES
from vocab.terms import NS, ODRL, XSD

POLICIES = 10_000
POLICY = "http://localhost:8080/anna/consents/1.ttl#agreement"
PEOPLE = [f"http://localhost:8080/{name}/profile/card#me" for name in ("anna", "coop", "shop")]
PURPOSES = [f"http://localhost:8080/.consent/purposes/mobility/{number}" for number in (1, 2)]
MOMENTS = [1_772_366_400.0 + 3600 * number for number in range(3)]
KNOWN = {shape.iri: frozenset(shape.by_name) for shape in SHAPES.values()}
Term = NamedNode | BlankNode | Literal


def odrl_node(name: str) -> NamedNode:
    return NamedNode(str(ODRL[name]))


UNKNOWN: list[Term] = [
    NamedNode("urn:unknown"),
    Literal("unknown"),
    Literal("2026-03-01T12:00:00Z"),
    Literal("2026-03-01T12:00:00", datatype=NamedNode(str(XSD.dateTime))),
    *(odrl_node(name) for name in ("read", "distribute", "gt", "isA", "spatial", "count", "Offer", "Set")),
    *(NamedNode(NS + name) for name in ("rows", "everything")),
    *(NamedNode(iri) for iri in PURPOSES),
    # Texts that read like the right IRI, and an IRI that reads like the right text.
    *(Literal(iri) for iri in (*PURPOSES, *PEOPLE, NS + "rows", *KNOWN)),
    *(Literal("total", language="it"), NamedNode("urn:total")),
]
PREDICATES = [
    *(odrl_node(name) for name in ("prohibition", "obligation", "duty", "inheritFrom", "conflict")),
    *(odrl_node(name) for name in ("refinement", "target", "action", "assignee", "constraint")),
    *(
        odrl_node(name)
        for name in ("rightOperand", "operator", "leftOperand", "permission", "profile", "uid")
    ),
    NamedNode("urn:unknown"),
]


def agreement(draw: random.Random) -> odrl.Agreement:
    items = tuple(item(draw) for _ in range(draw.randint(1, 3)))
    return odrl.Agreement(PEOPLE[0], draw.choice(PEOPLE[1:]), draw.choice(PURPOSES), MOMENTS[1], items)


def item(draw: random.Random) -> DataItem:
    shape = SHAPES[draw.choice(sorted(SHAPES))]
    chosen = draw.sample(sorted(shape.by_name), draw.randint(1, min(3, len(shape.by_name))))
    order = list(shape.by_name)
    return DataItem(shape.name, tuple(sorted(chosen, key=order.index)), draw.choice(list(OutputMode)))


def dropped(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    left_out = draw.randrange(len(triples))
    return [one for number, one in enumerate(triples) if number != left_out]


def added(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    subject = draw.choice(triples).subject
    value = draw.choice([*UNKNOWN, *(one.object for one in triples)])
    return [*triples, Triple(subject, draw.choice(PREDICATES), value)]


def replaced(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    number = draw.randrange(len(triples))
    old = triples[number]
    return [
        *triples[:number],
        Triple(old.subject, old.predicate, draw.choice(UNKNOWN)),
        *triples[number + 1 :],
    ]


def exchanged(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    """Let two statements have each other's objects."""
    first, second = draw.sample(range(len(triples)), 2)
    changed = list(triples)
    for here, there in ((first, second), (second, first)):
        changed[here] = Triple(triples[here].subject, triples[here].predicate, triples[there].object)
    return changed


def retyped(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    """Let a text or a time read as before, and be of another type or in a language."""
    texts = [(number, one.object) for number, one in enumerate(triples) if isinstance(one.object, Literal)]
    if not texts:
        return triples
    number, old = draw.choice(texts)
    kinds = [NamedNode(str(XSD[name])) for name in ("string", "token", "anyURI")]
    new = draw.choice(
        [
            Literal(old.value, language="it"),
            *(Literal(old.value, datatype=kind) for kind in kinds if kind != old.datatype),
        ]
    )
    where = triples[number]
    return [*triples[:number], Triple(where.subject, where.predicate, new), *triples[number + 1 :]]


# ODRL Vocabulary 2.2, sections 4.5 to 4.8: what a policy of somebody else could say.
OPERATORS = (
    *("eq", "gt", "gteq", "hasPart", "isA", "isAllOf", "isAnyOf", "isNoneOf", "isPartOf"),
    *("lt", "lteq", "neq"),
)
LEFT_OPERANDS = (
    *("absolutePosition", "absoluteSize", "absoluteSpatialPosition", "absoluteTemporalPosition", "count"),
    *("dateTime", "delayPeriod", "deliveryChannel", "device", "elapsedTime", "event", "fileFormat"),
    *("industry", "language", "media", "meteredTime", "payAmount", "percentage", "product", "purpose"),
    *("recipient", "relativePosition", "relativeSize", "resolution", "spatial", "spatialCoordinates"),
    *("system", "systemDevice", "timeInterval", "unitOfCount", "version", "virtualLocation"),
)
ACTIONS = (
    *("use", "transfer", "read", "modify", "delete", "distribute", "aggregate", "anonymize", "archive"),
    *("derive", "extract", "index", "print", "reproduce", "sell", "translate", "inform", "obtainConsent"),
)
RULES = ("permission", "prohibition", "obligation")
DUTIES = ("duty", "consequence", "remedy")
STRATEGIES = ("perm", "prohibit", "invalid")
OWN_OPERANDS = (NamedNode(NS + "outputMode"), NamedNode(NS + "property"))


def constrained(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    """Add a whole constraint, of any operand and operator, to one of the nodes."""
    node = BlankNode(f"constraint-{draw.randrange(1 << 30)}")
    operand = draw.choice([*map(odrl_node, LEFT_OPERANDS), *OWN_OPERANDS])
    return [
        *triples,
        Triple(draw.choice(triples).subject, odrl_node("constraint"), node),
        Triple(node, odrl_node("leftOperand"), operand),
        Triple(node, odrl_node("operator"), odrl_node(draw.choice(OPERATORS))),
        Triple(node, odrl_node("rightOperand"), draw.choice([*UNKNOWN, *(one.object for one in triples)])),
    ]


def another(predicate: str, names: tuple[str, ...]) -> Callable[[random.Random, list[Triple]], list[Triple]]:
    """Return a damage that puts another term where the policy has one."""

    def changed(draw: random.Random, triples: list[Triple]) -> list[Triple]:
        places = [number for number, one in enumerate(triples) if one.predicate == odrl_node(predicate)] or [
            0
        ]
        number, term_ = draw.choice(places), odrl_node(draw.choice(names))
        old = triples[number]
        return [*triples[:number], Triple(old.subject, old.predicate, term_), *triples[number + 1 :]]

    return changed


def ruled(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    """Add a whole rule to the policy, or a whole duty to any node."""
    node = BlankNode(f"rule-{draw.randrange(1 << 30)}")
    subject, predicate = draw.choice(
        [
            (NamedNode(POLICY), draw.choice(RULES)),
            (draw.choice(triples).subject, draw.choice(DUTIES)),
        ]
    )
    return [
        *triples,
        Triple(subject, odrl_node(predicate), node),
        Triple(node, odrl_node("action"), odrl_node(draw.choice(ACTIONS))),
        Triple(node, odrl_node("target"), NamedNode(draw.choice(sorted(KNOWN)))),
    ]


def decided(draw: random.Random, triples: list[Triple]) -> list[Triple]:
    """Say how permissions and prohibitions that contradict each other are to be weighed."""
    return [*triples, Triple(NamedNode(POLICY), odrl_node("conflict"), odrl_node(draw.choice(STRATEGIES)))]


DAMAGES: list[Callable[[random.Random, list[Triple]], list[Triple]]] = [
    *(dropped, added, replaced, retyped, exchanged, constrained, ruled, decided),
    *(another("operator", OPERATORS), another("leftOperand", LEFT_OPERANDS), another("action", ACTIONS)),
]


def policy(draw: random.Random) -> list[Triple]:
    triples = odrl.triples(agreement(draw), POLICY)
    for _ in range(draw.choice((0, 0, 1, 1, 2))):
        triples = draw.choice(DAMAGES)(draw, triples)
    return list(dict.fromkeys(triples))  # a graph is a set


def as_rdflib(triples: list[Triple]) -> Graph:
    graph = Graph()
    for one in triples:
        graph.add((term(one.subject), URIRef(one.predicate.value), term(one.object)))
    return graph


def term(value: object) -> Node:
    match value:
        case NamedNode():
            return URIRef(value.value)
        case BlankNode():
            return BNode(value.value)
        case Literal():
            # Without normalising: what is written decides, not what it may mean.
            kind = value.datatype.value
            plain = kind == str(XSD.string)
            return RdfLiteral(value.value, datatype=None if plain else URIRef(kind), normalize=False)
    raise TypeError(value)


def asked(draw: random.Random) -> tuple[str, str, DataItem, float]:
    return draw.choice(PEOPLE), draw.choice(PURPOSES), item(draw), draw.choice((*MOMENTS, MOMENTS[1] - 1))


def likely(draw: random.Random, made: list[Triple]) -> tuple[str, str, DataItem, float]:
    """Return a question near to what the policy says, so that many are answered by yes."""
    try:
        found = odrl.read(made, POLICY)
    except odrl.BadPolicy:
        return asked(draw)
    one = draw.choice(found.items)
    names = tuple(draw.sample(one.properties, draw.randint(1, len(one.properties)))) if one.properties else ()
    return found.assignee, found.purpose, DataItem(one.shape, names, one.mode), MOMENTS[0]


def fast(made: list[Triple], assignee: str, purpose: str, use: DataItem, at: float) -> bool:
    try:
        found = odrl.read(made, POLICY)
    except odrl.BadPolicy:
        return False
    return found.permits(
        assignee=assignee, purpose=purpose, shape=use.shape, properties=use.properties, mode=use.mode, at=at
    )


def slow(graph: Graph, assignee: str, purpose: str, use: DataItem, at: float) -> bool:
    question = reference.Question(
        assignee, purpose, SHAPES[use.shape].iri, frozenset(use.properties), NS + use.mode.value, at
    )
    return reference.permitted(graph, URIRef(POLICY), question, KNOWN)


@pytest.mark.parametrize(("first", "behind"), list(pairwise(range(0, POLICIES + 1, POLICIES // 4))))
def test_the_evaluator_agrees_with_the_reference(first: int, behind: int) -> None:
    said = {True: 0, False: 0}
    readable = {True: 0, False: 0}
    for seed in range(first, behind):
        draw = random.Random(seed)  # a seed, so that a failure can be seen again
        made = policy(draw)
        graph = as_rdflib(made)
        understood = reference.understood(graph, URIRef(POLICY), KNOWN)
        assert is_read(made) == understood, f"policy {seed}"
        readable[understood] += 1
        for question in (asked(draw), likely(draw, made)):
            expected = slow(graph, *question)
            assert fast(made, *question) == expected, f"policy {seed}"
            said[expected] += 1
    # Neither a judge that always says no nor policies that are all sound would prove anything.
    assert min(*said.values(), *readable.values()) > (behind - first) // 8


def test_the_policies_use_every_term_that_others_could() -> None:
    used: set[str] = set()
    for seed in range(POLICIES):
        made = policy(random.Random(seed))
        used |= {one.predicate.value for one in made}
        used |= {one.object.value for one in made if isinstance(one.object, NamedNode)}
    terms = (*OPERATORS, *LEFT_OPERANDS, *ACTIONS, *RULES, *DUTIES, *STRATEGIES)
    assert {name for name in terms if odrl_node(name).value not in used} == set()


def is_read(made: list[Triple]) -> bool:
    try:
        odrl.read(made, POLICY)
    except odrl.BadPolicy:
        return False
    return True


def test_p2_no_union_of_policies_permits_more_than_one_of_them() -> None:
    """P2: two grants side by side, or in one graph, never allow together what neither allows alone."""
    for seed in range(500):
        draw = random.Random(seed)  # a seed, so that a failure can be seen again
        pair = [odrl.triples(agreement(draw), POLICY) for _ in range(2)]
        question = likely(draw, pair[0])
        wider = DataItem(
            question[2].shape, tuple(sorted(SHAPES[question[2].shape].by_name)), question[2].mode
        )
        for use in (question[2], wider):
            alone = [fast(one, question[0], question[1], use, question[3]) for one in pair]
            assert fast([*pair[0], *pair[1]], question[0], question[1], use, question[3]) <= any(alone)


def test_p2_a_prohibition_is_never_skipped() -> None:
    """P2: a prohibition beside a permission wins, whatever it prohibits: the policy permits nothing."""
    for seed in range(500):
        draw = random.Random(seed)  # a seed, so that a failure can be seen again
        made = odrl.triples(agreement(draw), POLICY)
        question, rule = likely(draw, made), BlankNode()
        assert fast(made, *question)
        forbidden = [
            Triple(NamedNode(POLICY), odrl_node("prohibition"), rule),
            Triple(rule, odrl_node("action"), odrl_node("use")),
            Triple(rule, odrl_node("target"), draw.choice([NamedNode(iri) for iri in KNOWN])),
        ]
        assert not fast([*made, *forbidden], *question)
