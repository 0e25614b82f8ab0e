"""The documents that the vocabulary is published as: terms, code lists, shapes, schemas and contexts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rdflib import BNode, Graph, Literal, URIRef

from vocab.codes import CodeList
from vocab.shapes import CODE_LISTS, SHAPES, Property, Shape
from vocab.terms import NS, RDF, RDFS, SKOS

SHACL = (
    "profile",
    "participation",
    "purchase",
    "value-share",
    "purpose-declaration",
    "grant",
    "consent-record",
    "credential",
    "delegation",
    "access-line",
    "query",
    "release",
)
"""Every SHACL document there is; served at `/.vocab/shapes/{name}.ttl`."""


@dataclass(frozen=True, slots=True)
class Term:
    """One of our own terms as a reader sees it."""

    name: str
    iri: str
    kind: str
    """class, property or value"""
    label: dict[str, str]
    comment: dict[str, str]
    range: str | None


@cache
def ontology() -> str:
    """Return our own terms as Turtle, with the dimensions that tables of answers have."""
    written = (files("vocab") / "ns.ttl").read_text("utf-8")
    coded = [
        (shape, each) for shape in SHAPES.values() for each in shape.properties if each.codes is not None
    ]
    return f"{written}\n{''.join(_dimension(shape, each) for shape, each in coded)}"


def _dimension(shape: Shape, coded: Property) -> str:
    """Return a dimension of a Data Cube for a property with a code list, `po:Purchase-category`."""
    listed = f"  qb:codeList <{coded.codes.iri}> ;\n" if coded.codes is not None else ""
    return (
        f"po:{shape.name}-{coded.name} a qb:DimensionProperty , qb:CodedProperty ;\n{listed}"
        f'  rdfs:label "{coded.label["it"]}"@it , "{coded.label["en"]}"@en .\n\n'
    )


@cache
def ontology_graph() -> Graph:
    """Return our own terms as a graph."""
    return Graph().parse(data=ontology(), format="turtle")


@cache
def terms() -> tuple[Term, ...]:
    """Return our own terms in alphabetical order."""
    graph = ontology_graph()
    subjects = sorted({str(term) for term in graph.subjects(RDFS.isDefinedBy, URIRef(NS))})
    return tuple(_term(graph, URIRef(subject)) for subject in subjects)


@cache
def shacl(name: str) -> str:
    """Return a SHACL document as Turtle; KeyError if there is none of that name."""
    if name not in SHACL:
        raise KeyError(name)
    return (files("vocab") / "shacl" / f"{name}.ttl").read_text("utf-8")


@cache
def code_list(name: str) -> str:
    """Return a code list as a SKOS concept scheme in Turtle; KeyError if there is none of that name."""
    return _scheme(CODE_LISTS[name]).serialize(format="turtle")


def _scheme(codes: CodeList) -> Graph:
    graph, scheme = Graph(), URIRef(codes.iri)
    graph.bind("skos", SKOS)
    graph.add((scheme, RDF.type, SKOS.ConceptScheme))
    for language, text in codes.label.items():
        graph.add((scheme, SKOS.prefLabel, Literal(text, lang=language)))
    for code in codes.codes:
        concept = URIRef(code.iri)
        graph.add((concept, RDF.type, SKOS.Concept))
        graph.add((concept, SKOS.inScheme, scheme))
        graph.add((concept, SKOS.notation, Literal(code.notation)))
        for language, text in code.label.items():
            graph.add((concept, SKOS.prefLabel, Literal(text, lang=language)))
        parent = PARENTS.get(codes.name)
        if parent is not None and code.broader is not None:
            graph.add((concept, SKOS.broadMatch, URIRef(CODE_LISTS[parent].by_notation[code.broader].iri)))
    return graph


PARENTS = {"neighbourhood": "district", "venue": "neighbourhood", "shop": "neighbourhood"}
"""In which other list the `broader` notations of a list are found."""


def _term(graph: Graph, subject: URIRef) -> Term:
    types = set(graph.objects(subject, RDF.type))
    kind = "class" if RDFS.Class in types else "property" if RDF.Property in types else "value"
    ranges = [str(found) for found in graph.objects(subject, RDFS.range) if not isinstance(found, BNode)]
    return Term(
        name=str(subject).removeprefix(NS),
        iri=str(subject),
        kind=kind,
        label=_texts(graph.objects(subject, RDFS.label)),
        comment=_texts(graph.objects(subject, RDFS.comment)),
        range=ranges[0] if ranges else None,
    )


def _texts(literals: Iterable[object]) -> dict[str, str]:
    return {text.language or "": str(text) for text in literals if isinstance(text, Literal)}
