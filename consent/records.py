"""Consent records and receipts in the pod: ISO/IEC TS 27560 through DPV 2.3, with the agreement in ODRL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from consent import odrl, wire
from consent.model import Controller, DataItem, Grant, GrantEvent, GrantState, PurposeDeclaration
from vocab.shapes import SHAPES
from vocab.terms import DCT, DPV, DPV_27560, GDPR, LOC, NS, PREFIXES, PROV, RDF, XSD

MEDIA_TYPE = "text/turtle"

STATUS: Mapping[GrantState, tuple[str, ...]] = {
    GrantState.ASKED: ("ConsentRequested",),
    GrantState.GIVEN: ("ConsentGiven", "ExplicitlyExpressedConsent"),
    GrantState.REFUSED: ("ConsentRefused",),
    GrantState.EXPIRED: ("ConsentExpired",),
    GrantState.WITHDRAWN: ("ConsentWithdrawn",),
    GrantState.REVOKED: ("ConsentRevoked",),
    # DPV has no words for "later" and for a consent that rests: the one is a request, the other not valid now.
    GrantState.DEFERRED: ("ConsentRequestDeferred",),
    GrantState.SUSPENDED: ("ConsentInvalidated",),
    # Silence is no answer: nothing is known of what the person wants.
    GrantState.UNKNOWN: ("ConsentUnknown",),
    # DPV has no word for a consent that a newer version of the purpose replaced; it is invalid from then on.
    GrantState.SUPERSEDED: ("ConsentInvalidated",),
}
_PREFIXES = {name: PREFIXES[name] for name in ("dct", "dpv", "gdpr", "loc", "odrl", "po", "prov", "xsd")}
_PREFIXES["dpv-27560"] = str(DPV_27560)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a grant, as the record tells it."""

    state: GrantState
    at: float
    expires_at: float
    items: tuple[DataItem, ...]
    actor: str = ""
    """Who did it: the person, a delegate, an organisation; nobody for what the clock or the host did."""
    event: GrantEvent | None = None


_CONTINUED = frozenset({GrantEvent.CARRY_OVER, GrantEvent.RESUME})
"""What makes a consent valid that was expressed before, and not now."""
_EXPRESSED = frozenset({GrantState.GIVEN, GrantState.REFUSED, GrantState.WITHDRAWN})


def record_path(pod_root: str, grant_id: str) -> str:
    """Return the path of the record of a grant below the root of its pod."""
    return f"{pod_root}consents/{grant_id}.ttl"


def turtle(
    document: str,
    grant: Grant,
    purpose: PurposeDeclaration,
    controller: Controller,
    events: Sequence[Event],
    *,
    control: str,
) -> bytes:
    """Return the record about a grant at the IRI `document`; `control` is where consent is given and withdrawn.

    The list of statuses only ever grows: what happened is added, nothing is rewritten.
    """
    output = BytesIO()
    found = statements(document, grant, purpose, controller, events, control=control)
    serialize(_by_subject(found), output, RdfFormat.TURTLE, prefixes=_PREFIXES)
    return output.getvalue()


def statements(
    document: str,
    grant: Grant,
    purpose: PurposeDeclaration,
    controller: Controller,
    events: Sequence[Event],
    *,
    control: str,
) -> list[Triple]:
    """Return what `turtle` writes as statements: the record, and with a consent its receipt and its agreement."""
    found = _record(document, grant, purpose, controller, control)
    for event in events:
        found += _status(document, grant, event)
    given = [
        event for event in events if event.state is GrantState.GIVEN and event.event is not GrantEvent.RESUME
    ]
    if given:
        found += _receipt(document, grant, given[-1])
        agreement = odrl.Agreement(
            grant.subject, grant.controller, grant.purpose, given[-1].expires_at, given[-1].items
        )
        found += odrl.triples(agreement, document + "#agreement")
    return found


def _by_subject(triples: Sequence[Triple]) -> list[Triple]:
    """Return the statements with those about one subject together: people open their records too."""
    groups: dict[object, list[Triple]] = {}
    for triple in triples:
        groups.setdefault(triple.subject, []).append(triple)
    return [triple for group in groups.values() for triple in group]


