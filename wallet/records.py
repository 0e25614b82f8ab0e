"""Records: what a document of a known shape says, read from its graph by the shape's properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rdflib import RDF, Graph, URIRef
from rdflib.term import Node

from vocab.shapes import Property, Shape, cents

TURTLE = "text/turtle"

Value = str | int
"""A notation, an integer, cents, a moment as text, a text or an IRI, by the property's kind."""


@dataclass(frozen=True, slots=True)
class Record:
    """One subject of a shape. `parts` are the values of its parts, such as the lines of an order."""

    iri: str
    values: Mapping[str, Value] = field(repr=False)
    parts: tuple[Mapping[str, Value], ...] = field(default=(), repr=False)

    def text(self, name: str) -> str:
        """Return a value as text, empty where it is not there."""
        return str(self.values.get(name, ""))

    def number(self, name: str) -> int:
        """Return an integer or an amount in cents, 0 where it is not there."""
        value = self.values.get(name, 0)
        return value if isinstance(value, int) else 0


def records(graph: Graph, shape: Shape) -> Iterator[Record]:
    """Yield the subjects of the shape's class in a graph."""
    for subject in sorted(set(graph.subjects(RDF.type, URIRef(shape.target_class))), key=str):
        yield record(graph, shape, subject)


def record(graph: Graph, shape: Shape, subject: Node) -> Record:
    """Return what the graph says of one subject; values that do not fit their kind are left out."""
    whole = [item for item in shape.properties if not item.per_part]
    by_part = [item for item in shape.properties if item.per_part]
    parts: dict[Node, dict[str, Value]] = {}
    for item in by_part:
        for part in graph.objects(subject, URIRef(item.path[0])):
            read = _value(item, next(graph.objects(part, URIRef(item.path[1])), None))
            values = parts.setdefault(part, {})
            if read is not None:
                values[item.name] = read
    return Record(str(subject), _values(graph, subject, whole), tuple(parts.values()))


def _values(graph: Graph, subject: Node, properties: list[Property]) -> dict[str, Value]:
    found = {
        item.name: _value(item, next(graph.objects(subject, URIRef(item.path[0])), None))
        for item in properties
    }
    return {name: value for name, value in found.items() if value is not None}


def _value(item: Property, node: Node | None) -> Value | None:
    if node is None:
        return None
    try:
        if item.kind == "integer":
            return int(str(node))
        if item.kind == "money":
            return cents(str(node))
    except ValueError:
        return None
    if item.kind == "code" and item.codes is not None:
        code = item.codes.by_iri.get(str(node))
        return code.notation if code else str(node)
    return str(node)
