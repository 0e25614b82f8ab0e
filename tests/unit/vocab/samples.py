"""One good sample of each kind of document, made by the platform's own writers where there are some."""

from typing import Any

from rdflib import RDF, Graph, URIRef

from apps.town import profile
from apps.town.people import Demographics, People
from consent.receipts.derive import turtle as receipt_turtle
from consent.receipts.model import Instant, Notation, ParticipationReceipt, PurchaseLine, PurchaseReceipt
from vocab import jsonld
from vocab.terms import CONTEXTS, NS, ODRL, PO, PROV, SHAPES_NS, XSD
from vocab.trade import SHOP

BASE = "https://pods.example/anna/"
IT = URIRef(BASE + "x.ttl#it")


def parsed(turtle: str | bytes, at: str = "x.ttl") -> Graph:
    return Graph().parse(data=turtle, format="turtle", publicID=BASE + at)


def profile_graph() -> Graph:
    person = People().person(1, Demographics("65+", "35-49", "owner", "married", "2", "0"))
    return parsed(profile.turtle(person, BASE + "profile/card#me"))


def purchase_graph() -> Graph:
    receipt = PurchaseReceipt(
        "b1",
        "https://shops.example/1",
        "0" * 32,
        Instant("2017-10-03T09:15:00Z"),
        Instant("2017-10-03T09:15:00Z"),
        SHOP.codes[0].iri,
        (PurchaseLine(Notation("bakery"), 1, 150, "Pane"), PurchaseLine(Notation("fish"), 0, 0)),
        150,
        Notation("b"),
    )
    return parsed(receipt_turtle(receipt, "x.jws"))


def participation_graph() -> Graph:
    receipt = ParticipationReceipt(
        "e1",
        "https://casa.example/1",
        "0" * 32,
        Instant("2017-10-03T11:15:00Z"),
        Notation("volunteering"),
        Notation("food"),
        Instant("2017-10-03T09:15:00Z"),
        120,
        Notation("fenulli"),
        Notation("d"),
        Notation("volunteer"),
        "Cucina popolare",
    )
    return parsed(receipt_turtle(receipt, "x.jws"))


def value_share_graph() -> Graph:
    return parsed(
        f"@prefix po: <{NS}> . @prefix schema: <http://schema.org/> . @prefix xsd: <{XSD}> .\n"
        "<#it> a po:ValueShare ; po:programme <https://coop.example/p/1> ; po:period '2017-10' ;"
        " po:eligibleCount 3 ; po:eligibleAmount 12.50 ; schema:price 0.15 ; po:poolAmount 0.10 ;"
        " schema:priceCurrency 'EUR' ; schema:dateIssued '2017-11-05T08:00:00Z'^^xsd:dateTime ."
    )


def purpose_graph() -> Graph:
    return parsed(
        "@prefix dct: <http://purl.org/dc/terms/> . @prefix dpv: <https://w3id.org/dpv#> . @prefix po: <"
        f"{NS}> . @prefix shape: <{SHAPES_NS}> . @prefix xsd: <{XSD}> .\n"
        "<#it> a dpv:Process ; dct:identifier 'mobility' ; dct:hasVersion 1 ; dct:title 'Uno'@it, 'One'@en ;"
        " dct:description 'Testo'@it, 'Text'@en ; po:consequenceOfRefusal 'Nessuna'@it, 'None'@en ;"
        " dpv:hasDataController <https://comune.example/#it> ; dct:valid '2027-01-01'^^xsd:date ;"
        " dpv:hasLegalBasis <https://w3id.org/dpv/legal/eu/gdpr#A6-1-a> ; po:noticeDigest 'sha-256:x' ;"
        " po:item [ po:shape shape:Profile ; po:property 'district' ; po:outputMode po:aggregateOnly ] ."
    )


def grant_graph() -> Graph:
    limits = [
        "[ odrl:leftOperand odrl:purpose ; odrl:operator odrl:eq ; odrl:rightOperand <https://c.example/p/1> ]",
        "[ odrl:leftOperand odrl:dateTime ; odrl:operator odrl:lt ; odrl:rightOperand '2027-01-01' ]",
        "[ odrl:leftOperand po:outputMode ; odrl:operator odrl:eq ; odrl:rightOperand po:rows ]",
        "[ odrl:leftOperand po:property ; odrl:operator odrl:isAnyOf ; odrl:rightOperand 'total', 'seller' ]",
    ]
    return parsed(
        f"@prefix odrl: <{ODRL}> . @prefix po: <{NS}> . @prefix shape: <{SHAPES_NS}> .\n"
        "<#it> a odrl:Agreement ; odrl:uid <#it> ; odrl:assigner <https://anna.example/#me> ;"
        " odrl:assignee <https://coop.example/#it> ; odrl:permission [ odrl:action odrl:use ;"
        f" odrl:target shape:Purchase ; odrl:constraint {', '.join(limits)} ] ."
    )


def access_line_graph() -> Graph:
    return parsed(
        f"@prefix po: <{NS}> . @prefix prov: <{PROV}> . @prefix xsd: <{XSD}> .\n"
        "<#it> a prov:Activity, po:AccessLine ; po:sequence 1 ; po:action 'read' ; po:decision 'permit' ;"
        " prov:startedAtTime '2026-03-01T12:00:00.000Z'^^xsd:dateTime ; prov:used <x> ;"
        " prov:wasAssociatedWith <https://coop.example/#it> ; po:previousDigest 'ab'^^xsd:hexBinary ;"
        " po:digest 'cd'^^xsd:hexBinary ."
    )


def query_graph() -> Graph:
    return parsed(
        f"@prefix po: <{NS}> .\n<#it> a po:Query ; po:programme <https://c.example/p/1> ; po:rho 0.1 ;"
        " po:measure [ po:function 'people' ] ; po:groupBy 'Profile.district' ; po:from '2017-01' ; po:to '2017-12' ."
    )


RELEASE: dict[str, Any] = {
    "id": "https://pods.example/.consent/releases/1",
    "programme": "https://pods.example/.consent/programmes/1",
    "query": {"measure": {"function": "people"}},
    "asked_at": "2026-03-01T12:00:00Z",
    "mechanism": {"name": "discrete Gaussian", "scale": 2.5, "rho": 0.1, "l0": 1, "linf": 1},
    "confidence": 0.95,
    "dimensions": [{"property": "Profile.district", "codes": ["a", "b"]}],
    "unit": "people",
    "cells": [
        {"key": ["a"], "value": 120, "low": 115, "high": 125, "withheld": False},
        {"key": ["b"], "value": None, "withheld": True},
    ],
    "budget": {"rho_total": 1.0, "rho_spent": 0.1, "rho_left": 0.9},
}


def release_graph() -> Graph:
    graph = jsonld.graph({"@context": CONTEXTS + "release", "@type": "po:Release", **RELEASE}, BASE)
    graph.add((URIRef(RELEASE["id"]), RDF.type, PO.Release))
    return graph


GOOD = {
    "profile": profile_graph,
    "purchase": purchase_graph,
    "participation": participation_graph,
    "value-share": value_share_graph,
    "purpose-declaration": purpose_graph,
    "grant": grant_graph,
    "access-line": access_line_graph,
    "query": query_graph,
    "release": release_graph,
}
