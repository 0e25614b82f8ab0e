"""Grants as ODRL 2.2 agreements in a closed subset: written for a grant, read back strictly, evaluated.

One permission for each item: action `odrl:use`, target the shape, and exactly four constraints, all of which
must hold. Whatever else a policy says makes it unreadable, and an unreadable policy permits nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from consent import wire
from consent.model import DataItem, OutputMode
from vocab.shapes import SHAPES
from vocab.terms import NS, ODRL, RDF, XSD

Node = NamedNode | BlankNode | Literal
_TYPE = NamedNode(str(RDF.type))
_SHAPE_NAMES: Mapping[str, str] = {shape.iri: name for name, shape in SHAPES.items()}

PURPOSE = ("purpose", "eq")
DATE_TIME = ("dateTime", "lt")
OUTPUT_MODE = ("outputMode", "eq")
PROPERTY = ("property", "isAnyOf")
_OPERANDS: Mapping[str, tuple[str, str]] = {
    str(ODRL.purpose): PURPOSE,
    str(ODRL.dateTime): DATE_TIME,
    NS + "outputMode": OUTPUT_MODE,
    NS + "property": PROPERTY,
}
"""Every left operand that we understand, with the one operator that we take with it."""

_MODES: Mapping[str, OutputMode] = {NS + mode.value: mode for mode in OutputMode}


class BadPolicy(ValueError):
    """A policy with a term that we do not know or a part that is missing: it permits nothing."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a policy says, once every term of it is understood."""

    assigner: str
    assignee: str
    purpose: str
    expires_at: float
    items: tuple[DataItem, ...]

    def permits(
        self,
        *,
        assignee: str,
        purpose: str,
        shape: str,
        properties: Iterable[str],
        mode: OutputMode,
        at: float,
    ) -> bool:
        """Say whether one item covers this use now. Purposes are equal or not; none contains another (attack 12)."""
        asked = DataItem(shape, tuple(properties), mode)
        return (
            assignee == self.assignee
            and purpose == self.purpose
            and at < self.expires_at
            and any(item.covers(asked) for item in self.items)
        )


def triples(agreement: Agreement, subject: str) -> list[Triple]:
    """Return the agreement as RDF about `subject`."""
    policy = NamedNode(subject)
    found = [
        Triple(policy, _TYPE, _odrl("Agreement")),
        Triple(policy, _odrl("uid"), policy),
        Triple(policy, _odrl("assigner"), NamedNode(agreement.assigner)),
        Triple(policy, _odrl("assignee"), NamedNode(agreement.assignee)),
    ]
    end = Literal(wire.timestamp(agreement.expires_at), datatype=NamedNode(str(XSD.dateTime)))
    for item in agreement.items:
        permission = BlankNode()
        found += [
            Triple(policy, _odrl("permission"), permission),
            Triple(permission, _odrl("action"), _odrl("use")),
            Triple(permission, _odrl("target"), NamedNode(SHAPES[item.shape].iri)),
            *_constraint(permission, str(ODRL.purpose), "eq", [NamedNode(agreement.purpose)]),
            *_constraint(permission, str(ODRL.dateTime), "lt", [end]),
            *_constraint(permission, NS + "outputMode", "eq", [NamedNode(NS + item.mode.value)]),
            *_constraint(permission, NS + "property", "isAnyOf", [Literal(name) for name in item.properties]),
        ]
    return found


def read(graph: Iterable[Triple], subject: str) -> Agreement:
    """Return what the policy about `subject` says; raise BadPolicy for anything outside the closed subset."""
    about: dict[Node, list[tuple[str, Node]]] = defaultdict(list)
    for triple in graph:
        if isinstance(triple.subject, Triple) or isinstance(triple.object, Triple):
            raise BadPolicy("a policy says nothing about statements")
        about[triple.subject].append((triple.predicate.value, triple.object))
    policy = NamedNode(subject)
    parts = _parts(about[policy], _POLICY_TERMS, "the policy")
    if _only(parts, str(RDF.type)) != _odrl("Agreement") or _only(parts, str(ODRL.uid)) != policy:
        raise BadPolicy("the policy is not one odrl:Agreement with its own IRI as odrl:uid")
    permissions = [_permission(about, node) for node in parts[str(ODRL.permission)]]
    if not permissions or len({(purpose, end) for purpose, end, _ in permissions}) != 1:
        raise BadPolicy("the permissions must agree on one purpose and one end")
    purpose, end, _ = permissions[0]
    assigner, assignee = (_iri(_only(parts, str(ODRL[name]))) for name in ("assigner", "assignee"))
    return Agreement(assigner, assignee, purpose, end, tuple(item for _, _, item in permissions))


