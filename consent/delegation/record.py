"""The record of a delegation in the pod: who may act for its owner, why, how far and until when (PROV-O)."""

from __future__ import annotations

from io import BytesIO

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from consent import wire
from consent.delegation.model import Delegation, Kind
from pods.model import Path
from pods.storage.base import Pod
from vocab.terms import DCT, DPV, PREFIXES, PROV, RDF, XSD

MEDIA_TYPE = "text/turtle"
_PREFIXES = {name: PREFIXES[name] for name in ("dct", "dpv", "prov", "xsd")}


def record_path(pod: Pod, delegation: Delegation) -> Path:
    """Return where the record stands: beside the consents, where only the host writes."""
    return Path(f"{pod.root}consents/delegation-{delegation.id}.ttl")


def turtle(document: str, pod: Pod, delegation: Delegation) -> bytes:
    """Return the record at the IRI `document`. The evidence is the operator's number, never what was shown."""
    it = NamedNode(document + "#it")
    delegate = NamedNode(delegation.delegate)
    found = [
        Triple(it, _term(RDF.type), _term(PROV.Delegation)),
        Triple(it, _term(PROV.agent), delegate),
        Triple(it, _term(DPV.hasDataSubject), NamedNode(pod.owner)),
        Triple(it, _term(DCT.type), Literal(delegation.kind.value)),
        Triple(it, _term(DPV.hasStatus), Literal(delegation.state.value)),
        Triple(it, _term(PROV.startedAtTime), _time(delegation.starts)),
    ]
    found += [
        Triple(it, _term(DPV.hasPermission), Literal(power.value)) for power in sorted(delegation.powers)
    ]
    if delegation.kind is Kind.GUARDIAN:
        found.append(Triple(delegate, _term(RDF.type), _term(DPV.GuardianOfDataSubject)))
    ends = delegation.ended_at if delegation.ended_at is not None else delegation.ends
    if ends is not None:
        found.append(Triple(it, _term(PROV.endedAtTime), _time(ends)))
    if delegation.evidence:
        found.append(Triple(it, _term(DCT.source), Literal(delegation.evidence)))
    output = BytesIO()
    serialize(found, output, RdfFormat.TURTLE, prefixes=_PREFIXES)
    return output.getvalue()


def _term(name: str) -> NamedNode:
    return NamedNode(str(name))


def _time(at: float) -> Literal:
    return Literal(wire.timestamp(at), datatype=_term(XSD.dateTime))
