"""Consent records and receipts as credentials: the statements of the record in the pod, with a proof of the host's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from consent import wire
from consent.credentials.status import VC_CONTEXT
from vocab import jsonld
from vocab.terms import CONTEXTS, NS, RDF, XSD

# The terms of a grant are the same in its record: one statement is spelled in one way.
CONTEXT = [VC_CONTEXT, CONTEXTS + "grant", CONTEXTS + "record"]
RECORD, RECEIPT = "record", "receipt"
_KINDS: Mapping[str, str] = {RECORD: "ConsentRecordCredential", RECEIPT: "ConsentReceiptCredential"}
_TYPE = str(RDF.type)
_A = NamedNode(_TYPE)
_MOMENT = NamedNode(str(XSD.dateTime))
_VC = "https://www.w3.org/2018/credentials#"
Node = NamedNode | BlankNode


@dataclass(frozen=True, slots=True)
class Told:
    """A credential without its proof: the document, and the statements that anybody reads in it."""

    document: dict[str, Any]
    statements: Sequence[Triple]


def credential(
    iri: str, kind: str, document: str, statements: Iterable[Triple], issuer: str, at: float
) -> Told:
    """Return the record or the receipt that is told at the IRI `document`, as a credential without its proof.

    Raises LookupError where there is none: who refused has no receipt.
    """
    about: dict[Node, list[Triple]] = defaultdict(list)
    for triple in statements:
        if isinstance(triple.subject, NamedNode | BlankNode):
            about[triple.subject].append(triple)
    root = NamedNode(f"{document}#{kind}")
    if root not in about:
        raise LookupError(f"{document} tells of no {kind}")
    # The receipt leads to the record and to the agreement: both go with it, so that it is enough by itself.
    this = NamedNode(iri)
    about[this] = [
        Triple(this, _A, NamedNode(_VC + "VerifiableCredential")),
        Triple(this, _A, NamedNode(NS + _KINDS[kind])),
        Triple(this, NamedNode(_VC + "issuer"), NamedNode(issuer)),
        Triple(this, NamedNode(_VC + "validFrom"), Literal(wire.timestamp(at), datatype=_MOMENT)),
        Triple(this, NamedNode(_VC + "credentialSubject"), root),
    ]
    told: list[Triple] = []
    expanded = _node(this, about, set(), told)
    return Told(jsonld.compact_expanded(expanded, CONTEXT), told)


def _node(
    node: Node, about: Mapping[Node, list[Triple]], described: set[Node], told: list[Triple]
) -> dict[str, Any]:
    """Return a node in expanded JSON-LD, with what hangs on it; add its statements to what is `told`."""
    found: dict[str, Any] = {"@id": node.value} if isinstance(node, NamedNode) else {}
    if node in described:
        return found
    described.add(node)
    for triple in about.get(node, ()):
        told.append(triple)
        key = "@type" if triple.predicate.value == _TYPE else triple.predicate.value
        value = triple.object
        if isinstance(value, Literal):
            found.setdefault(key, []).append(_literal(value))
        elif isinstance(value, NamedNode | BlankNode):
            plain = value.value if key == "@type" else _node(value, about, described, told)
            found.setdefault(key, []).append(plain)
    return found


def _literal(value: Literal) -> dict[str, str]:
    if value.language is not None:
        return {"@value": value.value, "@language": value.language}
    if value.datatype.value == "http://www.w3.org/2001/XMLSchema#string":
        return {"@value": value.value}
    return {"@value": value.value, "@type": value.datatype.value}
