"""N3 Patch (Solid Protocol, 5.3.1): read `solid:InsertDeletePatch` documents.

https://solidproject.org/TR/2024/protocol-20240512#n3-patch
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pods.errors import Unprocessable
from pods.protocol import patterns
from pods.protocol.patch import Patch, Pattern, Step, Template, Variable
from pods.protocol.rdf import DEFAULT_GRAPH, RDF_TYPE, BlankNode, Literal, NamedNode, Quad, node

_SOLID = "http://www.w3.org/ns/solid/terms#"
_PATCH_TYPE = node(_SOLID + "InsertDeletePatch")
_PARTS = _WHERE, _DELETES, _INSERTS = tuple(node(_SOLID + name) for name in ("where", "deletes", "inserts"))

_PLAIN = (NamedNode, Literal)


def read(content: bytes, base: str) -> Patch:
    """Return the patch; raise BadContent if it is no N3, Unprocessable if it is no patch of this shape."""
    text = patterns.n3_without_variables(content)
    formulae: dict[object, list[Quad]] = defaultdict(list)
    for quad in patterns.parsed(text, base, n3=True):
        formulae[quad.graph_name].append(quad)
    outside = formulae.pop(DEFAULT_GRAPH, [])
    resource = _patch_resource(outside)
    parts: dict[NamedNode, list[Quad]] = {}
    for quad in outside:
        predicate, value = quad.predicate, quad.object
        if predicate not in _PARTS:
            continue
        if quad.subject != resource or not isinstance(value, BlankNode):
            raise Unprocessable("solid:where, inserts and deletes must lead from the patch to a formula.")
        if predicate in parts:
            # "The patch resource MUST contain at most one triple of the form ?patch solid:deletes …"
            raise Unprocessable(f"The patch has more than one <{predicate.value}>.")
        parts[predicate] = formulae.pop(value, [])
    if formulae:
        raise Unprocessable("The formulae of a patch must not hold other formulae, nor stand alone.")
    where = _formula(parts.get(_WHERE, ()), blank_nodes_match=True)
    read_changes = _changes if patterns.VARIABLE_SCHEME in text else _stated
    deletes, inserts = (
        read_changes(parts.get(_DELETES, ()), where),
        read_changes(parts.get(_INSERTS, ()), where),
    )
    return Patch((Step(where, deletes, inserts),), strict=True)


def _patch_resource(outside: Sequence[Quad]) -> object:
    found = {quad.subject for quad in outside if quad.predicate == RDF_TYPE and quad.object == _PATCH_TYPE}
    if len(found) != 1:
        # "A patch document MUST contain one or more patch resources", "exactly one" for this type.
        raise Unprocessable(f"The body must hold one solid:InsertDeletePatch; it holds {len(found)}.")
    return found.pop()


def _stated(quads: Sequence[Quad], where: tuple[Pattern, ...]) -> tuple[Template, ...]:
    """Return what a formula without variables changes: triples of the document already, where they hold nothing odd."""
    found = [quad.triple for quad in quads]
    for triple in found:
        if (
            type(triple.subject) is not NamedNode
            or type(triple.predicate) is not NamedNode
            or type(triple.object) not in _PLAIN
        ):
            return _changes(quads, where)
    return tuple(found)


def _changes(quads: Sequence[Quad], where: tuple[Pattern, ...]) -> tuple[Template, ...]:
    # "The ?insertions and ?deletions formulae MUST NOT contain variables that do not occur in ?conditions",
    # "MUST NOT contain blank nodes."
    found = _formula(quads, blank_nodes_match=False)
    kinds = {type(term) for one in found for term in one}
    if Variable in kinds and (unknown := patterns.variables(found) - patterns.variables(where)):
        names = ", ".join(sorted(f"?{variable.name}" for variable in unknown))
        raise Unprocessable(f"The variables {names} do not occur in solid:where.")
    if BlankNode in kinds:
        raise Unprocessable("solid:inserts and solid:deletes must not hold blank nodes; name them by IRIs.")
    return found


def _formula(quads: Sequence[Quad], *, blank_nodes_match: bool) -> tuple[Pattern, ...]:
    return tuple([patterns.pattern(quad, blank_nodes_match=blank_nodes_match) for quad in quads])
