"""Inrupt's access grants: the published shape is read and written again, and what does not fit is refused in words."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consent.credentials import access_grants
from consent.credentials.access_grants import DoesNotFit, Kind
from consent.model import DataItem, OutputMode
from tests.unit.consent.test_records import GRANT

BASKET = "https://storage.example/anna/purchases/2026-11.ttl"
# After the shape that @inrupt/solid-client-access-grants 4 writes and reads.
PUBLISHED: dict[str, Any] = {
    "@context": ["https://www.w3.org/2018/credentials/v1", "https://schema.inrupt.com/credentials/v2.jsonld"],
    "id": "https://vc.example/vc/1",
    "issuer": "https://vc.example",
    "type": ["VerifiableCredential", "SolidAccessGrant"],
    "issuanceDate": "2026-11-20T09:00:00Z",
    "expirationDate": "2027-05-20T09:00:00Z",
    "credentialStatus": {
        "id": "https://vc.example/status/umZS#801",
        "type": "RevocationList2020Status",
        "revocationListCredential": "https://vc.example/status/umZS",
        "revocationListIndex": "801",
    },
    "credentialSubject": {
        "id": "https://id.example/anna",
        "providedConsent": {
            "mode": ["http://www.w3.org/ns/auth/acl#Read"],
            "hasStatus": "https://w3id.org/GConsent#ConsentStatusExplicitlyGiven",
            "forPersonalData": [BASKET],
            "forPurpose": ["https://pa.example/purposes/mobility-stats/3"],
            "isProvidedTo": "https://pa.example/#stats",
            "inherit": False,
            "request": "https://vc.example/vc/0",
        },
    },
    "proof": {"type": "Ed25519Signature2020", "proofPurpose": "assertionMethod", "proofValue": "z1"},
}


def consent_of(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plain["credentialSubject"]["providedConsent"]
    return found


def as_request(plain: dict[str, Any]) -> dict[str, Any]:
    consent = dict(consent_of(plain))
    person, grantee = plain["credentialSubject"]["id"], consent.pop("isProvidedTo")
    consent.pop("request")
    consent |= {
        "hasStatus": "https://w3id.org/GConsent#ConsentStatusRequested",
        "isConsentForDataSubject": person,
    }
    kind = ["VerifiableCredential", "SolidAccessRequest"]
    return {**plain, "type": kind, "credentialSubject": {"id": grantee, "hasConsent": consent}}


def as_denial(plain: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(plain)
    changed["type"] = ["VerifiableCredential", "SolidAccessDenial"]
    consent_of(changed)["hasStatus"] = "https://w3id.org/GConsent#ConsentStatusDenied"
    return changed


SHAPES: dict[Kind, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Kind.GRANT: copy.deepcopy,
    Kind.REQUEST: as_request,
    Kind.DENIAL: as_denial,
}


@pytest.mark.parametrize("kind", list(Kind))
def test_the_published_shape_makes_a_round_trip(kind: Kind) -> None:
    """Everything comes back but proof and status, which are of whoever issued the document."""
    plain = SHAPES[kind](PUBLISHED)
    found = access_grants.read(plain)
    assert (found.kind, found.person, found.grantee, found.resources) == (
        kind,
        "https://id.example/anna",
        "https://pa.example/#stats",
        (BASKET,),
    )
    again = access_grants.write(found, plain["id"], plain["issuer"])
    assert again == {
        name: value for name, value in plain.items() if name not in ("proof", "credentialStatus")
    }
    assert access_grants.read(again) == found


def test_a_grant_of_rows_on_documents_goes_out_and_comes_back() -> None:
    grant = replace(GRANT, items=GRANT.items[:1])
    told = access_grants.of_grant(grant, [BASKET])
    found = access_grants.read(
        access_grants.write(told, "urn:uuid:1", "https://pods.example/.consent/issuer")
    )
    assert (found.person, found.grantee, found.purpose) == (grant.subject, grant.controller, grant.purpose)
    assert (found.issued_at, found.expires_at) == (grant.given_at, grant.expires_at)


def test_milliseconds_as_clients_write_them_are_read() -> None:
    found = access_grants.read({**PUBLISHED, "issuanceDate": "2026-11-20T09:00:00.123Z"})
    assert found == access_grants.read(PUBLISHED)


@pytest.mark.parametrize("mode", sorted(set(OutputMode) - {OutputMode.ROWS}))
def test_a_grant_that_opens_less_than_resources_does_not_go_out(mode: OutputMode) -> None:
    with pytest.raises(DoesNotFit, match="whole resources"):
        access_grants.of_grant(replace(GRANT, items=(DataItem("Purchase", ("total",), mode),)), [BASKET])


@pytest.mark.parametrize("resources", [[], ["https://storage.example/anna/purchases/"]])
def test_a_container_does_not_go_out(resources: list[str]) -> None:
    with pytest.raises(DoesNotFit, match="never a container"):
        access_grants.of_grant(replace(GRANT, items=GRANT.items[:1]), resources)


OUTSIDE: dict[str, tuple[dict[str, Any], str]] = {
    "inherit left out": ({"inherit": None}, "inherit"),
    "inherit": ({"inherit": True}, "inherit"),
    "writing": ({"mode": ["http://www.w3.org/ns/auth/acl#Write"]}, "mode"),
    "reading and writing": ({"mode": ["Read", "Append"]}, "mode"),
    "a container": ({"forPersonalData": ["https://storage.example/anna/"]}, "container"),
    "a template": ({"template": "https://storage.example/{id}"}, "template"),
    "no resource": ({"forPersonalData": []}, "forPersonalData"),
    "no purpose": ({"forPurpose": []}, "forPurpose"),
    "two purposes": ({"forPurpose": ["https://pa.example/1", "https://pa.example/2"]}, "forPurpose"),
    "another status": ({"hasStatus": "https://w3id.org/GConsent#ConsentStatusRequested"}, "hasStatus"),
    "nobody": ({"isProvidedTo": None}, "isProvidedTo"),
    "a member that we do not know": ({"forever": True}, "forever"),
}


@pytest.mark.parametrize("case", sorted(OUTSIDE))
def test_what_does_not_fit_is_refused_in_words(case: str) -> None:
    changes, word = OUTSIDE[case]
    plain = copy.deepcopy(PUBLISHED)
    consent_of(plain).update(changes)
    with pytest.raises(DoesNotFit, match=word):
        access_grants.read(plain)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"type": ["VerifiableCredential"]}, "type"),
        ({"type": ["SolidAccessGrant", "SolidAccessDenial"]}, "type"),
        ({"expirationDate": None}, "expirationDate"),
        ({"expirationDate": "tomorrow"}, "expirationDate"),
        ({"credentialSubject": {}}, "credentialSubject"),
        ({"termsOfUse": []}, "termsOfUse"),
    ],
)
def test_an_envelope_that_does_not_fit_is_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(DoesNotFit, match=word):
        access_grants.read({**PUBLISHED, **changes})
