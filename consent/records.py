"""Consent records and receipts in the pod: ISO/IEC TS 27560 through DPV 2.3, with the agreement in ODRL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from consent import odrl, wire
from consent.declarations import notice_digests
from consent.model import Controller, DataItem, Grant, GrantEvent, GrantState, PurposeDeclaration
from consent.record_processing import dpv, host_of, kind, node, processing
from vocab.terms import DCT, DPV_27560, NS, PREFIXES, PROV, RDF, XSD

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
_PREFIXES = {
    name: PREFIXES[name] for name in ("dct", "dpv", "gdpr", "loc", "odrl", "po", "prov", "rdf", "xsd")
}
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
    language: str = ""
    """In which language the notice was shown to who decided, where that was told."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A document that tells what happened to a grant before, and its digest: it never changes."""

    iri: str
    digest: str


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
    earlier: Earlier | None = None,
    agreed: Event | None = None,
) -> bytes:
    """Return the record about a grant at the IRI `document`; `control` is where consent is given and withdrawn.

    The list of statuses only ever grows: what happened is added, nothing is rewritten. Where it grew long, `earlier`
    is the document that the list begins in; `agreed` is then the last consent, if that stands there.
    """
    found = statements(
        *(document, grant, purpose, controller, events), control=control, earlier=earlier, agreed=agreed
    )
    return _written(found)


def chapter(
    document: str,
    iri: str,
    grant: Grant,
    purpose: PurposeDeclaration,
    events: Sequence[Event],
    earlier: Earlier | None,
) -> bytes:
    """Return the document at `iri` that takes the older statuses of the record at `document`, as they stood there."""
    closed = NamedNode(iri)
    found = [
        Triple(closed, kind(), NamedNode(NS + "EarlierStatuses")),
        Triple(closed, node(DCT.isPartOf), NamedNode(document + "#record")),
        *_earlier(closed, earlier),
    ]
    for event in events:
        found += _status(document, grant, purpose, event)
    return _written(found)


def statements(
    document: str,
    grant: Grant,
    purpose: PurposeDeclaration,
    controller: Controller,
    events: Sequence[Event],
    *,
    control: str,
    earlier: Earlier | None = None,
    agreed: Event | None = None,
) -> list[Triple]:
    """Return what `turtle` writes as statements: the record, and with a consent its receipt and its agreement."""
    found = processing(document, grant, purpose, controller, control)
    found += _earlier(NamedNode(document + "#record"), earlier)
    for event in events:
        found += _status(document, grant, purpose, event)
        if event.state is GrantState.GIVEN and event.event is not GrantEvent.RESUME:
            agreed = event
    if agreed is not None:
        found += _receipt(document, grant, agreed)
        agreement = odrl.Agreement(
            grant.subject, grant.controller, grant.purpose, agreed.expires_at, agreed.items
        )
        found += odrl.triples(agreement, document + "#agreement")
    return found


def _earlier(subject: NamedNode, earlier: Earlier | None) -> list[Triple]:
    """Return where the list of statuses began, and the digest of what is told there."""
    if earlier is None:
        return []
    place = NamedNode(earlier.iri)
    return [
        Triple(subject, NamedNode(NS + "earlierStatuses"), place),
        Triple(place, NamedNode(NS + "digest"), Literal(earlier.digest)),
    ]


def _written(found: Sequence[Triple]) -> bytes:
    output = BytesIO()
    serialize(_by_subject(found), output, RdfFormat.TURTLE, prefixes=_PREFIXES)
    return output.getvalue()


def _by_subject(triples: Sequence[Triple]) -> list[Triple]:
    """Return the statements with those about one subject together: people open their records too."""
    groups: dict[object, list[Triple]] = {}
    for triple in triples:
        groups.setdefault(triple.subject, []).append(triple)
    return [triple for group in groups.values() for triple in group]


def _status(document: str, grant: Grant, purpose: PurposeDeclaration, event: Event) -> list[Triple]:
    status = BlankNode()
    kinds = STATUS[event.state][:1] if event.event in _CONTINUED else STATUS[event.state]
    found = [
        Triple(NamedNode(document + "#record"), dpv("hasConsentStatus"), status),
        *(Triple(status, kind(), dpv(name)) for name in kinds),
        Triple(status, dpv("isIndicatedAtTime"), _time(event.at)),
    ]
    # ISO/IEC TS 27560 wants an entity for each event. A delegate speaks for the person, an organisation that
    # carries a consent over for itself, and what nobody said, such as that time ran out, the host says.
    expressed = event.state in _EXPRESSED and event.event not in _CONTINUED
    by = event.actor or (grant.subject if expressed else host_of(grant))
    found.append(Triple(status, dpv("isIndicatedBy"), NamedNode(by)))
    if event.language:
        notice = BlankNode()
        found += [
            Triple(status, dpv("hasNotice"), notice),
            Triple(notice, kind(), dpv("ConsentNotice")),
            Triple(notice, node(DCT.source), NamedNode(grant.purpose)),
            Triple(notice, node(DCT.language), Literal(event.language)),
        ]
        # Exactly the words that were read; the record's own digest is of the notice in all languages.
        texts = {
            "title": purpose.title,
            "text": purpose.text,
            "consequence_of_refusal": purpose.consequence_of_refusal,
        }
        if (read := notice_digests(texts).get(event.language)) is not None:
            found.append(Triple(notice, NamedNode(NS + "noticeDigest"), Literal(read)))
    return found + _duration(status, event)


def _duration(status: BlankNode, event: Event) -> list[Triple]:
    """Return until when what happened holds: a consent until its end, everything else until the next event."""
    duration = BlankNode()
    found = [Triple(status, dpv("hasDuration"), duration)]
    if event.state is not GrantState.GIVEN:
        return [*found, Triple(duration, kind(), dpv("IndeterminateDuration"))]
    end = _time(event.expires_at)
    return [
        *found,
        Triple(duration, kind(), dpv("UntilTimeDuration")),
        Triple(duration, node(RDF.value), end),
        Triple(status, NamedNode(NS + "expiresAt"), end),
    ]


def _receipt(document: str, grant: Grant, given: Event) -> list[Triple]:
    receipt, record = NamedNode(document + "#receipt"), NamedNode(document + "#record")
    return [
        Triple(receipt, kind(), dpv("ConsentReceipt")),
        Triple(receipt, node(DCT.identifier), Literal(grant.id)),
        Triple(receipt, node(DCT.conformsTo), NamedNode(str(DPV_27560["receipt-eu-gdpr"]))),
        Triple(receipt, node(DCT.issued), _time(given.at)),
        Triple(receipt, node(DCT.created), _time(given.at)),
        Triple(receipt, node(PROV.wasDerivedFrom), record),
        Triple(receipt, dpv("hasRecordOfActivity"), record),
        Triple(receipt, node(DCT.source), NamedNode(document + "#agreement")),
        Triple(receipt, NamedNode(NS + "digest"), Literal(grant.digest)),
    ]


def _time(at: float) -> Literal:
    return Literal(wire.timestamp(at), datatype=node(XSD.dateTime))
