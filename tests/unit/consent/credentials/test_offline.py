"""What a verifier without the host refuses although the host's own key signed it: each check stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.client import offline
from consent.credentials import multikey, proofs, status
from consent.wire import timestamp

NOW = 1_772_366_400.0
HOST = "https://pods.example"
ISSUER = HOST + "/.consent/issuer"
KEY = Ed25519PrivateKey.generate()
METHOD = f"{ISSUER}#key"
CONTROLLER: dict[str, Any] = {
    "id": ISSUER,
    "verificationMethod": [
        {
            "id": METHOD,
            "type": "Multikey",
            "controller": ISSUER,
            "publicKeyMultibase": multikey.multikey(KEY.public_key()),
        }
    ],
    "assertionMethod": [METHOD],
}
OPTIONS = {
    "type": "DataIntegrityProof",
    "cryptosuite": proofs.CRYPTOSUITE,
    "created": timestamp(NOW),
    "verificationMethod": METHOD,
    "proofPurpose": "assertionMethod",
}
PLACE = 77
GRANT: dict[str, Any] = {
    "@context": [status.VC_CONTEXT],
    "type": ["VerifiableCredential"],
    "issuer": ISSUER,
    "validFrom": timestamp(NOW - 3_600),
    "validUntil": timestamp(NOW + 3_600),
    "credentialSubject": {"id": "urn:grant:1", "name": "A grant"},
    "credentialStatus": status.entries(HOST, 0, PLACE),
}


def signed(document: Mapping[str, Any], **options: str) -> dict[str, Any]:
    """Return a document with a proof that verifies, whatever its options say."""
    told = {**OPTIONS, **options}
    plain = {name: value for name, value in document.items() if value is not None}
    return {
        **plain,
        "proof": {**told, "proofValue": multikey.base58(proofs.signature(plain, told, KEY))},
    }


def listed(number: int, bits: bytes = bytes(status.ENTRIES // 8), **subject: Any) -> dict[str, Any]:
    """Return a list of this moment."""
    plain = status.list_credential(HOST, ISSUER, number, bits, NOW)
    told = {**plain["credentialSubject"], **subject}
    return {**plain, "credentialSubject": {name: value for name, value in told.items() if value is not None}}


def check(
    grant: dict[str, Any], *lists: dict[str, Any], at: float = NOW, max_age: float = offline.MOST_AGE
) -> Mapping[str, Any]:
    known = {one["id"]: one for one in lists or (signed(listed(0)), signed(listed(1)))}
    return offline.check_grant(grant, CONTROLLER, known, at, max_age=max_age)


def test_a_grant_stands_that_is_as_it_should_be() -> None:
    assert check(signed(GRANT)) == GRANT["credentialSubject"]
    assert check(signed(GRANT, expires=timestamp(NOW + 1))) == GRANT["credentialSubject"]


@pytest.mark.parametrize(
    "change",
    [
        {"validFrom": timestamp(NOW + 30), "validUntil": timestamp(NOW + 10)},
        {"issuer": HOST + "/other"},
        {"validFrom": timestamp(NOW + 3_000)},
        {"validUntil": timestamp(NOW)},
        {"validFrom": None},
        {"validUntil": None},
        {"credentialStatus": GRANT["credentialStatus"][:1]},
        {"credentialStatus": GRANT["credentialStatus"][1:]},
        {"credentialStatus": None},
    ],
    ids=str,
)
def test_a_grant_with_one_thing_wrong_does_not_although_it_was_signed_so(change: dict[str, Any]) -> None:
    with pytest.raises(offline.NotVerified):
        check(signed({**GRANT, **change}))


@pytest.mark.parametrize(
    "options",
    [
        {"expires": timestamp(NOW)},
        {"proofPurpose": "authentication"},
        {"cryptosuite": "eddsa-jcs-2022"},
        {"type": "Ed25519Signature2020"},
    ],
    ids=str,
)
def test_a_proof_for_something_else_or_past_its_end_proves_nothing(options: dict[str, str]) -> None:
    with pytest.raises(offline.NotVerified):
        check(signed(GRANT, **options))


def test_another_controller_cannot_claim_the_key_as_its_own() -> None:
    other = HOST + "/other"
    claimed = {**CONTROLLER["verificationMethod"][0], "controller": other}
    with pytest.raises(proofs.BadProof):
        proofs.verify(signed(GRANT), {**CONTROLLER, "id": other, "verificationMethod": [claimed]})


def test_a_list_counts_as_long_as_it_says_and_no_longer() -> None:
    """Attack 33: nobody gets more than the list allows, and a list that says nothing allows nothing."""
    for ttl, lasts in ((60_000, 60), (10_000_000, status.TTL_SECONDS)):
        lists = [signed(listed(number, ttl=ttl)) for number in (0, 1)]
        assert check(signed(GRANT), *lists, at=NOW + lasts)
        with pytest.raises(offline.NotVerified):
            check(signed(GRANT), *lists, at=NOW + lasts + 1)
    for nothing in (None, -1, "300000"):
        lists = [signed(listed(number, ttl=nothing)) for number in (0, 1)]
        with pytest.raises(offline.NotVerified):
            check(signed(GRANT), *lists, at=NOW + 1)


@pytest.mark.parametrize("number", [0, 1])
def test_a_bit_that_is_set_in_either_list_ends_the_grant(number: int) -> None:
    lists = [signed(listed(0)), signed(listed(1))]
    lists[number] = signed(listed(number, status.with_bits(bytes(status.ENTRIES // 8), [PLACE])))
    with pytest.raises(offline.NotVerified, match="bit"):
        check(signed(GRANT), *lists)
