"""A release as an RDF Data Cube (W3C Recommendation 2014), with mechanism, interval and provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rdflib import RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef

from vocab.shapes import property_named
from vocab.terms import NS

PO = Namespace(NS)
QB = Namespace("http://purl.org/linked-data/cube#")
PROV = Namespace("http://www.w3.org/ns/prov#")
ATTRIBUTE = Namespace("http://purl.org/linked-data/sdmx/2009/attribute#")
CODE = Namespace("http://purl.org/linked-data/sdmx/2009/code#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
MECHANISM_TERMS = ("scale", "rho", "epsilon", "delta", "l0", "linf")


def data_cube(document: Mapping[str, Any]) -> str:
    """Return a release document as Turtle. Dimensions are IRIs of our own properties, keys those of the codes."""
    graph = Graph()
    for prefix, namespace in (("qb", QB), ("po", PO), ("prov", PROV), ("dcterms", DCTERMS)):
        graph.bind(prefix, namespace)
    graph.bind("sdmx-attribute", ATTRIBUTE)
    graph.bind("sdmx-code", CODE)
    release = URIRef(document["id"])
    structure = URIRef(f"{release}#structure")
    graph.add((release, RDF.type, QB.DataSet))
    graph.add((release, QB.structure, structure))
    graph.add((release, DCTERMS.issued, Literal(document["asked_at"], datatype=XSD.dateTime)))
    graph.add((release, PROV.wasGeneratedBy, URIRef(f"{release}#mechanism")))
    graph.add((release, PROV.wasDerivedFrom, URIRef(document["programme"])))
    _mechanism(graph, URIRef(f"{release}#mechanism"), document)
    graph.add((structure, RDF.type, QB.DataStructureDefinition))
    dimensions = [_dimension(graph, release, structure, one) for one in document["dimensions"]]
    measure = URIRef(f"{release}#{document['unit']}")
    graph.add((measure, RDF.type, QB.MeasureProperty))
    graph.add((measure, RDFS.range, XSD.integer))
    _component(graph, structure, QB.measure, measure)
    for number, cell in enumerate(document["cells"], start=1):
        observation = URIRef(f"{release}#o{number}")
        graph.add((observation, RDF.type, QB.Observation))
        graph.add((observation, QB.dataSet, release))
        for (dimension, values), key in zip(dimensions, cell["key"], strict=True):
            graph.add((observation, dimension, values(key)))
        if cell["withheld"]:
            # SDMX code list CL_CONF_STATUS: C, confidential statistical information.
            graph.add((observation, ATTRIBUTE.confStatus, CODE["confStatus-C"]))
        else:
            graph.add((observation, ATTRIBUTE.confStatus, CODE["confStatus-F"]))
            graph.add((observation, measure, Literal(cell["value"])))
            graph.add((observation, PO.low, Literal(cell["low"])))
            graph.add((observation, PO.high, Literal(cell["high"])))
    return graph.serialize(format="turtle")


def _mechanism(graph: Graph, node: URIRef, document: Mapping[str, Any]) -> None:
    mechanism = document["mechanism"]
    graph.add((node, RDF.type, PROV.Activity))
    graph.add((node, RDFS.label, Literal(mechanism["name"], lang="en")))
    graph.add((node, PROV.wasAssociatedWith, Literal(mechanism["library"])))
    for name in MECHANISM_TERMS:
        graph.add((node, PO[name], Literal(mechanism[name])))
    graph.add((node, PO.confidence, Literal(document["confidence"])))
    graph.add((node, PO.minimumGroup, Literal(document["k_min"])))


def _dimension(graph: Graph, release: URIRef, structure: URIRef, dimension: Mapping[str, Any]) -> Any:
    shape, known = property_named(dimension["property"])
    node = PO[f"{shape.name}-{known.name}"]
    graph.add((node, RDF.type, QB.DimensionProperty))
    for tag, text in known.label.items():
        graph.add((node, RDFS.label, Literal(text, lang=tag)))
    _component(graph, structure, QB.dimension, node)
    codes = known.codes
    if codes is None:
        return node, lambda month: Literal(month, datatype=XSD.gYearMonth)
    graph.add((node, RDF.type, QB.CodedProperty))
    graph.add((node, QB.codeList, URIRef(codes.iri)))
    return node, lambda notation: URIRef(codes.by_notation[notation].iri)


def _component(graph: Graph, structure: URIRef, kind: URIRef, node: URIRef) -> None:
    component = BNode()
    graph.add((structure, QB.component, component))
    graph.add((component, kind, node))
