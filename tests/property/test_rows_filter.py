"""The property filter: whatever the graph and whatever is granted, nothing else comes through."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.filtering import granted
from pods.protocol.rdf import DEFAULT_GRAPH, RDF_TYPE, BlankNode, Literal, NamedNode, Quad, Term, node
from vocab.shapes import SHAPES, Shape

OWNER = "http://localhost:8080/anna/profile/card#me"
SHAPE_NAMES = sorted(SHAPES)

# Few nodes and the predicates of all shapes, so that paths meet, branch and run in circles.
NODES: Sequence[Term] = (
    node(OWNER),
    *(node(f"urn:node:{number}") for number in range(3)),
    *(BlankNode(f"x{number}") for number in range(3)),
)
CLASSES = [node(shape.target_class) for shape in SHAPES.values()] + [node("urn:class:secret")]
PREDICATES = sorted(
    {predicate for shape in SHAPES.values() for one in shape.properties for predicate in one.path}
)
predicates = st.sampled_from([node(name) for name in PREDICATES] + [node("urn:secret")])
subjects = st.sampled_from(NODES)
values = st.one_of(subjects, st.integers(0, 3).map(lambda number: Literal(f"value {number}")))
typed = st.builds(
    lambda who, kind: Quad(who, RDF_TYPE, kind, DEFAULT_GRAPH), subjects, st.sampled_from(CLASSES)
)
plain = st.builds(lambda s, p, o: Quad(s, p, o, DEFAULT_GRAPH), subjects, predicates, values)
graphs = st.lists(st.one_of(typed, plain), max_size=40)


def about(shape: Shape) -> st.SearchStrategy[list[Quad]]:
    """Graphs of one shape: few predicates, so that most paths are walked to their end, whatever it is."""
    own = st.sampled_from([node(predicate) for one in shape.properties for predicate in one.path])
    instances = st.builds(lambda who: Quad(who, RDF_TYPE, node(shape.target_class), DEFAULT_GRAPH), subjects)
    said = st.builds(lambda s, p, o: Quad(s, p, o, DEFAULT_GRAPH), subjects, own, values)
    return st.lists(st.one_of(instances, said, said), max_size=20)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Quad], tuple[Shape, frozenset[str]]]:
    """A question with a graph of its shape, or of any."""
    question = draw(questions())
    return draw(st.one_of(about(question[0]), graphs)), question


@st.composite
def questions(draw: st.DrawFn) -> tuple[Shape, frozenset[str]]:
    shape = SHAPES[draw(st.sampled_from(SHAPE_NAMES))]
    names = draw(st.frozensets(st.sampled_from([one.name for one in shape.properties]), max_size=4))
    return shape, names


def allowed(quads: Sequence[Quad], shape: Shape, names: frozenset[str]) -> set[tuple[str, str, str]]:
    """A slow reference: every statement that lies on a granted path which ends in a value, with the classes."""
    found: set[tuple[str, str, str]] = set()
    starts = [
        quad.subject
        for quad in quads
        if quad.predicate == RDF_TYPE and quad.object == node(shape.target_class)
    ]
    if shape.document is not None:
        starts = [start for start in starts if isinstance(start, NamedNode) and start.value == OWNER]
    for start in starts:
        for one in shape.properties:
            if one.name not in names:
                continue
            trails: list[list[Quad]] = [[]]
            for predicate in one.path:
                trails = [
                    [*trail, quad]
                    for trail in trails
                    for quad in quads
                    if quad.predicate.value == predicate
                    and quad.subject == (trail[-1].object if trail else start)
                ]
            for trail in trails:
                if isinstance(trail[-1].object, BlankNode):
                    continue
                found |= {said(quad) for quad in trail}
                found |= {
                    said(quad)
                    for quad in quads
                    if quad.predicate == RDF_TYPE
                    and quad.subject == start
                    and quad.object == node(shape.target_class)
                }
                parts = {quad.object for quad in trail[:-1]}
                found |= {
                    said(quad)
                    for quad in quads
                    if quad.predicate == RDF_TYPE
                    and quad.subject in parts
                    and isinstance(quad.object, NamedNode)
                }
    return found


def said(quad: Quad) -> tuple[str, str, str]:
    """A statement without the names of blank nodes, which are new in the answer."""
    return tuple(
        "_" if isinstance(term, BlankNode) else str(term)
        for term in (quad.subject, quad.predicate, quad.object)
    )  # type: ignore[return-value]  # three parts


@settings(max_examples=500)
@given(cases())
def test_no_statement_outside_the_granted_properties_comes_through(
    case: tuple[list[Quad], tuple[Shape, frozenset[str]]],
) -> None:
    quads, (shape, names) = case
    shown = granted(quads, shape, names, owner=OWNER)
    assert {said(quad) for quad in shown} == allowed(quads, shape, names)


@given(graphs, questions())
def test_what_is_shown_uses_granted_predicates_only(
    quads: list[Quad], question: tuple[Shape, frozenset[str]]
) -> None:
    shape, names = question
    known = {predicate for one in shape.properties if one.name in names for predicate in one.path}
    for quad in granted(quads, shape, names, owner=OWNER):
        assert quad.predicate == RDF_TYPE or quad.predicate.value in known
        assert quad.predicate.value != "urn:secret"


@given(graphs, questions())
def test_granting_more_never_shows_less(quads: list[Quad], question: tuple[Shape, frozenset[str]]) -> None:
    shape, names = question
    everything = frozenset(one.name for one in shape.properties)
    part = {said(quad) for quad in granted(quads, shape, names, owner=OWNER)}
    assert part <= {said(quad) for quad in granted(quads, shape, everything, owner=OWNER)}


@given(graphs, questions(), st.lists(plain, max_size=5))
def test_statements_in_named_graphs_change_nothing(
    quads: list[Quad], question: tuple[Shape, frozenset[str]], hidden: list[Quad]
) -> None:
    shape, names = question
    aside = [Quad(quad.subject, quad.predicate, quad.object, node("urn:graph")) for quad in hidden]
    assert granted([*aside, *quads], shape, names, owner=OWNER) == granted(quads, shape, names, owner=OWNER)


@given(graphs)
def test_granting_nothing_shows_nothing(quads: list[Quad]) -> None:
    for shape in SHAPES.values():
        assert granted(quads, shape, frozenset(), owner=OWNER) == []


def test_a_path_that_ends_in_a_blank_node_shows_nothing() -> None:
    for shape in SHAPES.values():
        for one in shape.properties:
            parts = [node(OWNER), *(node(f"urn:part:{step}") for step in one.path[1:])]
            ends: list[NamedNode | BlankNode] = [*parts[1:], BlankNode("x")]
            steps = zip(parts, one.path, ends, strict=True)
            quads = [Quad(start, node(predicate), end, DEFAULT_GRAPH) for start, predicate, end in steps]
            instance = Quad(node(OWNER), RDF_TYPE, node(shape.target_class), DEFAULT_GRAPH)
            assert granted([instance, *quads], shape, [one.name], owner=OWNER) == [], (shape.name, one.name)
