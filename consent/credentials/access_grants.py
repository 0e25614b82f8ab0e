"""Access requests, grants and denials in the shape of Inrupt's Enterprise Solid Server: written, and read strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from consent import wire
from consent.model import Grant, OutputMode

CONTEXT = ["https://www.w3.org/2018/credentials/v1", "https://schema.inrupt.com/credentials/v2.jsonld"]
_GCONSENT = "https://w3id.org/GConsent#"
_READ = "http://www.w3.org/ns/auth/acl#Read"
# Clients in use write terms of the contexts as well as their IRIs.
_READS = frozenset({_READ, "Read"})


class Kind(StrEnum):
    """What a document is, by its type."""

    REQUEST = "SolidAccessRequest"
    GRANT = "SolidAccessGrant"
    DENIAL = "SolidAccessDenial"


_STATUS: Mapping[Kind, str] = {
    Kind.REQUEST: "ConsentStatusRequested",
    Kind.GRANT: "ConsentStatusExplicitlyGiven",
    Kind.DENIAL: "ConsentStatusDenied",
}
_MEMBER: Mapping[Kind, str] = {
    Kind.REQUEST: "hasConsent",
    Kind.GRANT: "providedConsent",
    Kind.DENIAL: "providedConsent",
}
_PARTY: Mapping[Kind, str] = {
    Kind.REQUEST: "isConsentForDataSubject",
    Kind.GRANT: "isProvidedTo",
    Kind.DENIAL: "isProvidedTo",
}
_ENVELOPE = frozenset(
    {
        *("@context", "id", "type", "issuer", "issuanceDate", "expirationDate"),
        *("credentialSubject", "credentialStatus", "proof"),
    }
)
_CONSENT = frozenset({"mode", "hasStatus", "forPersonalData", "forPurpose", "inherit", "request"})


class DoesNotFit(ValueError):
    """What one side says and the other cannot: the message names it."""


@dataclass(frozen=True, slots=True)
class AccessDocument:
    """What such a document says that we understand. It gives no right here: it tells what was asked or decided."""

    kind: Kind
    person: str
    grantee: str
    purpose: str
    resources: tuple[str, ...]
    issued_at: float
    expires_at: float | None
    request: str | None = None


def of_grant(grant: Grant, resources: Sequence[str], *, kind: Kind = Kind.GRANT) -> AccessDocument:
    """Return a grant of ours as such a document would tell it; raise DoesNotFit for what it has no words for.

    It has none for properties either. They are left out, and this host filters by them whoever shows the document.
    """
    if any(item.mode is not OutputMode.ROWS for item in grant.items):
        raise DoesNotFit("an access grant opens whole resources: it has no claims, aggregates or appends")
    if not resources or any(iri.endswith("/") for iri in resources):
        # With a container the readers of such grants take in what lies below it (1.4: inherit is true by default).
        raise DoesNotFit("an access grant of ours names documents one by one, never a container")
    return AccessDocument(
        kind,
        grant.subject,
        grant.controller,
        grant.purpose,
        tuple(resources),
        grant.given_at,
        grant.expires_at,
    )


def write(document: AccessDocument, iri: str, issuer: str) -> dict[str, Any]:
    """Return the document in the published shape, without a proof: theirs is of a suite that is superseded."""
    kind = document.kind
    subject, party = (
        (document.grantee, document.person) if kind is Kind.REQUEST else (document.person, document.grantee)
    )
    consent = {
        "mode": [_READ],
        "hasStatus": _GCONSENT + _STATUS[kind],
        "forPersonalData": list(document.resources),
        "forPurpose": [document.purpose],
        _PARTY[kind]: party,
        "inherit": False,
        **({"request": document.request} if document.request is not None else {}),
    }
    end = {} if document.expires_at is None else {"expirationDate": wire.timestamp(document.expires_at)}
    return {
        "@context": list(CONTEXT),
        "id": iri,
        "type": ["VerifiableCredential", kind.value],
        "issuer": issuer,
        "issuanceDate": wire.timestamp(document.issued_at),
        **end,
        "credentialSubject": {"id": subject, _MEMBER[kind]: consent},
    }


def read(plain: Mapping[str, Any]) -> AccessDocument:
    """Return what a document says; raise DoesNotFit, in words, for whatever we could not keep to."""
    _only(plain, _ENVELOPE, "the document")
    kinds = [kind for kind in Kind if kind.value in _texts(plain.get("type"), "type")]
    if len(kinds) != 1:
        raise DoesNotFit("type: needs one of SolidAccessRequest, SolidAccessGrant and SolidAccessDenial")
    kind = kinds[0]
    subject = plain.get("credentialSubject")
    consent = subject.get(_MEMBER[kind]) if isinstance(subject, Mapping) else None
    if not isinstance(subject, Mapping) or not isinstance(consent, Mapping):
        raise DoesNotFit(f"credentialSubject: needs {_MEMBER[kind]}")
    _only(subject, frozenset({"id", "inbox", _MEMBER[kind]}), "credentialSubject")
    # Among the members that are refused here is `template`: it leaves open which resources are meant.
    _only(consent, _CONSENT | {_PARTY[kind]}, _MEMBER[kind])
    if _text(consent.get("hasStatus"), "hasStatus").removeprefix(_GCONSENT) != _STATUS[kind]:
        raise DoesNotFit(f"hasStatus: a {kind.value} has the status {_STATUS[kind]}")
    if not set(_texts(consent.get("mode"), "mode")) <= _READS:
        raise DoesNotFit("mode: only Read fits; what a service adds here goes through an append grant")
    if consent.get("inherit") is not False:
        # The default is true since version 2.1, so what is left out means everything below.
        raise DoesNotFit("inherit: must be false; a grant here never covers what lies below a container")
    resources = _texts(consent.get("forPersonalData"), "forPersonalData")
    if not resources or any(one.endswith("/") for one in resources):
        raise DoesNotFit("forPersonalData: must name documents one by one, never a container")
    purposes = _texts(consent.get("forPurpose"), "forPurpose")
    if len(purposes) != 1:
        raise DoesNotFit("forPurpose: must name one published purpose; a grant here is for exactly one")
    own, party = (
        _text(subject.get("id"), "credentialSubject.id"),
        _text(consent.get(_PARTY[kind]), _PARTY[kind]),
    )
    person, grantee = (party, own) if kind is Kind.REQUEST else (own, party)
    end = plain.get("expirationDate")
    if kind is Kind.GRANT and end is None:
        raise DoesNotFit("expirationDate: a grant here always ends")
    request = consent.get("request")
    return AccessDocument(
        *(kind, person, grantee, purposes[0], tuple(resources)),
        issued_at=_time(plain.get("issuanceDate"), "issuanceDate"),
        expires_at=None if end is None else _time(end, "expirationDate"),
        request=None if request is None else _text(request, "request"),
    )


def _only(plain: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = sorted(set(plain) - known)
    if unknown:
        raise DoesNotFit(f"{where}: {', '.join(unknown)} is nothing that a grant here can keep to")


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise DoesNotFit(f"{where}: needs one text")
    return value


def _texts(value: object, where: str) -> list[str]:
    """Return a set as JSON-LD writes it: a text, or a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [_text(one, where) for one in values]


def _time(value: object, where: str) -> float:
    text = _text(value, where)
    try:
        # Clients in use write milliseconds, which say nothing here.
        return wire.seconds(f"{text[:19]}Z" if text[19:20] == "." and text.endswith("Z") else text)
    except ValueError as error:
        raise DoesNotFit(f"{where}: needs a time in UTC such as 2026-11-20T09:00:00Z") from error
