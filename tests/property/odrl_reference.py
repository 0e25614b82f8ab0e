"""ODRL 2.2 as the Information Model reads, slowly and with rdflib: the judge of the fast evaluator, sharing no code with it.

Section numbers are those of the W3C Recommendation of 15 February 2018.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from rdflib import RDF, XSD, Graph, Literal, Namespace, Node, URIRef

ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
PO = Namespace("https://w3id.org/portico/ns#")

# 2.1 and 2.2: everything that a policy, a rule and a constraint may have in the profile of grants. An ODRL
# processor that meets a term outside its profiles must not act on the policy; here that is: nothing is permitted.
POLICY_TERMS = {RDF.type, ODRL.uid, ODRL.assigner, ODRL.assignee, ODRL.permission}
RULE_TERMS = {ODRL.action, ODRL.target, ODRL.constraint}
CONSTRAINT_TERMS = {ODRL.leftOperand, ODRL.operator, ODRL.rightOperand}
UNDERSTOOD = {
    (ODRL.purpose, ODRL.eq),
    (ODRL.dateTime, ODRL.lt),
    (PO.outputMode, ODRL.eq),
    (PO.property, ODRL.isAnyOf),
}
MODES = {PO.rows, PO.claim, PO.aggregateOnly, PO.append}


class Question:
    """One use that somebody wants to make."""

    def __init__(
        self, assignee: str, purpose: str, shape: str, properties: frozenset[str], mode: str, at: float
    ) -> None:
        self.assignee = URIRef(assignee)
        self.purpose = URIRef(purpose)
        self.shape = URIRef(shape)
        self.properties = properties
        self.mode = URIRef(mode)
        self.at = datetime.fromtimestamp(at, UTC)


def permitted(graph: Graph, policy: URIRef, question: Question, known: Mapping[str, frozenset[str]]) -> bool:
    """Say whether the policy permits the use; `known` are the shapes by IRI with the names of their properties."""
    if not understood(graph, policy, known):
        return False
    # 2.3.2: an assignee is the recipient of the Rule; 2.6.5: without a prohibition no conflict arises.
    if question.assignee not in graph.objects(policy, ODRL.assignee) or not question.properties:
        return False
    return any(_rule_allows(graph, rule, question) for rule in graph.objects(policy, ODRL.permission))


def understood(graph: Graph, policy: URIRef, known: Mapping[str, frozenset[str]]) -> bool:
    """Say whether every term of the policy is one of the profile, and each rule is complete."""
    if set(graph.predicates(policy)) - POLICY_TERMS:
        return False
    one_of_each = all(
        len(list(graph.objects(policy, term))) == 1
        for term in (RDF.type, ODRL.uid, ODRL.assigner, ODRL.assignee)
    )
    if not one_of_each or (policy, RDF.type, ODRL.Agreement) not in graph:
        return False
    rules = list(graph.objects(policy, ODRL.permission))
    parties = [*graph.objects(policy, ODRL.assigner), *graph.objects(policy, ODRL.assignee)]
    # 2.3: a Party is identified by an IRI.
    if (policy, ODRL.uid, policy) not in graph or not rules or not _all_iris(parties):
        return False
    if not all(_rule_understood(graph, rule, known) for rule in rules):
        return False
    # The profile: a grant is for one purpose and until one moment.
    ends = {(_values(graph, rule, ODRL.purpose), _moment(graph, rule)) for rule in rules}
    return len(ends) == 1


def _rule_understood(graph: Graph, rule: Node, known: Mapping[str, frozenset[str]]) -> bool:
    if set(graph.predicates(rule)) - RULE_TERMS or list(graph.objects(rule, ODRL.action)) != [ODRL.use]:
        return False
    targets = list(graph.objects(rule, ODRL.target))
    if len(targets) != 1 or str(targets[0]) not in known:
        return False
    constraints = list(graph.objects(rule, ODRL.constraint))
    seen = []
    for constraint in constraints:
        if set(graph.predicates(constraint)) != CONSTRAINT_TERMS:
            return False
        left, operator = (list(graph.objects(constraint, term)) for term in (ODRL.leftOperand, ODRL.operator))
        if len(left) != 1 or len(operator) != 1 or (left[0], operator[0]) not in UNDERSTOOD:
            return False
        seen.append(left[0])
    if sorted(map(str, seen)) != sorted(str(left) for left, _ in UNDERSTOOD):
        return False
    single = (ODRL.purpose, ODRL.dateTime, PO.outputMode)
    if any(len(_values(graph, rule, left)) != 1 for left in single) or _moment(graph, rule) is None:
        return False
    names = _values(graph, rule, PO.property)
    texts = {str(value) for value in names if isinstance(value, Literal) and value.datatype is None}
    return (
        _values(graph, rule, PO.outputMode) <= MODES
        and _all_iris([*_values(graph, rule, ODRL.purpose), *targets])
        and len(texts) == len(names) > 0
        and texts <= known[str(targets[0])]
    )


def _all_iris(nodes: Iterable[Node]) -> bool:
    return all(isinstance(node, URIRef) for node in nodes)


def _rule_allows(graph: Graph, rule: Node, question: Question) -> bool:
    """2.5.1: the Constraint is satisfied if the comparison is; 2.6.1: all of a Rule's Constraints must be."""
    moment = _moment(graph, rule)
    named = {str(value) for value in _values(graph, rule, PO.property)}
    return (
        (rule, ODRL.target, question.shape) in graph
        and _values(graph, rule, ODRL.purpose) == {question.purpose}
        and moment is not None
        and question.at < moment
        and _values(graph, rule, PO.outputMode) == {question.mode}
        and question.properties <= named
    )


def _values(graph: Graph, rule: Node, left: URIRef) -> frozenset[Node]:
    return frozenset(
        value
        for constraint in graph.objects(rule, ODRL.constraint)
        if (constraint, ODRL.leftOperand, left) in graph
        for value in graph.objects(constraint, ODRL.rightOperand)
    )


def _moment(graph: Graph, rule: Node) -> datetime | None:
    found = [value for value in _values(graph, rule, ODRL.dateTime) if isinstance(value, Literal)]
    if len(found) != 1 or found[0].datatype != XSD.dateTime:
        return None
    try:
        return datetime.strptime(str(found[0]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
