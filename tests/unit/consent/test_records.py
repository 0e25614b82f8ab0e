"""Consent records and receipts after ISO/IEC TS 27560 in DPV: the mandatory fields, every state, and published shapes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyshacl import validate
from rdflib import RDF, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from consent import records
from consent.bases import HANDLING, Handling
from consent.model import (
    Controller,
    ControllerState,
    DataItem,
    Grant,
    GrantId,
    OutputMode,
    Pairwise,
    PurposeDeclaration,
    PurposeIri,
)
from consent.states import TRANSITIONS, GrantEvent, GrantState
from pods.model import WebId
from vocab import documents
from vocab.terms import DCT, DPV, GDPR, NS, ODRL, PROV

ORIGIN = "http://localhost:8080"
DOCUMENT = f"{ORIGIN}/anna/consents/1.ttl"
RECORD, RECEIPT = URIRef(DOCUMENT + "#record"), URIRef(DOCUMENT + "#receipt")
PO = Namespace(NS)
START = 1_772_366_400.0
ANNA, COOP = WebId(f"{ORIGIN}/anna/profile/card#me"), WebId(f"{ORIGIN}/coop/profile/card#me")
ITEMS = (
    DataItem("Purchase", ("orderedAt", "total"), OutputMode.ROWS),
    DataItem("Profile", ("birthYear",), OutputMode.AGGREGATE_ONLY),
)
PURPOSE = PurposeDeclaration(
    iri=PurposeIri(f"{ORIGIN}/.consent/purposes/mobility/1"),
    identifier="mobility",
    controller=COOP,
    version=1,
    title={"it": "Spesa di quartiere", "en": "Neighbourhood shopping"},
    text={"it": "Perché.", "en": "Why."},
    consequence_of_refusal={"it": "Nessuna.", "en": "None."},
    legal_basis="gdpr:A6-1-a",
    items=ITEMS,
    recipients=("Comune",),
    retention_days=30,
    valid_until=START + 1e8,
    notice_digest="sha256-" + "a" * 64,
    digest="sha256-" + "b" * 64,
)
CONTROLLER = Controller(
    COOP, "Coop", "cooperative", "info@coop.example", "dpo@coop.example", {}, ControllerState.APPROVED, START
)
GRANT = Grant(
    id=GrantId("1" * 32),
    iri=f"{ORIGIN}/.consent/grants/1",
    pod=1,
    subject=ANNA,
    controller=COOP,
    purpose=PURPOSE.iri,
    items=ITEMS,
    state=GrantState.GIVEN,
    given_at=START,
    expires_at=START + 1e6,
    epoch=1,
    pairwise=Pairwise("x"),
    digest=PURPOSE.digest,
    notice_digest=PURPOSE.notice_digest,
)
REACHED = sorted(set(TRANSITIONS.values()))


def told(*states: GrantState) -> Graph:
    """Return the record of a grant that went through these states."""
    events = [records.Event(state, START + number, START + 1e6, ITEMS) for number, state in enumerate(states)]
    grant = replace(GRANT, state=states[-1])
    content = records.turtle(DOCUMENT, grant, PURPOSE, CONTROLLER, events, control=GRANT.iri)
    return Graph().parse(data=content, format="turtle", publicID=DOCUMENT)


SHAPES = Graph()
for _name in ("consent-record", "grant"):
    SHAPES.parse(data=documents.shacl(_name), format="turtle")


def conforms(graph: Graph) -> bool:
    return bool(validate(graph, shacl_graph=SHAPES)[0])


# ISO/IEC TS 27560, 6.3, in the terms of the guide "Implementing ISO/IEC TS 27560 with DPV", section by section.
MANDATORY: dict[str, tuple[URIRef, ...]] = {
    "schema version": (DCT.conformsTo,),
    "record id": (DCT.identifier,),
    "principal id": (DPV.hasDataSubject,),
    "privacy notice": (DPV.hasNotice,),
    "language": (DPV.hasNotice, DCT.language),
    "process": (DPV.hasProcess,),
    "purpose": (DPV.hasProcess, DPV.hasPurpose),
    "lawful basis": (DPV.hasLegalBasis,),
    "personal data": (DPV.hasPersonalData,),
    "controller": (DPV.hasDataController,),
    "party name": (DPV.hasDataController, DPV.hasName),
    "party identifier": (DPV.hasDataController, DPV.hasIdentifier),
    "party contact": (DPV.hasDataController, DPV.hasContact),
    "party role": (DPV.hasDataController, RDF.type),
    "storage location": (DPV.hasStorageCondition, DPV.hasLocation),
    "retention": (DPV.hasStorageCondition, DPV.hasDuration),
    "jurisdiction": (DPV.hasJurisdiction,),
    "recipients": (DPV.hasRecipient,),
    "withdrawal method": (DPV.hasConsentControl, DPV.isExercisedAt),
    "state": (DPV.hasConsentStatus, RDF.type),
    "event time": (DPV.hasConsentStatus, DPV.isIndicatedAtTime),
    "expressed by": (DPV.hasConsentStatus, DPV.isIndicatedBy),
    "validity": (DPV.hasConsentStatus, DPV.hasDuration),
    "privacy rights": (DPV.hasRight, DPV.isExercisedAt),
}


def values(graph: Graph, path: tuple[URIRef, ...]) -> list[Node]:
    found: list[Node] = [RECORD]
    for predicate in path:
        found = [value for node in found for value in graph.objects(node, predicate)]
    return found


@pytest.mark.parametrize("field", sorted(MANDATORY))
def test_each_mandatory_field_is_in_the_record(field: str) -> None:
    assert values(told(GrantState.GIVEN), MANDATORY[field])


@pytest.mark.parametrize("field", sorted(MANDATORY))
def test_a_record_without_a_mandatory_field_is_refused(field: str) -> None:
    graph = told(GrantState.GIVEN)
    *before, last = MANDATORY[field]
    for node in values(graph, tuple(before)):
        graph.remove((node, last, None))
    assert not conforms(graph)


@pytest.mark.parametrize("state", REACHED)
def test_each_state_that_a_grant_can_reach_has_its_status_and_conforms(state: GrantState) -> None:
    graph = told(*(() if state is GrantState.GIVEN else (GrantState.GIVEN,)), state)
    statuses = {str(kind) for kind in values(graph, (DPV.hasConsentStatus, RDF.type))}
    assert {str(DPV[name]) for name in records.STATUS[state]} <= statuses
    assert conforms(graph)


GUARDIAN = WebId(f"{ORIGIN}/bice/profile/card#me")
WHO: dict[str, str] = {"the person": ANNA, "a delegate": GUARDIAN, "the controller": COOP, "nobody": ""}
HOST = f"{ORIGIN}/.consent/issuer"


@pytest.mark.parametrize(
    ("step", "who"),
    [(step, sorted(WHO)[number % len(WHO)]) for number, step in enumerate(sorted(TRANSITIONS))],
)
def test_each_step_of_the_life_cycle_leaves_a_record_that_conforms(
    step: tuple[GrantState, GrantEvent], who: str
) -> None:
    """Each row of the table, whoever took the step: asked, put off, given, carried over, resumed, revoked …"""
    (before, event), state = step, TRANSITIONS[step]
    first = records.Event(before, START, START + 1e6, ITEMS)
    second = records.Event(state, START + 9, START + 1e6, ITEMS, WHO[who], event, "it")
    content = records.turtle(
        DOCUMENT, replace(GRANT, state=state), PURPOSE, CONTROLLER, [first, second], control=GRANT.iri
    )
    graph = Graph().parse(data=content, format="turtle", publicID=DOCUMENT)
    assert conforms(graph)
    (status,) = graph.subjects(DPV.isIndicatedAtTime, Literal("2026-03-01T12:00:09Z", datatype=XSD.dateTime))
    by_the_person = state in ("given", "refused", "withdrawn") and event not in ("resume", "carry over")
    assert graph.value(status, DPV.isIndicatedBy) == URIRef(WHO[who] or (ANNA if by_the_person else HOST))


@pytest.mark.parametrize("basis", sorted(HANDLING))
def test_a_record_names_the_rights_that_the_legal_basis_gives(basis: str) -> None:
    events = [records.Event(GrantState.GIVEN, START, START + 1e6, ITEMS)]
    purpose = replace(PURPOSE, legal_basis=basis, recipients=())
    content = records.turtle(DOCUMENT, GRANT, purpose, CONTROLLER, events, control=GRANT.iri)
    graph = Graph().parse(data=content, format="turtle", publicID=DOCUMENT)
    assert conforms(graph)
    kinds = set(values(graph, (DPV.hasRight, RDF.type)))
    assert (GDPR["A7-3"] in kinds) == (HANDLING[basis] is Handling.CONSENT)
    assert (GDPR.A21 in kinds) == (HANDLING[basis] is Handling.OBJECTION)
    assert GDPR.A15 in kinds
    assert URIRef(COOP) in values(graph, (DPV.hasRecipient,))


def test_the_language_in_which_the_notice_was_read_stands_with_the_decision() -> None:
    events = [records.Event(GrantState.GIVEN, START, START + 1e6, ITEMS, ANNA, GrantEvent.GIVE, "en")]
    content = records.turtle(DOCUMENT, GRANT, PURPOSE, CONTROLLER, events, control=GRANT.iri)
    graph = Graph().parse(data=content, format="turtle", publicID=DOCUMENT)
    assert values(graph, (DPV.hasConsentStatus, DPV.hasNotice, DCT.language)) == [Literal("en")]
    assert values(graph, (DPV.hasConsentStatus, DPV.hasNotice, DCT.source)) == [URIRef(PURPOSE.iri)]


def test_every_state_has_a_status() -> None:
    assert set(records.STATUS) == set(GrantState)


def test_only_what_was_given_has_a_receipt() -> None:
    assert (RECEIPT, RDF.type, DPV.ConsentReceipt) not in told(GrantState.REFUSED)
    assert (RECEIPT, RDF.type, DPV.ConsentReceipt) in told(GrantState.GIVEN, GrantState.WITHDRAWN)


MUTATIONS: dict[str, tuple[Node | None, URIRef, Node]] = {
    "two people": (RECORD, DPV.hasDataSubject, URIRef(COOP)),
    "two purposes": (RECORD, DPV.hasProcess, URIRef("urn:other")),
    "a status of our own making": (RECORD, DPV.hasConsentStatus, BNode()),
    "data of no shape": (RECORD, DPV.hasPersonalData, BNode()),
    "a second identifier": (RECORD, DCT.identifier, Literal("2")),
    "a second notice digest": (RECORD, PO.noticeDigest, Literal("sha256-" + "c" * 64)),
    "a receipt issued twice": (RECEIPT, DCT.issued, Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime)),
    "a receipt of two records": (RECEIPT, PROV.wasDerivedFrom, URIRef("urn:other")),
    "a receipt of two declarations": (RECEIPT, PO.digest, Literal("sha256-" + "c" * 64)),
    "a receipt of two agreements": (RECEIPT, DCT.source, URIRef("urn:other")),
    "a notice of no language": (RECORD, DPV.hasNotice, URIRef("urn:notice")),
    "a right that nobody can exercise": (RECORD, DPV.hasRight, BNode()),
    "a second storage": (RECORD, DPV.hasStorageCondition, BNode()),
    "a controller of two names": (URIRef(COOP), DPV.hasName, Literal("Other")),
    "a receipt of something else": (RECEIPT, DPV.hasRecordOfActivity, URIRef("urn:other")),
    "a receipt made twice": (RECEIPT, DCT.created, Literal("2026-01-01T00:00:00Z", datatype=XSD.dateTime)),
    "a prohibition": (URIRef(DOCUMENT + "#agreement"), ODRL.prohibition, BNode()),
    "a second assignee": (URIRef(DOCUMENT + "#agreement"), ODRL.assignee, URIRef("urn:other")),
}


@pytest.mark.parametrize("case", sorted(MUTATIONS))
def test_a_changed_record_is_refused(case: str) -> None:
    graph = told(GrantState.GIVEN)
    assert conforms(graph)
    graph.add(MUTATIONS[case])  # type: ignore[arg-type]  # the subjects of the table are all there
    assert not conforms(graph)
