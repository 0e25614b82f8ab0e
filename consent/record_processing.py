"""What a consent record says of the processing: notice, purpose, data, storage, recipients, rights, and who answers.

The fields and their order are those of ISO/IEC TS 27560, 6.3.4 and 6.3.5, in the terms of DPV 2.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from consent.bases import Handling, handling
from consent.credentials.keys import ISSUER_PATH
from consent.grants_sql import GRANTS_PATH
from consent.model import Controller, DataItem, Grant, PurposeDeclaration
from vocab.shapes import SHAPES
from vocab.terms import DCT, DPV, DPV_27560, GDPR, LOC, NS, RDF, XSD

RIGHTS_PATH = "/.consent/rights"

_ALWAYS = ("A15", "A16", "A17", "A18")
RIGHTS: Mapping[Handling, tuple[str, ...]] = {
    # Art. 20(1)(a): what may be taken along is what rests on consent or on a contract.
    Handling.CONSENT: (*_ALWAYS, "A20", "A7-3"),
    # Art. 21(1): who may object is asked because of a public task or a legitimate interest.
    Handling.OBJECTION: (*_ALWAYS, "A21"),
    Handling.INFORMATION: _ALWAYS,
}
"""The articles of the GDPR that a person has under a legal basis, in the names of DPV's extension."""

_AT_THE_GRANT = frozenset({"A7-3", "A21"})
"""Withdrawal and objection are exercised where the grant is, in one step."""


def host_of(grant: Grant) -> str:
    """Return the IRI of the host as who attests: it says what no person did, such as that a term ran out."""
    return grant.iri.partition(GRANTS_PATH)[0] + ISSUER_PATH


def processing(
    document: str, grant: Grant, purpose: PurposeDeclaration, controller: Controller, control: str
) -> list[Triple]:
    """Return the record about a grant at the IRI `document`, but for what happened to it."""
    subject = NamedNode(document + "#record")
    return [
        Triple(subject, kind(), dpv("ConsentRecord")),
        Triple(subject, node(DCT.identifier), Literal(grant.id)),
        Triple(subject, node(DCT.conformsTo), NamedNode(str(DPV_27560["record-eu-gdpr"]))),
        Triple(subject, dpv("hasDataSubject"), NamedNode(grant.subject)),
        Triple(subject, dpv("hasJurisdiction"), NamedNode(str(LOC.IT))),
        *_notice_and_purpose(subject, grant, purpose),
        # Who said no, or has not answered, has given nothing: the record says what they were asked for.
        *_data(subject, grant.items or purpose.items),
        *_storage(subject, document, purpose),
        *_parties(subject, grant, purpose, controller),
        *_controls(subject, grant, purpose, control),
    ]


def _notice_and_purpose(subject: NamedNode, grant: Grant, purpose: PurposeDeclaration) -> list[Triple]:
    """One published declaration is both: the text that is shown, and the processing that it is about."""
    declared, stated = NamedNode(grant.purpose), BlankNode()
    basis = GDPR[purpose.legal_basis.removeprefix("gdpr:")]
    return [
        Triple(subject, dpv("hasNotice"), declared),
        Triple(subject, NamedNode(NS + "noticeDigest"), Literal(grant.notice_digest)),
        Triple(subject, dpv("hasProcess"), declared),
        Triple(subject, dpv("hasLegalBasis"), NamedNode(str(basis))),
        Triple(declared, kind(), dpv("Process")),
        Triple(declared, kind(), dpv("ConsentNotice")),
        Triple(declared, dpv("hasPurpose"), stated),
        Triple(stated, kind(), dpv("Purpose")),
        *(
            Triple(about, node(DCT["title"]), Literal(text, language=language))
            for about in (declared, stated)
            for language, text in purpose.title.items()
        ),
        # The languages in which it can be read; in which it was read stands with each decision.
        *(Triple(declared, node(DCT.language), Literal(language)) for language in purpose.text),
    ]


def _data(subject: NamedNode, items: Sequence[DataItem]) -> list[Triple]:
    found: list[Triple] = []
    for item in items:
        data = BlankNode()
        found += [
            Triple(subject, dpv("hasPersonalData"), data),
            Triple(data, kind(), dpv("PersonalData")),
            Triple(data, NamedNode(NS + "shape"), NamedNode(SHAPES[item.shape].iri)),
            Triple(data, NamedNode(NS + "outputMode"), NamedNode(NS + item.mode.value)),
            *(Triple(data, NamedNode(NS + "property"), Literal(name)) for name in item.properties),
        ]
    return found


def _storage(subject: NamedNode, document: str, purpose: PurposeDeclaration) -> list[Triple]:
    """The data stay in the pod; what the recipient receives it keeps for so long."""
    place, time = BlankNode(), BlankNode()
    return [
        Triple(subject, dpv("hasStorageCondition"), place),
        Triple(place, kind(), dpv("StorageLocation")),
        Triple(place, dpv("hasLocation"), NamedNode(document.rpartition("consents/")[0])),
        Triple(subject, dpv("hasStorageCondition"), time),
        Triple(time, kind(), dpv("StorageDuration")),
        Triple(time, dpv("hasDuration"), _days(purpose.retention_days)),
    ]


def _parties(
    subject: NamedNode, grant: Grant, purpose: PurposeDeclaration, controller: Controller
) -> list[Triple]:
    who, officer = NamedNode(grant.controller), BlankNode()
    return [
        Triple(subject, dpv("hasDataController"), who),
        Triple(who, kind(), dpv("DataController")),
        Triple(who, node(DCT["title"]), Literal(controller.name)),
        Triple(who, dpv("hasName"), Literal(controller.name)),
        Triple(who, dpv("hasIdentifier"), who),
        Triple(who, dpv("hasContact"), Literal(controller.contact)),
        Triple(who, dpv("hasDataProtectionOfficer"), officer),
        Triple(officer, dpv("hasContact"), Literal(controller.dpo)),
        # Art. 4(9): the controller receives as well; where nobody else does, it is the only one.
        Triple(subject, dpv("hasRecipient"), who),
        *(Triple(subject, dpv("hasRecipient"), Literal(name)) for name in purpose.recipients),
    ]


def _controls(subject: NamedNode, grant: Grant, purpose: PurposeDeclaration, control: str) -> list[Triple]:
    exercised = BlankNode()
    host = grant.iri.partition(GRANTS_PATH)[0]
    found = [
        Triple(subject, dpv("hasConsentControl"), exercised),
        Triple(exercised, kind(), dpv("ProvideConsent")),
        Triple(exercised, kind(), dpv("WithdrawConsent")),
        Triple(exercised, dpv("isExercisedAt"), NamedNode(control)),
    ]
    for article in RIGHTS[handling(purpose.legal_basis)]:
        right = BlankNode()
        place = control if article in _AT_THE_GRANT else host + RIGHTS_PATH
        found += [
            Triple(subject, dpv("hasRight"), right),
            Triple(right, kind(), dpv("DataSubjectRight")),
            Triple(right, kind(), NamedNode(str(GDPR[article]))),
            Triple(right, dpv("isExercisedAt"), NamedNode(place)),
        ]
    return found


def kind() -> NamedNode:
    """Return `rdf:type`."""
    return node(RDF.type)


@cache
def node(term: str) -> NamedNode:
    """Return a term as a node; there are few, and each is written often."""
    return NamedNode(str(term))


@cache
def dpv(name: str) -> NamedNode:
    """Return a term of the Data Privacy Vocabulary."""
    return NamedNode(str(DPV[name]))


def _days(count: int) -> Literal:
    return Literal(f"P{count}D", datatype=node(XSD.duration))
