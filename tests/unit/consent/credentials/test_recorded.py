"""Records and receipts as credentials: what is signed without reading it again is what anybody reads in the document."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyoxigraph import Dataset, Quad

from consent import records
from consent.credentials import multikey, proofs, recorded
from consent.credentials.keys import Signer
from consent.records import Earlier, Event
from consent.states import TRANSITIONS, GrantEvent, GrantState
from tests.unit.consent.test_records import ANNA, CONTROLLER, DOCUMENT, GRANT, ITEMS, ORIGIN, PURPOSE, START

ISSUER = f"{ORIGIN}/.consent/issuer"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
METHOD = f"{ISSUER}#{multikey.multikey(KEY.public_key())}"
SIGNER = Signer(ISSUER, METHOD, KEY)
PUBLISHED = {
    "id": ISSUER,
    "assertionMethod": [METHOD],
    "verificationMethod": [
        {
            "id": METHOD,
            "type": "Multikey",
            "controller": ISSUER,
            "publicKeyMultibase": METHOD.partition("#")[2],
        }
    ],
}
EARLIER = Earlier(DOCUMENT.replace("1.ttl", "1-1.ttl"), "sha256-" + "c" * 64)


def told(kind: str, events: list[Event], earlier: Earlier | None = None) -> recorded.Told:
    statements = records.statements(
        *(DOCUMENT, GRANT, PURPOSE, CONTROLLER, events), control=GRANT.iri, earlier=earlier, agreed=events[0]
    )
    iri = f"{ORIGIN}/.consent/credentials/{GRANT.id}/{kind}"
    return recorded.credential(iri, kind, DOCUMENT, statements, ISSUER, START)


@pytest.mark.parametrize("kind", [recorded.RECORD, recorded.RECEIPT])
@pytest.mark.parametrize("earlier", [None, EARLIER], ids=["all of it", "with chapters"])
@pytest.mark.parametrize("language", ["", "it", "en"])
def test_what_is_signed_is_what_is_read_in_every_state(
    kind: str, earlier: Earlier | None, language: str
) -> None:
    events = [Event(GrantState.GIVEN, START, START + 1e6, ITEMS, ANNA, GrantEvent.GIVE, language)]
    events += [
        Event(state, START + number, START + 1e6, ITEMS[:1], "", event)
        for number, ((_, event), state) in enumerate(sorted(TRANSITIONS.items()), start=1)
    ]
    found = told(kind, events, earlier)
    signed = Dataset(Quad(*triple) for triple in found.statements)
    assert proofs.in_order(signed) == proofs.canonical(found.document)
    proved = proofs.secured_as_told(found.document, found.statements, SIGNER, START)
    assert proved == proofs.secured(found.document, SIGNER, START)
    assert proofs.verify(proved, PUBLISHED) == METHOD


def test_statements_that_the_document_does_not_make_prove_nothing() -> None:
    found = told(recorded.RECORD, [Event(GrantState.GIVEN, START, START + 1e6, ITEMS)])
    proved = proofs.secured_as_told(found.document, found.statements[1:], SIGNER, START)
    with pytest.raises(proofs.BadProof):
        proofs.verify(proved, PUBLISHED)
