"""The test vectors of Data Integrity EdDSA Cryptosuites 1.0, appendix B.1: what is hashed and signed, step by step."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.credentials import multikey, proofs

KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
METHOD = f"did:key:{KEY}#{KEY}"
UNSIGNED: dict[str, Any] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        # The examples' context of the specification has no terms of its own: it makes them up in this namespace.
        {"@vocab": "https://www.w3.org/ns/credentials/examples#"},
    ],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
OPTIONS = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": METHOD,
    "proofPurpose": "assertionMethod",
}
DOCUMENT_HASH = "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017"
OPTIONS_HASH = "bea7b7acfbad0126b135104024a5f1733e705108f42d59668b05c0c50004c6b0"
SIGNATURE = (
    "4d8e53c2d5b3f2a7891753eb16ca993325bdb0d3cfc5be1093d0a18426f5ef85"
    "78cadc0fd4b5f4dd0d1ce0aefd15ab120b7a894d0eb094ffda4e6553cd1ed50d"
)
VALUE = "z2YwC8z3ap7yx1nZYCg4L3j3ApHsF8kgPdSb5xoS1VR7vPG3F561B52hYnQF9iseabecm3ijx4K1FBTQsCZahKZme"
CONTROLLER: dict[str, Any] = {
    "id": f"did:key:{KEY}",
    "verificationMethod": [
        {"id": METHOD, "type": "Multikey", "controller": f"did:key:{KEY}", "publicKeyMultibase": KEY}
    ],
    "assertionMethod": [METHOD],
}
SIGNED = {**UNSIGNED, "proof": {**OPTIONS, "proofValue": VALUE}}


def test_the_canonical_documents_have_the_published_hashes() -> None:
    assert hashlib.sha256(proofs.canonical(UNSIGNED)).hexdigest() == DOCUMENT_HASH
    assert proofs.hash_data(UNSIGNED, OPTIONS).hex() == OPTIONS_HASH + DOCUMENT_HASH


def test_the_published_key_gives_the_published_signature() -> None:
    # The secret is an Ed25519 seed behind the prefix of private Multikeys, 0x8026.
    content = multikey.from_base58(SECRET)
    assert content[:2] == b"\x80\x26"
    key = Ed25519PrivateKey.from_private_bytes(content[2:])
    assert multikey.multikey(key.public_key()) == KEY
    signature = proofs.signature(UNSIGNED, OPTIONS, key)
    assert (signature.hex(), multikey.base58(signature)) == (SIGNATURE, VALUE)


def test_the_published_document_verifies() -> None:
    assert proofs.verify(SIGNED, CONTROLLER) == METHOD


CHANGES: dict[str, dict[str, Any]] = {
    "another value": {"credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "Another School"}},
    "another issuer": {"issuer": "https://vc.example/issuers/1"},
    "no proof": {"proof": None},
    "several proofs": {"proof": [SIGNED["proof"]]},
    "another suite": {"proof": {**SIGNED["proof"], "cryptosuite": "eddsa-jcs-2022"}},
    "another time": {"proof": {**SIGNED["proof"], "created": "2023-02-24T23:36:39Z"}},
    "another purpose": {"proof": {**SIGNED["proof"], "proofPurpose": "authentication"}},
    "another signature": {"proof": {**SIGNED["proof"], "proofValue": VALUE[:-1] + "f"}},
    "no signature": {"proof": {**SIGNED["proof"], "proofValue": "z"}},
    "no multibase": {"proof": {**SIGNED["proof"], "proofValue": "0OIl"}},
    "a member that is no statement": {"_:unsigned": "yes"},
    "a context of a stranger": {"@context": ["https://evil.example/context"]},
}


@pytest.mark.parametrize("case", sorted(CHANGES))
def test_a_changed_document_does_not(case: str) -> None:
    with pytest.raises(proofs.BadProof):
        proofs.verify({**SIGNED, **CHANGES[case]}, CONTROLLER)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "did:key:other"},
        {"assertionMethod": []},
        {"verificationMethod": []},
        {"verificationMethod": [{**CONTROLLER["verificationMethod"][0], "controller": "urn:other"}]},
        {"verificationMethod": [{**CONTROLLER["verificationMethod"][0], "publicKeyMultibase": "z6Mk"}]},
    ],
)
def test_a_key_that_the_controller_does_not_let_assert_proves_nothing(change: dict[str, Any]) -> None:
    with pytest.raises(proofs.BadProof):
        proofs.verify(SIGNED, {**CONTROLLER, **change})


def test_the_second_published_example_has_the_published_signature() -> None:
    """The employment document of the same specification: its context is not carried here, its hashes are."""
    document = bytes.fromhex("03f59e5b04ab575b1172cb684f22eede72f0e9033e0b5c67d0e2506768d6ce11")
    published = "zeuuS9pi2ZR8Q41bFFJKS9weSWkwa7pRcxHTHzxjDEHtVSZp3D9Rm3JdzT82EQpmXMb9wvfFJLuDPeSXZaRX1q1c"
    key = Ed25519PrivateKey.from_private_bytes(multikey.from_base58(SECRET)[2:])
    assert multikey.base58(key.sign(bytes.fromhex(OPTIONS_HASH) + document)) == published
