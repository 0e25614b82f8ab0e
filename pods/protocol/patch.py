"""Patches of RDF documents as values: patterns to match, triples to take out and to put in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from pods.errors import Conflict, Unprocessable
from pods.model import Mode
from pods.protocol.rdf import BlankNode, Literal, NamedNode, Term, Triple

N3_PATCH = "text/n3"
SPARQL_UPDATE = "application/sparql-update"
PATCH_TYPES = (N3_PATCH, SPARQL_UPDATE)

MAX_PATTERNS = 32  # triples in a where clause; a join grows with their number
MAX_VARIABLES = 16
MAX_STEPS = 200_000  # bindings tried before a where clause is given up; some tenths of a second
MAX_SOLUTIONS = 10_000  # solutions of one SPARQL Update


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that stands for any term; blank nodes of a where clause are variables too."""

    name: str


Pattern = tuple["Term | Variable", "Term | Variable", "Term | Variable"]
Template = Pattern | Triple
"""What a change adds or takes out: a triple, or what the solutions of its where clause make one."""

Graph = dict[Triple, None]
"""The default graph of a document: its triples in order, each of them once."""

Binding = Mapping[Variable, "Term"]


@dataclass(frozen=True, slots=True)
class Step:
    """One change: for the solutions of `where`, remove `deletes`, then add `inserts`."""

    where: tuple[Pattern, ...] = ()
    deletes: tuple[Template, ...] = ()
    inserts: tuple[Template, ...] = ()


def _modes(where: bool, inserts: bool, deletes: bool) -> Mode:
    # where reads; inserts append; deletes read and write, since their failure tells what is there.
    return (
        (Mode.READ if where else Mode.NONE)
        | (Mode.APPEND if inserts else Mode.NONE)
        | (Mode.READ | Mode.WRITE if deletes else Mode.NONE)
    ) or Mode.APPEND


_NEEDED = {parts: _modes(*parts) for parts in product((False, True), repeat=3)}


@dataclass(frozen=True, slots=True)
class Patch:
    """Steps in order. `strict` is N3 Patch: exactly one solution, and what is deleted must be there."""

    steps: tuple[Step, ...]
    strict: bool

    @property
    def needed(self) -> Mode:
        """Return the modes that the patch needs (Solid Protocol, 5.3.1)."""
        where = inserts = deletes = False
        for step in self.steps:
            where, inserts, deletes = (
                where or bool(step.where),
                inserts or bool(step.inserts),
                deletes or bool(step.deletes),
            )
        return _NEEDED[where, inserts, deletes]


def terms(patch: Patch) -> Iterator[object]:
    """Give every term that a patch names."""
    for step in patch.steps:
        for pattern in (*step.where, *step.deletes, *step.inserts):
            yield from pattern


def apply(patch: Patch, document: Sequence[Triple]) -> list[Triple]:
    """Return the default graph of a document after the patch; raise Conflict if it does not fit."""
    # A dict keeps the document's order, so that a patched file still reads like the one before.
    graph = dict.fromkeys(document)
    for step in patch.steps:
        if patch.strict:
            _apply_to_the_one(step, graph)
        else:
            _apply_to_all(step, graph)
    return list(graph)


def _apply_to_the_one(step: Step, graph: Graph) -> None:
    found: Binding = {}
    if step.where:
        solutions = _solutions(step.where, list(graph))
        first = next(solutions, None)
        if first is None:
            raise Conflict("The patch's where clause matches nothing in the document.")
        if next(solutions, None) is not None:
            raise Conflict("The patch's where clause matches the document in more than one way.")
        found = first
    deletes = _instances(step.deletes, found, {})
    for triple in deletes:
        if triple not in graph:
            raise Conflict("A triple that the patch deletes is not in the document; nothing was changed.")
    for triple in deletes:
        graph.pop(triple, None)
    for triple in _instances(step.inserts, found, {}):
        graph[triple] = None


