"""Data Model 2.0 of credentials, section 4, case by case as the W3C's test suite names them; documents of our own."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.credentials import envelope, proofs

GOOD: dict[str, Any] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": ["VerifiableCredential"],
    "issuer": "https://issuer.example/keys",
    "credentialSubject": {"id": "https://subject.example/#it"},
}
TERMS = {"@vocab": "https://terms.example/#"}
ITS_TERMS = {"@context": ["https://www.w3.org/ns/credentials/v2", TERMS]}
STATUS = {"type": "SomeStatus"}
SCHEMA = {"id": "https://schema.example/1", "type": "JsonSchema"}

ACCEPTED: dict[str, dict[str, Any]] = {
    "nothing more": {},
    "4.3 another context": ITS_TERMS,
    "4.3 a context inline": {"@context": ["https://www.w3.org/ns/credentials/v2", {"a": "urn:a"}]},
    "4.4 an id": {"id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33"},
    "4.5 one type as a text": {"type": "VerifiableCredential"},
    "4.5 a type that is a URL": {"type": ["VerifiableCredential", "https://types.example/#T"]},
    "4.5 types in another order": {"type": ["https://types.example/#T", "VerifiableCredential"]},
    "4.6 name and description": {"name": "A name", "description": "What it is"},
    "4.6 a name in a language": {"name": {"@value": "Un nome", "@language": "it", "@direction": "ltr"}},
    "4.6 a name in two languages": {
        "name": [{"@value": "Un nome", "@language": "it"}, {"@value": "A name", "@language": "en"}]
    },
    "4.7 an issuer that is an object": {"issuer": {"id": "https://issuer.example/", "name": "Somebody"}},
    "4.8 two subjects": {"credentialSubject": [{"id": "urn:a:1"}, {"id": "urn:a:2"}]},
    "4.9 milliseconds": {"validFrom": "2026-02-26T01:02:58.447Z"},
    "4.9 another zone": {"validFrom": "2026-02-26T01:02:58+02:00"},
    "4.9 far ahead": {"validFrom": "2226-02-26T01:02:58Z"},
    "4.9 the same moment": {"validFrom": "2026-02-26T01:00:00Z", "validUntil": "2026-02-26T02:00:00+01:00"},
    "4.10 a status without id": {**ITS_TERMS, "credentialStatus": STATUS},
    "4.10 two of them": {**ITS_TERMS, "credentialStatus": [{**STATUS, "id": "urn:a:1"}, STATUS]},
    "4.11 a schema": {**ITS_TERMS, "credentialSchema": SCHEMA},
    "5.4 a refresh service": {**ITS_TERMS, "refreshService": {"type": "Refresh"}},
    "5.5 terms of use": {**ITS_TERMS, "termsOfUse": {"type": "Terms", "id": "urn:a:1"}},
    "5.6 evidence": {**ITS_TERMS, "evidence": [{"type": "Evidence"}]},
}
REFUSED: dict[str, dict[str, Any]] = {
    "4.3 no context": {"@context": None},
    "4.3 no list": {"@context": "https://www.w3.org/ns/credentials/v2"},
    "4.3 another first": {
        "@context": ["https://w3id.org/portico/contexts/grant", "https://www.w3.org/ns/credentials/v2"]
    },
    "4.3 the one of version 1": {"@context": ["https://www.w3.org/2018/credentials/v1"]},
    "4.3 no URL": {"@context": ["https://www.w3.org/ns/credentials/v2", "https ://no.example/v1"]},
    "4.3 a number": {"@context": ["https://www.w3.org/ns/credentials/v2", 123]},
    "4.4 two ids": {"id": ["urn:a:1", "urn:a:2"]},
    "4.4 no URL": {"id": "not a url"},
    "4.4 null": {"id": None},
    "4.4 two ids of a subject": {"credentialSubject": {"id": ["urn:a:1", "urn:a:2"]}},
    "4.5 no type": {"type": []},
    "4.5 another type only": {"type": ["https://types.example/#T"]},
    "4.5 a number": {"type": ["VerifiableCredential", 5]},
    "4.6 a name with more": {"name": {"@value": "A", "@language": "en", "url": "urn:a:1"}},
    "4.6 a name that is a number": {"name": 5},
    "4.6 an issuer's name with more": {
        "issuer": {"id": "https://issuer.example/", "name": {"@value": "A", "other": "b"}}
    },
    "4.7 no issuer": {"issuer": None},
    "4.7 no URL": {"issuer": "somebody"},
    "4.7 an object with none": {"issuer": {"id": "somebody"}},
    "4.7 an object with null": {"issuer": {"id": None}},
    "4.8 no subject": {"credentialSubject": []},
    "4.8 an empty one": {"credentialSubject": {}},
    "4.8 one of them empty": {"credentialSubject": [{"id": "urn:a:1"}, {}]},
    "4.8 a text": {"credentialSubject": "urn:a:1"},
    "4.9 no time": {"validFrom": "yesterday"},
    "4.9 no zone": {"validUntil": "2026-02-26T01:02:58"},
    "4.9 no such day": {"validUntil": "2026-02-31T01:02:58Z"},
    "4.9 the end first": {"validFrom": "2026-02-26T01:02:58Z", "validUntil": "2026-02-26T01:02:57Z"},
    "4.10 a status without type": {"credentialStatus": {"id": "urn:a:1"}},
    "4.10 with two ids": {**ITS_TERMS, "credentialStatus": {**STATUS, "id": ["urn:a:1", "urn:a:2"]}},
    "4.10 with a type that is none": {"credentialStatus": {"type": 1}},
    "4.11 a schema without id": {"credentialSchema": {"type": "JsonSchema"}},
    "4.11 without type": {"credentialSchema": {"id": "https://schema.example/1"}},
    "4.11 whose id is no URL": {"credentialSchema": {**SCHEMA, "id": "schema"}},
    "4.12 a proof without type": {"proof": {"proofValue": "z"}},
    "5.4 without type": {"refreshService": {}},
    "5.5 without type": {"termsOfUse": {"id": "urn:a:1"}},
    "5.6 without type": {"evidence": {"id": "urn:a:1"}},
}
MEANINGLESS: dict[str, dict[str, Any]] = {
    "4.5 a type that no context defines": {"type": ["VerifiableCredential", "Unknown"]},
    "4.5 a type mapped to no URL": {
        "@context": ["https://www.w3.org/ns/credentials/v2", {"Odd": "https ://no.example/#Odd"}],
        "type": ["VerifiableCredential", "Odd"],
    },
    "4.3 a term of the first context defined anew": {
        "@context": ["https://www.w3.org/ns/credentials/v2", {"VerifiableCredential": "urn:bad"}]
    },
    "4.3 a member that no context defines": {"nickname": "it"},
}
"""What the JSON alone does not show: here the contexts say it, and so the proof fails."""


@pytest.mark.parametrize("case", sorted(ACCEPTED))
def test_what_the_data_model_allows_is_accepted(case: str) -> None:
    document = {**GOOD, **ACCEPTED[case]}
    envelope.check(document)
    assert proofs.canonical(document)


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_what_it_does_not_allow_is_refused(case: str) -> None:
    with pytest.raises(envelope.BadCredential, match=r"\(\d|needs|must be"):
        envelope.check({**GOOD, **REFUSED[case]})


@pytest.mark.parametrize("member", ["@context", "type", "issuer", "credentialSubject"])
def test_what_it_requires_must_be_there(member: str) -> None:
    with pytest.raises(envelope.BadCredential):
        envelope.check({name: value for name, value in GOOD.items() if name != member})


@pytest.mark.parametrize("case", sorted(MEANINGLESS))
def test_what_its_contexts_do_not_define_cannot_be_signed(case: str) -> None:
    document = {**GOOD, **MEANINGLESS[case]}
    options = {"type": "DataIntegrityProof", "cryptosuite": proofs.CRYPTOSUITE}
    with pytest.raises(proofs.BadProof):
        proofs.signature(document, options, Ed25519PrivateKey.generate())
