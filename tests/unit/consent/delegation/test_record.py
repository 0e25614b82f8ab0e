"""The record of a delegation: accepted by its published shape for every kind and state, and by nothing else than that."""

from dataclasses import replace

import pytest
from pyshacl import validate
from rdflib import RDF, XSD, Graph, Literal, Namespace, URIRef
from rdflib.term import Node

from consent.delegation.model import POWERS, DelegationState, Kind
from consent.delegation.record import turtle
from pods.model import Path
from pods.storage.base import Pod
from tests.unit.vocab.samples import ANNA, BASE, DELEGATION, delegation_graph
from vocab import documents
from vocab.terms import DCT, DPV, PROV

SHAPE = Graph().parse(data=documents.shacl("delegation"), format="turtle")
IT = URIRef(BASE + "consents/delegation-d1.ttl#it")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")


def conforms(graph: Graph) -> bool:
    return bool(validate(graph, shacl_graph=SHAPE)[0])


@pytest.mark.parametrize("state", list(DelegationState))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_in_every_state_conforms(kind: Kind, state: DelegationState) -> None:
    ended = DELEGATION.starts + 60 if state is DelegationState.ENDED else None
    for ends in (None, DELEGATION.starts + 86_400):
        one = replace(
            DELEGATION, kind=kind, powers=POWERS[kind], state=state, ends=ends, ended_at=ended, evidence=""
        )
        assert conforms(delegation_graph(one))


def test_no_power_is_no_delegation() -> None:
    assert not conforms(delegation_graph(replace(DELEGATION, powers=frozenset())))


MUTATIONS: dict[str, tuple[URIRef, Node]] = {
    "a second delegate": (PROV.agent, URIRef("https://x.example/#it")),
    "the person themself": (DPV.hasDataSubject, URIRef(DELEGATION.delegate)),
    "a kind that is none": (DCT["type"], Literal("friend")),
    "a power that is none": (DPV.hasPermission, Literal("sell")),
    "a second state": (DPV.hasStatus, Literal("ended")),
    "an end before the start": (
        PROV.endedAtTime,
        Literal("2020-01-01T00:00:00Z", datatype=XSD.dateTime),
    ),
    "something else": (SOLID.oidcIssuer, URIRef("https://x.example/")),
}


@pytest.mark.parametrize("case", sorted(MUTATIONS))
def test_a_changed_record_is_refused(case: str) -> None:
    graph = delegation_graph()
    assert conforms(graph)
    graph.add((IT, *MUTATIONS[case]))
    assert not conforms(graph)


def test_a_guardian_is_named_as_one() -> None:
    content = turtle(
        str(IT).partition("#")[0],
        Pod(1, "anna", Path("/anna/"), ANNA),
        replace(DELEGATION, kind=Kind.GUARDIAN),
    )
    graph = Graph().parse(data=content, format="turtle")
    assert (URIRef(DELEGATION.delegate), RDF.type, DPV.GuardianOfDataSubject) in graph