def _apply_to_all(step: Step, graph: Graph) -> None:
    solutions: list[Binding] = [] if step.where else [{}]
    for found in _solutions(step.where, list(graph)) if step.where else ():
        solutions.append(found)
        if len(solutions) > MAX_SOLUTIONS:
            raise Unprocessable(f"The where clause has more than {MAX_SOLUTIONS} solutions.")
    for solution in solutions:
        for triple in _instances(step.deletes, solution, {}):
            graph.pop(triple, None)
    for solution in solutions:
        # SPARQL 1.1 Update, 4.2.1: blank nodes of the template are fresh for each solution.
        for triple in _instances(step.inserts, solution, {}):
            graph[triple] = None


def _solutions(patterns: Sequence[Pattern], triples: Sequence[Triple]) -> Iterator[dict[Variable, Term]]:
    """Yield each binding that makes every pattern a triple of the document; bounded by MAX_STEPS."""
    variables = {term for pattern in patterns for term in pattern if isinstance(term, Variable)}
    if len(patterns) > MAX_PATTERNS or len(variables) > MAX_VARIABLES:
        raise Unprocessable(f"A where clause has at most {MAX_PATTERNS} patterns, {MAX_VARIABLES} variables.")
    by_predicate: dict[NamedNode, list[Triple]] = {}
    for triple in triples:
        by_predicate.setdefault(triple.predicate, []).append(triple)
    budget = [MAX_STEPS]

    def extend(rest: list[Pattern], binding: dict[Variable, Term]) -> Iterator[dict[Variable, Term]]:
        if not rest:
            yield binding
            return
        # The pattern with the fewest free variables first: it narrows the search the most.
        chosen = min(rest, key=lambda pattern: sum(_free(term, binding) for term in pattern))
        remaining = [pattern for pattern in rest if pattern != chosen]
        predicate = binding.get(chosen[1], chosen[1]) if isinstance(chosen[1], Variable) else chosen[1]
        candidates = by_predicate.get(predicate, []) if isinstance(predicate, NamedNode) else triples
        for triple in candidates:
            budget[0] -= 1
            if budget[0] < 0:
                raise Unprocessable("The where clause takes too long to evaluate; make it more specific.")
            longer = _unify(chosen, triple, binding)
            if longer is not None:
                yield from extend(remaining, longer)

    yield from extend(list(dict.fromkeys(patterns)), {})


def _free(term: Term | Variable, binding: Binding) -> bool:
    return isinstance(term, Variable) and term not in binding


def _unify(pattern: Pattern, triple: Triple, binding: dict[Variable, Term]) -> dict[Variable, Term] | None:
    longer = binding
    for wanted, term in zip(pattern, (triple.subject, triple.predicate, triple.object), strict=True):
        if not isinstance(wanted, Variable):
            if wanted != term:
                return None
            continue
        bound = longer.get(wanted)
        if isinstance(term, Triple):
            return None
        if bound is None:
            longer = {**longer, wanted: term}
        elif bound != term:
            return None
    return longer


def _instances(
    templates: Sequence[Template], binding: Binding, fresh: dict[BlankNode, BlankNode]
) -> list[Triple]:
    found = []
    for template in templates:
        if type(template) is Triple:
            found.append(template)
            continue
        subject, predicate, value = template
        if type(subject) is not NamedNode:
            subject = _instance(subject, binding, fresh)
        if type(predicate) is not NamedNode:
            predicate = _instance(predicate, binding, fresh)
        if isinstance(subject, Literal) or not isinstance(predicate, NamedNode):
            raise Unprocessable("A variable of the patch stands for a term that cannot stand in its place.")
        found.append(Triple(subject, predicate, _instance(value, binding, fresh)))
    return found


def _instance(term: Term | Variable, binding: Binding, fresh: dict[BlankNode, BlankNode]) -> Term:
    if isinstance(term, Variable):
        return binding[term]
    if isinstance(term, BlankNode):
        return fresh.setdefault(term, BlankNode())
    return term