_POLICY_TERMS = frozenset(
    {str(RDF.type), str(ODRL.uid), str(ODRL.assigner), str(ODRL.assignee), str(ODRL.permission)}
)
_PERMISSION_TERMS = frozenset({str(ODRL.action), str(ODRL.target), str(ODRL.constraint)})
_CONSTRAINT_TERMS = frozenset({str(ODRL.leftOperand), str(ODRL.operator), str(ODRL.rightOperand)})


def _permission(about: Mapping[Node, Sequence[tuple[str, Node]]], node: Node) -> tuple[str, float, DataItem]:
    parts = _parts(about.get(node, ()), _PERMISSION_TERMS, "a permission")
    if _only(parts, str(ODRL.action)) != _odrl("use"):
        raise BadPolicy("the action of a permission must be odrl:use")
    shape = _SHAPE_NAMES.get(_iri(_only(parts, str(ODRL.target))))
    if shape is None:
        raise BadPolicy("the target of a permission must be a published shape")
    limits: dict[tuple[str, str], list[Node]] = {}
    for constraint in parts[str(ODRL.constraint)]:
        operand, values = _limit(about, constraint)
        if operand in limits:
            raise BadPolicy(f"a permission constrains {operand[0]} twice")
        limits[operand] = values
    if set(limits) != set(_OPERANDS.values()):
        raise BadPolicy("a permission must constrain purpose, dateTime, outputMode and property")
    try:
        end = wire.seconds(_text(_one(limits[DATE_TIME]), str(XSD.dateTime)))
        mode = _MODES[_iri(_one(limits[OUTPUT_MODE]))]
    except (KeyError, ValueError) as error:
        raise BadPolicy(f"a constraint has a value that we do not know: {error}") from error
    names = tuple(_text(value, str(XSD.string)) for value in limits[PROPERTY])
    if not names or not set(names) <= set(SHAPES[shape].by_name):
        raise BadPolicy(f"a property is none of the shape {shape}")
    order = list(SHAPES[shape].by_name)
    return _iri(_one(limits[PURPOSE])), end, DataItem(shape, tuple(sorted(names, key=order.index)), mode)


def _limit(
    about: Mapping[Node, Sequence[tuple[str, Node]]], node: Node
) -> tuple[tuple[str, str], list[Node]]:
    parts = _parts(about.get(node, ()), _CONSTRAINT_TERMS, "a constraint")
    operand = _OPERANDS.get(_iri(_only(parts, str(ODRL.leftOperand))))
    if operand is None or _only(parts, str(ODRL.operator)) != _odrl(operand[1]):
        raise BadPolicy("a constraint has an operand or an operator that we do not know")
    return operand, parts[str(ODRL.rightOperand)]


def _parts(pairs: Iterable[tuple[str, Node]], known: frozenset[str], what: str) -> Mapping[str, list[Node]]:
    parts: dict[str, list[Node]] = defaultdict(list)
    for predicate, value in pairs:
        # Prohibitions, duties, refinements, inheritance, conflict strategies: all are refused, none is skipped.
        if predicate not in known:
            raise BadPolicy(f"{what} has {predicate}, which we do not know")
        parts[predicate].append(value)
    return parts


def _iri(value: Node) -> str:
    """Return an IRI; a text that reads like one means something else."""
    if not isinstance(value, NamedNode):
        raise BadPolicy(f"an IRI is needed where there is {value}")
    return value.value


def _text(value: Node, datatype: str) -> str:
    if not isinstance(value, Literal) or value.datatype.value != datatype or value.language is not None:
        raise BadPolicy(f"a literal of {datatype} is needed where there is {value}")
    return value.value


def _only(parts: Mapping[str, list[Node]], predicate: str) -> Node:
    return _one(parts.get(predicate, []))


def _one(values: Sequence[Node]) -> Node:
    if len(values) != 1:
        raise BadPolicy(f"one value is needed where there are {len(values)}")
    return values[0]


def _constraint(permission: BlankNode, operand: str, operator: str, values: Iterable[Node]) -> list[Triple]:
    node = BlankNode()
    return [
        Triple(permission, _odrl("constraint"), node),
        Triple(node, _odrl("leftOperand"), NamedNode(operand)),
        Triple(node, _odrl("operator"), _odrl(operator)),
        *(Triple(node, _odrl("rightOperand"), value) for value in values),
    ]


@cache
def _odrl(name: str) -> NamedNode:
    return NamedNode(str(ODRL[name]))