def _record(
    document: str, grant: Grant, purpose: PurposeDeclaration, controller: Controller, control: str
) -> list[Triple]:
    subject = NamedNode(document + "#record")
    storage, exercised = BlankNode(), BlankNode()
    found = [
        Triple(subject, _type(), _dpv("ConsentRecord")),
        Triple(subject, _node(DCT.identifier), Literal(grant.id)),
        Triple(subject, _node(DCT.conformsTo), NamedNode(str(DPV_27560["record-eu-gdpr"]))),
        Triple(subject, _dpv("hasDataSubject"), NamedNode(grant.subject)),
        Triple(subject, _dpv("hasDataController"), NamedNode(grant.controller)),
        Triple(NamedNode(grant.controller), _node(DCT["title"]), Literal(controller.name)),
        Triple(NamedNode(grant.controller), _dpv("hasContact"), Literal(controller.contact)),
        Triple(subject, _dpv("hasJurisdiction"), NamedNode(str(LOC.IT))),
        Triple(subject, _dpv("hasNotice"), NamedNode(grant.purpose)),
        Triple(subject, NamedNode(NS + "noticeDigest"), Literal(grant.notice_digest)),
        Triple(subject, _dpv("hasProcess"), NamedNode(grant.purpose)),
        Triple(
            subject, _dpv("hasLegalBasis"), NamedNode(str(GDPR[purpose.legal_basis.removeprefix("gdpr:")]))
        ),
        Triple(subject, _dpv("hasStorageCondition"), storage),
        Triple(storage, _type(), _dpv("StorageDuration")),
        Triple(storage, _dpv("hasDuration"), _days(purpose.retention_days)),
        Triple(subject, _dpv("hasConsentControl"), exercised),
        Triple(exercised, _type(), _dpv("ProvideConsent")),
        Triple(exercised, _type(), _dpv("WithdrawConsent")),
        Triple(exercised, _dpv("isExercisedAt"), NamedNode(control)),
    ]
    found += [
        Triple(NamedNode(grant.purpose), _node(DCT["title"]), Literal(text, language=language))
        for language, text in purpose.title.items()
    ]
    found += [Triple(subject, _dpv("hasRecipient"), Literal(name)) for name in purpose.recipients]
    for item in grant.items:
        data = BlankNode()
        found += [
            Triple(subject, _dpv("hasPersonalData"), data),
            Triple(data, _type(), _dpv("PersonalData")),
            Triple(data, NamedNode(NS + "shape"), NamedNode(SHAPES[item.shape].iri)),
            Triple(data, NamedNode(NS + "outputMode"), NamedNode(NS + item.mode.value)),
            *(Triple(data, NamedNode(NS + "property"), Literal(name)) for name in item.properties),
        ]
    return found


def _status(document: str, grant: Grant, event: Event) -> list[Triple]:
    status = BlankNode()
    kinds = STATUS[event.state][:1] if event.event in _CONTINUED else STATUS[event.state]
    found = [
        Triple(NamedNode(document + "#record"), _dpv("hasConsentStatus"), status),
        *(Triple(status, _type(), _dpv(name)) for name in kinds),
        Triple(status, _dpv("isIndicatedAtTime"), _time(event.at)),
    ]
    # A delegate speaks for the person, and an organisation that carries a consent over for itself: the record
    # must not say that the person said it.
    expressed = event.state in _EXPRESSED and event.event not in _CONTINUED
    by = event.actor or (grant.subject if expressed else "")
    if by:
        found.append(Triple(status, _dpv("isIndicatedBy"), NamedNode(by)))
    if event.state is GrantState.GIVEN:
        found.append(Triple(status, NamedNode(NS + "expiresAt"), _time(event.expires_at)))
    return found


def _receipt(document: str, grant: Grant, given: Event) -> list[Triple]:
    receipt, record = NamedNode(document + "#receipt"), NamedNode(document + "#record")
    return [
        Triple(receipt, _type(), _dpv("ConsentReceipt")),
        Triple(receipt, _node(DCT.identifier), Literal(grant.id)),
        Triple(receipt, _node(DCT.conformsTo), NamedNode(str(DPV_27560["receipt-eu-gdpr"]))),
        Triple(receipt, _node(DCT.issued), _time(given.at)),
        Triple(receipt, _node(PROV.wasDerivedFrom), record),
        Triple(receipt, _node(DCT.source), NamedNode(document + "#agreement")),
        Triple(receipt, NamedNode(NS + "digest"), Literal(grant.digest)),
    ]


def _type() -> NamedNode:
    return _node(RDF.type)


@cache
def _node(term: str) -> NamedNode:
    return NamedNode(str(term))


@cache
def _dpv(name: str) -> NamedNode:
    return NamedNode(str(DPV[name]))


def _time(at: float) -> Literal:
    return Literal(wire.timestamp(at), datatype=_node(XSD.dateTime))


def _days(count: int) -> Literal:
    return Literal(f"P{count}D", datatype=_node(XSD.duration))
