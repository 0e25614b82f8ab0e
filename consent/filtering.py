"""The property filter of `rows` grants: of a graph, the granted paths from instances of the shape, nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from pods.protocol.rdf import DEFAULT_GRAPH, RDF_TYPE, BlankNode, Literal, NamedNode, Quad, Term, Triple, node
from vocab.shapes import Shape

Statement = tuple[Term, NamedNode, Term]
Steps = Mapping[tuple[Term, NamedNode], Sequence[Term]]


def granted(quads: Iterable[Quad], shape: Shape, names: Collection[str], *, owner: str) -> list[Quad]:
    """Return the statements of a document that a grant for these properties of the shape lets through.

    A statement passes if it lies on the whole path of a granted property from an instance of the shape, or says
    the class of that instance or of a part on the way. A path that does not end in a value gives nothing, so
    that not even the number of parts is told. Where a shape has one document for each person, the instance is
    the owner alone: data about somebody else in the same document were not the owner's to grant.
    """
    steps = _steps(quads)
    target_class = node(shape.target_class)
    paths = [item.path for item in shape.properties if item.name in names]
    found: dict[Statement, None] = {}
    for subject in _instances(steps, target_class, shape, owner):
        inner: dict[Statement, None] = {}
        for path in paths:
            _walk(steps, subject, path, inner)
        if inner:
            found[subject, RDF_TYPE, target_class] = None
            found.update(inner)
    return _relabelled(found)


def _steps(quads: Iterable[Quad]) -> Steps:
    steps: dict[tuple[Term, NamedNode], list[Term]] = defaultdict(list)
    for quad in quads:
        # Only the default graph is the document; a named graph inside it was never declared by a shape.
        if quad.graph_name != DEFAULT_GRAPH:
            continue
        if not isinstance(quad.subject, Triple) and not isinstance(quad.object, Triple):
            steps[quad.subject, quad.predicate].append(quad.object)
    return steps


def _instances(steps: Steps, target_class: NamedNode, shape: Shape, owner: str) -> list[Term]:
    found = [
        subject
        for (subject, predicate), values in steps.items()
        if predicate == RDF_TYPE and target_class in values
    ]
    if shape.document is None:
        return found
    return [subject for subject in found if isinstance(subject, NamedNode) and subject.value == owner]


def _walk(steps: Steps, start: Term, path: Sequence[str], found: dict[Statement, None]) -> bool:
    """Add what lies on the path from `start`, and say whether a value was reached."""
    predicate = node(path[0])
    reached = False
    for value in steps.get((start, predicate), ()):
        if len(path) == 1:
            # A blank node is no value: it would only tell that something else hangs there.
            passes = isinstance(value, NamedNode | Literal)
        else:
            inner: dict[Statement, None] = {}
            passes = not isinstance(value, Literal) and _walk(steps, value, path[1:], inner)
            if passes:
                for part_class in steps.get((value, RDF_TYPE), ()):
                    if isinstance(part_class, NamedNode):
                        found[value, RDF_TYPE, part_class] = None
                found.update(inner)
        if passes:
            found[start, predicate, value] = None
            reached = True
    return reached


def _relabelled(statements: Iterable[Statement]) -> list[Quad]:
    """Return the statements with blank nodes numbered in order: a label says nothing about what was left out."""
    names: dict[BlankNode, BlankNode] = {}

    def renamed(term: Term) -> Term:
        if not isinstance(term, BlankNode):
            return term
        return names.setdefault(term, BlankNode(f"b{len(names)}"))

    found = []
    for subject, predicate, value in statements:
        about = renamed(subject)
        if not isinstance(about, Literal):
            found.append(Quad(about, predicate, renamed(value), DEFAULT_GRAPH))
    return found
