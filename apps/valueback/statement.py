"""The member's statement: a document of shape ValueShare for the pod, the same bytes however often it is made."""

from __future__ import annotations

from datetime import UTC, datetime

from rdflib import RDF, XSD, Graph, Literal, URIRef

from apps.valueback.addresses import Addresses
from apps.valueback.ballots import Ballots
from apps.valueback.model import CURRENCY, Programme, Run, Share
from vocab.shapes import money
from vocab.terms import PO, PROV, SCHEMA

TURTLE = "text/turtle"
_IT = URIRef("#it")


def document(programme: Programme, run: Run, share: Share, addresses: Addresses, ballots: Ballots) -> bytes:
    """Return the Turtle of what one member generated, gets, and may vote on."""
    graph = Graph(bind_namespaces="none")  # rdflib's own `schema` is another namespace
    for prefix, namespace in (("po", PO), ("prov", PROV), ("schema", SCHEMA)):
        graph.bind(prefix, namespace)
    statement = URIRef(addresses.run(run.id))
    facts = [
        (RDF.type, PO.ValueShare),
        (PO.programme, URIRef(programme.iri)),
        (PROV.wasGeneratedBy, statement),
        (PO.rule, URIRef(programme.rule.iri)),
        (PO.grant, URIRef(addresses.grant(share.grant))),
        (PO.period, Literal(f"{run.first}/{run.last}")),
        (PO.eligibleCount, Literal(share.count)),
        (SCHEMA.price, _amount(share.share)),
        (PO.poolAmount, _amount(share.pool)),
        (SCHEMA.priceCurrency, Literal(CURRENCY)),
        (SCHEMA.dateIssued, _moment(run.started_at)),
        (PO.statement, statement),
        (PO.vote, URIRef(addresses.vote(run.id))),
        (PO.ballot, Literal(ballots.credential(run.id, share.pairwise))),
        (PO.issuer, URIRef(f"{addresses.base}/organisations/{programme.organisation}")),
    ]
    if programme.rule.unit == CURRENCY:
        facts.append((PO.eligibleAmount, _amount(share.amount)))
    for predicate, value in facts:
        graph.add((_IT, predicate, value))
    return graph.serialize(format="turtle", encoding="utf-8")


def _amount(cents: int) -> Literal:
    return Literal(money(cents), datatype=XSD.decimal, normalize=False)


def _moment(at: float) -> Literal:
    text = datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Literal(text, datatype=XSD.dateTime, normalize=False)
