"""Digital Bazaar's libraries from npm check what a running host attests; what they sign verifies here."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
import pytest_asyncio

from consent.credentials import proofs
from tests.interop.attested import Consenting, consenting
from tests.interop.stage import told_by
from vocab.terms import CONTEXTS


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def host(packages: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Consenting]:
    async with consenting(tmp_path_factory.mktemp("digitalbazaar")) as found:
        yield found


pytestmark = pytest.mark.asyncio(loop_scope="module")


MOST = 100_000  # letters for one run; an argument of a program may have 131,072
CHANGES = 9  # bytes changed in each document, spread over the whole of it


def checked(host: Consenting, documents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the library finds about each document."""
    found: list[dict[str, Any]] = []
    batch: list[Mapping[str, Any]] = []
    for number, document in enumerate(documents, 1):
        batch.append(document)
        if number == len(documents) or len(json.dumps([*batch, documents[number]])) > MOST:
            told = told_by("credentials.mjs", origin=host.origin, contexts=CONTEXTS, check=batch)
            found, batch = [*found, *told["checked"]], []
    return found


def with_one_byte_changed(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return copies of a document that differ in one letter or digit each, and are still JSON."""
    text = json.dumps(document)
    places = [place for place, letter in enumerate(text) if letter.isalnum()]
    changed = []
    for place in places[:: len(places) // CHANGES]:
        other = "a" if text[place] != "a" else "b"
        other = other if not text[place].isdecimal() else str((int(text[place]) + 1) % 10)
        changed.append(json.loads(text[:place] + other + text[place + 1 :]))
    return changed


async def test_it_accepts_everything_that_the_host_attests(host: Consenting) -> None:
    attested = await host.attested()
    for what, found in zip(attested, checked(host, list(attested.values())), strict=True):
        assert found["verified"], (what, found["errors"])
        wanted = [["revocation", False], ["suspension", False]] if what.startswith("grant") else []
        assert found["statuses"] == wanted, what


async def test_it_refuses_each_of_them_with_one_byte_changed(host: Consenting) -> None:
    issuer = (await host.person.request("GET", f"{host.origin}/.consent/issuer")).json()
    for what, document in (await host.attested()).items():
        copies = with_one_byte_changed(document)
        assert len(copies) >= CHANGES
        for copy, found in zip(copies, checked(host, copies), strict=True):
            assert not found["verified"], (what, copy)
            with pytest.raises(proofs.BadProof):
                proofs.verify(copy, issuer)


SIGNED = {
    "@context": ["https://www.w3.org/ns/credentials/v2", CONTEXTS + "grant"],
    "id": "https://issuer.example/credentials/1",
    "type": ["VerifiableCredential", "GrantCredential"],
    "issuer": "https://issuer.example/keys",
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": "https://coop.example/#it", "purpose": "https://coop.example/purposes/1"},
}


async def test_what_it_signs_verifies_here(host: Consenting) -> None:
    told = told_by("credentials.mjs", origin=host.origin, contexts=CONTEXTS, sign=SIGNED)
    signed, controller = told["signed"], told["controller"]
    assert proofs.verify(signed, controller) == controller["assertionMethod"][0]
    for copy in with_one_byte_changed(signed):
        with pytest.raises(proofs.BadProof):
            proofs.verify(copy, controller)


async def test_it_reads_the_withdrawal_from_the_list(host: Consenting) -> None:
    """The last of these tests: afterwards there is no consent any more."""
    grant = (await host.attested())["grant of the service"]
    await host.owner.withdraw(host.grant.id)
    (found,) = checked(host, [grant])
    assert found["statuses"] == [["revocation", True], ["suspension", False]]
