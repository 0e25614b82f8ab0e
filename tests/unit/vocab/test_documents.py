"""Code lists, shapes, schemas, contexts and terms: complete, coherent, and checked by what the host really writes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pyshacl import validate as shacl_validate
from rdflib import RDF, XSD, BNode, Graph, Literal, Namespace, URIRef

from tests.unit.vocab.samples import BASE, GOOD, IT, RELEASE, purchase_graph
from vocab import documents, jsonld, schemas, terms
from vocab.places import NEIGHBOURHOOD, VENUE, district_of
from vocab.schemas import SchemaError, validate
from vocab.shapes import CODE_LISTS, SHAPES, cents, money, property_named
from vocab.terms import CONTEXTS, DCT, DPV, ODRL, PO, PREFIXES, PROV, SDMX_ATTRIBUTE, SH, SHAPES_NS

ROOT = Path(__file__).resolve().parents[3]
FILES = {
    "Profile": "profile",
    "Participation": "participation",
    "Purchase": "purchase",
    "ValueShare": "value-share",
}
SHAPE = Namespace(SHAPES_NS)
CRED = Namespace("https://www.w3.org/2018/credentials#")


def conforms(graph: Graph, name: str) -> bool:
    shapes = Graph().parse(data=documents.shacl(name), format="turtle")
    targets = set(shapes.objects(None, SH.targetClass))
    assert any((None, RDF.type, target) in graph for target in targets), "nothing that the shape is about"
    return bool(shacl_validate(graph, shacl_graph=shapes)[0])


NODE = URIRef("https://x.example/x")
BROKEN = [
    ("profile", None, PO.ageClass, NODE),
    ("profile", None, PO.birthYear, Literal("nineteen")),
    ("purchase", IT, PO.district, NODE),
    ("purchase", IT, terms.SCHEMA.price, Literal("12,50")),
    ("purchase", IT, terms.SCHEMA.orderDate, Literal("yesterday")),
    ("purchase", IT, PO.trustLevel, Literal(4)),
    ("participation", IT, PO.minutes, Literal(-5)),
    ("participation", IT, PO.kind, Literal("attendance")),
    ("value-share", IT, PO.period, NODE),
    ("purpose-declaration", None, DCT.title, Literal("Titolo", lang="fr")),
    ("purpose-declaration", None, PO.item, BNode()),
    ("grant", None, ODRL.prohibition, BNode()),
    ("grant", None, ODRL.permission, BNode()),
    ("consent-record", None, DPV.hasConsentStatus, BNode()),
    ("consent-record", None, DPV.hasPersonalData, BNode()),
    ("consent-record", None, DPV.hasDataSubject, Literal("Anna")),
    ("credential", None, CRED.issuer, Literal("Comune")),
    ("credential", None, CRED.validUntil, Literal("2020-01-01T00:00:00Z", datatype=XSD.dateTime)),
    ("credential", None, CRED.credentialStatus, BNode()),
    ("credential", None, CRED.credentialSubject, NODE),
    ("access-line", None, PO.decision, Literal("maybe")),
    ("query", IT, PO.rho, Literal(0)),
    ("query", IT, PO.programme, Literal("p")),
    ("release", None, PROV.wasGeneratedBy, BNode()),
    ("release", None, DCT.issued, Literal("today")),
    ("release", URIRef(RELEASE["id"] + "#o2"), PO.low, Literal(3)),
    ("release", URIRef(RELEASE["id"] + "#o1"), SDMX_ATTRIBUTE.confStatus, NODE),
]


@pytest.mark.parametrize("name", GOOD)
def test_a_shape_accepts_what_the_platform_writes(name: str) -> None:
    assert conforms(GOOD[name](), name)


@pytest.mark.parametrize(
    ("name", "subject", "predicate", "value"), BROKEN, ids=[f"{row[0]}-{at}" for at, row in enumerate(BROKEN)]
)
def test_a_shape_refuses_a_wrong_value(name: str, subject: Any, predicate: URIRef, value: Any) -> None:
    graph = GOOD[name]()
    shapes = Graph().parse(data=documents.shacl(name), format="turtle")
    targets = [
        each for kind in shapes.objects(None, SH.targetClass) for each in graph.subjects(RDF.type, kind)
    ]
    graph.set((subject or targets[0], predicate, value))
    assert not conforms(graph, name)


@pytest.mark.parametrize(
    "name",
    [
        "profile",
        "purchase",
        "participation",
        "value-share",
        "access-line",
        "grant",
        "consent-record",
        "credential",
    ],
)
def test_a_shape_refuses_what_lacks_a_required_property(name: str) -> None:
    shapes = Graph().parse(data=documents.shacl(name), format="turtle")
    shape = next(shapes.subjects(SH.targetClass))
    required = [
        shapes.value(part, SH.path)
        for part in shapes.objects(shape, SH.property)
        if (part, SH.minCount, Literal(1)) in shapes
    ]
    assert required
    for path in required:
        graph = GOOD[name]()
        assert isinstance(path, URIRef)
        graph.remove((None, path, None))
        assert not conforms(graph, name), path


def test_every_kind_of_document_has_a_shape_that_is_tried() -> None:
    assert set(documents.SHACL) == set(GOOD)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.name)
def test_the_shacl_file_has_exactly_the_properties_of_the_shape(shape: Any) -> None:
    graph = Graph().parse(data=documents.shacl(FILES[shape.name]), format="turtle")
    node, line = SHAPE[shape.name], SHAPE[shape.name + "Line"]
    assert (node, SH.targetClass, URIRef(shape.target_class)) in graph

    def paths(subject: URIRef) -> set[str]:
        return {str(graph.value(part, SH.path)) for part in graph.objects(subject, SH.property)}

    direct = {prop.path[0] for prop in shape.properties}
    assert direct <= paths(node)
    assert paths(node) - direct <= {str(PO.nonce), str(PO.trustLevel), str(PROV.wasDerivedFrom)}
    assert paths(line) == {prop.path[1] for prop in shape.properties if prop.per_part}


def test_every_list_has_unique_codes_with_both_languages() -> None:
    for codes in CODE_LISTS.values():
        assert len(codes.by_notation) == len(codes.codes) == len(codes.by_iri)
        assert all({"it", "en"} <= code.label.keys() and all(code.label.values()) for code in codes.codes)
        assert {"it", "en"} <= codes.label.keys()


def test_the_town_has_nine_districts_and_fifty_five_neighbourhoods_beside_cavriago() -> None:
    assert len(CODE_LISTS["district"].codes) == 9 + 1
    assert len(NEIGHBOURHOOD.codes) == 55 + 1
    assert district_of("orologio") == "b"
    assert {district_of(code.broader or "") for code in VENUE.codes} <= set(CODE_LISTS["district"].notations)
    with pytest.raises(KeyError):
        district_of("atlantis")


def test_code_lists_are_published_as_skos_with_their_parents() -> None:
    for name, codes in CODE_LISTS.items():
        graph = Graph().parse(data=documents.code_list(name), format="turtle")
        assert len(set(graph.subjects(RDF.type, terms.SKOS.Concept))) == len(codes.codes)
    graph = Graph().parse(data=documents.code_list("neighbourhood"), format="turtle")
    orologio = URIRef(NEIGHBOURHOOD.by_notation["orologio"].iri)
    parent = graph.value(orologio, terms.SKOS.broadMatch)
    assert str(parent) == CODE_LISTS["district"].by_notation["b"].iri


def used_terms() -> set[str]:
    """Return every name of our namespace that shapes, contexts, SHACL and the code itself use."""
    found = set()
    for file in [
        *(ROOT / "vocab").rglob("*.ttl"),
        *(ROOT / "vocab").rglob("*.jsonld"),
        *(
            path
            for package in ("apps", "consent", "pods", "vocab", "wallet")
            for path in (ROOT / package).rglob("*.py")
        ),
    ]:
        if file.name == "ns.ttl":
            continue
        text = file.read_text("utf-8")
        patterns = (
            r"\bpo:([A-Za-z]\w*)(?![\w-])",
            r"\bPO\.([A-Za-z][A-Za-z0-9]*)",
            r'\bNS \+ "([A-Za-z]\w*)"',
        )
        found |= {name for pattern in patterns for name in re.findall(pattern, text)}
    return found


def test_every_own_term_in_use_is_documented_in_both_languages() -> None:
    documented = {term.name: term for term in documents.terms()}
    assert sorted(used_terms() - documented.keys()) == []
    for term in documented.values():
        assert {"it", "en"} <= term.label.keys(), term.name
        assert {"it", "en"} <= term.comment.keys(), term.name


@pytest.mark.parametrize("name", jsonld.NAMES)
def test_every_context_expands_offline_to_known_vocabularies(name: str) -> None:
    document = {
        "@context": CONTEXTS + name,
        "@id": "#it",
        "@type": ["Order", "Participation", "Process", "Release"],
    }
    jsonld.expand(document, BASE)
    known = tuple(PREFIXES.values())
    text = jsonld.context_source(name)
    for iri in re.findall(r'"(https?://[^"]+)"', text):
        assert iri.startswith((*known, terms.CODES, terms.SHAPES_NS)), iri


def test_a_notice_in_activitystreams_is_read_without_the_network() -> None:
    notice = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Announce",
        "actor": "https://anna.example/#me",
        "published": "2026-03-01T12:00:00Z",
        "summaryMap": {"it": "Nuovo evento"},
        "object": {"type": "Event", "name": "Assemblea"},
    }
    graph = jsonld.graph(notice, BASE)
    note = graph.value(predicate=RDF.type, object=terms.AS.Announce)
    assert graph.value(note, terms.AS.actor) == URIRef("https://anna.example/#me")
    assert graph.value(note, terms.AS.summary) == Literal("Nuovo evento", lang="it")
    assert (None, RDF.type, terms.AS.Event) in graph


def test_the_document_of_an_application_is_read_without_the_network() -> None:
    document = {
        "@context": "https://www.w3.org/ns/solid/oidc-context.jsonld",
        "client_id": "https://app.example/id",
        "client_name": "App",
        "redirect_uris": ["https://app.example/back"],
    }
    oidc = Namespace("http://www.w3.org/ns/solid/oidc#")
    app = URIRef("https://app.example/id")
    graph = jsonld.graph(document, BASE)
    assert set(graph) == {
        (app, oidc.client_name, Literal("App")),
        (app, oidc.redirect_uris, URIRef("https://app.example/back")),
    }


def test_a_context_of_a_stranger_is_never_fetched() -> None:
    with pytest.raises(jsonld.BadJsonLd, match="not carried here"):
        jsonld.expand({"@context": "https://evil.example/context", "name": "x"}, BASE)
    nested: Any = {}
    for _ in range(100):
        nested = {"a": nested}
    with pytest.raises(jsonld.BadJsonLd, match="deeper"):
        jsonld.expand(nested, BASE)


def test_data_compact_to_the_names_of_the_data_context() -> None:
    expanded = json.loads(purchase_graph().serialize(format="json-ld"))
    compacted = jsonld.compact(expanded, "data", BASE)
    text = json.dumps(compacted)
    assert '"orderNumber": "b1"' in text
    assert "http://schema.org/" not in text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12.34", 1234),
        ("0.05", 5),
        ("-0.50", -50),
        ("7", 700),
        ("7.5", 750),
        ("+1.00", 100),
        ("89638.00", 8963800),
    ],
)
def test_amounts_become_integer_cents(text: str, amount: int) -> None:
    assert cents(text) == amount
    assert cents(money(amount)) == amount


@pytest.mark.parametrize("text", ["1.234", "1e3", "", ".", "1,50", "NaN", "--1", "1.2.3", "١.٠٠"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        cents(text)


def test_a_property_is_found_by_its_qualified_name_alone() -> None:
    shape, prop = property_named("Purchase.lineAmount")
    assert (shape.name, prop.kind, prop.per_part) == ("Purchase", "money", True)
    for unknown in ("Purchase.buyer", "Person.name", "total", ""):
        with pytest.raises(KeyError, match="no"):
            property_named(unknown)


def test_a_release_fits_its_schema_and_a_withheld_cell_shows_nothing() -> None:
    validate("release", RELEASE)
    shown = {**RELEASE, "cells": [{"key": ["b"], "value": 3, "withheld": True}]}
    with pytest.raises(SchemaError):
        validate("release", shown)


def test_schemas_are_closed_everywhere() -> None:
    def objects(schema: Any) -> Any:
        if isinstance(schema, dict):
            if "properties" in schema and schema.get("type") == "object":
                yield schema
            for value in schema.values():
                yield from objects(value)
        elif isinstance(schema, list):
            for value in schema:
                yield from objects(value)

    for name in schemas.NAMES:
        found = list(objects(json.loads(schemas.source(name))))
        assert found
        assert all(part.get("additionalProperties") is False for part in found), name
