"""Grants, records and receipts as credentials: who gets which, and that they verify without the host."""

import io
import json
import zipfile
from typing import Any

import pytest
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse
from pyshacl import validate
from rdflib import RDF, Graph, URIRef

from consent.client import offline
from consent.credentials import envelope, proofs, status
from consent.credentials.keys import AssertionKeys
from consent.main import ASSERTION_KEYS
from consent.states import Suspension
from pods.storage.base import Pod
from tests.consent_host import PROGRAMME, ROWS, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN, Person
from vocab import documents, jsonld

CREDENTIAL = URIRef("https://www.w3.org/2018/credentials#VerifiableCredential")
PURPOSES = {purpose.value for purpose in status.StatusPurpose}


def grantee(host: Town, organisation: Organisation) -> Person:
    return Person(host.core, host.http, organisation.webid, "http://localhost:8081/client.jsonld")


async def granted(host: Town) -> tuple[Organisation, str]:
    """Let anna give rows to a cooperative; return it with the path of the credential."""
    coop = await host.organisation("coop")
    given = await host.give("anna", await coop.service.publish(declaration([ROWS])))
    return coop, f"/.consent/credentials/{given.id}"


async def public(host: Town, path: str) -> dict[str, Any]:
    answer = await host.http.get(ORIGIN + path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def lists_of(host: Town, credential: dict[str, Any]) -> dict[str, Any]:
    """Get the lists that a credential names, as a verifier would."""
    iris = [entry["statusListCredential"] for entry in credential["credentialStatus"]]
    return {iri: await public(host, iri.removeprefix(ORIGIN)) for iri in iris}


async def standing(host: Town, credential: dict[str, Any]) -> bool:
    """Say what a verifier finds with lists of this moment."""
    issuer, lists = await public(host, "/.consent/issuer"), await lists_of(host, credential)
    try:
        offline.check_grant(credential, issuer, lists, host.clock())
    except offline.NotVerified:
        return False
    return True


def pod_of(host: Town, name: str) -> Pod:
    with host.core.store.reading() as tx:
        found = tx.pod(name)
    assert found is not None
    return found


async def test_the_grantee_gets_the_grant_without_a_webid(host: Town) -> None:
    coop, path = await granted(host)
    answer = await grantee(host, coop).get(path)
    credential = answer.json()
    assert answer.headers["content-type"] == "application/vc"
    assert credential["type"] == ["VerifiableCredential", "ServiceGrantCredential"]
    assert credential["credentialSubject"]["id"] == coop.webid
    assert str(host.person("anna").webid) not in answer.text
    with host.core.store.reading() as tx:
        (pairwise,) = tx.execute("SELECT pairwise FROM grant_")[0]
    assert credential["credentialSubject"]["pseudonym"] == pairwise


async def test_the_person_gets_all_of_it(host: Town) -> None:
    _, path = await granted(host)
    anna = host.person("anna")
    credential = (await anna.get(path)).json()
    assert credential["type"] == ["VerifiableCredential", "GrantCredential"]
    assert credential["credentialSubject"]["person"] == anna.webid
    assert {entry["statusPurpose"] for entry in credential["credentialStatus"]} == PURPOSES


async def test_nobody_else_learns_that_there_is_a_grant(host: Town) -> None:
    coop, path = await granted(host)
    other = await host.organisation("shop")
    for who in (host.person("bob"), grantee(host, other)):
        assert (await who.get(path)).status_code == 404
        assert (await who.get(path + "/record")).status_code == 404
    # The record names the person, so the grantee has no part in it.
    assert (await grantee(host, coop).get(path + "/record")).status_code == 404
    assert (await host.http.get(ORIGIN + path)).status_code == 401


async def test_a_grantee_of_aggregates_does_not_learn_that_there_is_a_grant(host: Town) -> None:
    coop = await host.organisation("coop")
    given = await host.give(
        "anna",
        await coop.service.publish(
            declaration([item("Purchase", ("orderedAt", "seller"), "aggregateOnly")], programme=PROGRAMME)
        ),
    )
    path = f"/.consent/credentials/{given.id}"
    assert (await grantee(host, coop).get(path)).status_code == 404
    assert (await host.person("anna").get(path)).status_code == 200


async def test_a_grant_in_force_verifies_without_the_host(host: Town) -> None:
    coop, path = await granted(host)
    for who in (host.person("anna"), grantee(host, coop)):
        assert await standing(host, (await who.get(path)).json())


async def test_a_withdrawal_is_in_the_list_with_its_commit(host: Town) -> None:
    coop, path = await granted(host)
    credential = (await grantee(host, coop).get(path)).json()
    await host.owner("anna").withdraw(path.rpartition("/")[2])
    assert not await standing(host, credential)
    assert (await grantee(host, coop).get(path)).status_code == 404


async def test_what_was_withdrawn_stays_revoked_when_it_is_given_again(host: Town) -> None:
    coop, path = await granted(host)
    first = (await grantee(host, coop).get(path)).json()
    await host.owner("anna").withdraw(path.rpartition("/")[2])
    await host.give("anna", await coop.service.purpose(first["credentialSubject"]["purpose"]))
    second = (await grantee(host, coop).get(path)).json()
    assert not await standing(host, first)
    assert await standing(host, second)


async def test_a_suspended_grant_is_set_in_one_list_until_it_goes_on(host: Town) -> None:
    coop, path = await granted(host)
    credential = (await grantee(host, coop).get(path)).json()
    grant_id, anna, consents = path.rpartition("/")[2], pod_of(host, "anna"), host.added.consents
    with host.core.store.writing() as tx:
        consents.suspend(tx, anna, grant_id, Suspension.RESTRICTION, host.clock())
    lists = await lists_of(host, credential)
    bits = {
        entry["statusPurpose"]: status.bit(
            status.read_list(lists[entry["statusListCredential"]], entry), int(entry["statusListIndex"])
        )
        for entry in credential["credentialStatus"]
    }
    assert bits == {"revocation": False, "suspension": True}
    with host.core.store.writing() as tx:
        consents.resume(tx, anna, grant_id, Suspension.RESTRICTION, host.clock())
    assert await standing(host, credential)


async def test_a_grant_keeps_its_place(host: Town) -> None:
    coop, path = await granted(host)
    seen = [(await who.get(path)).json() for who in 2 * (host.person("anna"), grantee(host, coop))]
    assert all(one["credentialStatus"] == seen[0]["credentialStatus"] for one in seen)


async def test_a_list_does_not_tell_how_many_grants_there_are(host: Town) -> None:
    """Before any grant has a place the list looks as it does after: live grants are zeros among zeros."""
    empty = (await public(host, "/.consent/status/0"))["credentialSubject"]["encodedList"]
    _, path = await granted(host)
    await host.person("anna").get(path)
    assert (await public(host, "/.consent/status/0"))["credentialSubject"]["encodedList"] == empty
    bits = status.decoded(empty)
    set_ = sum(byte.bit_count() for byte in bits)
    assert status.ENTRIES // 5 < set_ < status.ENTRIES * 4 // 5
    assert (await host.http.get(f"{ORIGIN}/.consent/status/2")).status_code == 404


async def test_the_place_of_a_removed_pod_stays_revoked_and_names_nothing(host: Town) -> None:
    coop, path = await granted(host)
    credential = (await grantee(host, coop).get(path)).json()
    with host.core.store.writing() as tx:
        for one in host.added.leaving:
            one.leaving(tx, pod_of(host, "anna"))
    assert not await standing(host, credential)
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT grant_id FROM status_entry") == [(None,)]


async def test_everything_that_is_attested_conforms_to_the_data_model_and_to_the_shapes(host: Town) -> None:
    coop, path = await granted(host)
    anna = host.person("anna")
    attested = [(await who.get(path)).json() for who in (anna, grantee(host, coop))]
    attested += [(await anna.get(path + kind)).json() for kind in ("/record", "/receipt")]
    attested += (await lists_of(host, attested[0])).values()
    shapes = Graph()
    for name in ("credential", "consent-record", "grant"):
        shapes.parse(data=documents.shacl(name), format="turtle")
    for one in attested:
        envelope.check(one)
        # The proof is a graph of its own, about the other.
        graph = jsonld.graph({name: one[name] for name in one if name != "proof"}, ORIGIN)
        assert (URIRef(one["id"]), RDF.type, CREDENTIAL) in graph
        conforms, _, why = validate(graph, shacl_graph=shapes)
        assert conforms, why


@pytest.mark.parametrize("kind", ["record", "receipt"])
async def test_record_and_receipt_carry_a_proof_of_the_host(host: Town, kind: str) -> None:
    _, path = await granted(host)
    credential = (await host.person("anna").get(f"{path}/{kind}")).json()
    issuer = await public(host, "/.consent/issuer")
    assert proofs.verify(credential, issuer) in issuer["assertionMethod"]
    assert credential["credentialSubject"]["type"] == f"dpv:Consent{kind.title()}"


async def test_the_receipt_says_what_the_record_in_the_pod_says(host: Town) -> None:
    """Statement by statement: nothing of the Turtle in the pod is missing, and only the envelope is added."""
    _, path = await granted(host)
    anna = host.person("anna")
    credential = (await anna.get(f"{path}/receipt")).json()
    (own,) = await host.owner("anna").grants()
    turtle = (await anna.get(own.record)).content
    envelope = {name: credential[name] for name in ("@context", "id", "type", "issuer", "validFrom")}
    inner = {**envelope, "credentialSubject": credential["credentialSubject"]}
    told = {line for line in canonical(jsonld.nquads(inner).encode()) if credential["id"] not in line}
    in_the_pod = canonical(turtle, RdfFormat.TURTLE, own.record)
    assert told == in_the_pod


def canonical(content: bytes, kind: RdfFormat = RdfFormat.N_QUADS, base: str | None = None) -> set[str]:
    found = Dataset(parse(content, kind, base_iri=base))
    found.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in found}


async def test_who_refused_has_a_record_and_no_receipt(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.owner("anna").refuse(purpose.iri)
    (own,) = await host.owner("anna").grants()
    anna, path = host.person("anna"), f"/.consent/credentials/{own.id}"
    assert (await anna.get(path + "/record")).status_code == 200
    assert (await anna.get(path + "/receipt")).status_code == 404
    assert (await anna.get(path)).status_code == 404


async def test_what_an_old_key_signed_verifies_after_a_rotation(host: Town) -> None:
    _, path = await granted(host)
    anna = host.person("anna")
    before = (await anna.get(path + "/receipt")).json()
    AssertionKeys.rotate(host.core.settings.data / ASSERTION_KEYS, at=host.clock())
    assert (await anna.get(path + "/receipt")).json()["proof"]["verificationMethod"] == (
        before["proof"]["verificationMethod"]
    )
    host.clock.advance(601)
    after = (await anna.get(path + "/receipt")).json()
    issuer = await public(host, "/.consent/issuer")
    methods = [proofs.verify(one, issuer) for one in (after, before)]
    assert methods == issuer["assertionMethod"]


async def test_what_a_stolen_key_signed_is_void(host: Town) -> None:
    _, path = await granted(host)
    before = (await host.person("anna").get(path + "/receipt")).json()
    AssertionKeys.rotate(host.core.settings.data / ASSERTION_KEYS, at=host.clock(), compromised=True)
    with pytest.raises(proofs.BadProof):
        proofs.verify(before, await public(host, "/.consent/issuer"))


async def test_attack_33_a_frozen_list_proves_nothing(host: Town) -> None:
    """Attack 33, a list that is kept back: past its age the verifier fails closed, whatever the list says."""
    coop, path = await granted(host)
    credential = (await grantee(host, coop).get(path)).json()
    issuer, lists = await public(host, "/.consent/issuer"), await lists_of(host, credential)
    await host.owner("anna").withdraw(path.rpartition("/")[2])
    at = host.clock()
    offline.check_grant(credential, issuer, lists, at + status.TTL_SECONDS)
    for late in (status.TTL_SECONDS + 1, status.LIST_SECONDS + 1):
        with pytest.raises(offline.NotVerified):
            offline.check_grant(credential, issuer, lists, at + late, max_age=1e9)


async def test_attack_33_what_a_verifier_lacks_or_cannot_read_fails(host: Town) -> None:
    coop, path = await granted(host)
    credential = (await grantee(host, coop).get(path)).json()
    issuer, lists = await public(host, "/.consent/issuer"), await lists_of(host, credential)
    first, second = lists
    wrong: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "no list": (credential, {}),
        "one list": (credential, {first: lists[first]}),
        "lists exchanged": (credential, {first: lists[second], second: lists[first]}),
        "list without proof": (credential, {**lists, first: {**lists[first], "proof": None}}),
        "list made longer": (
            credential,
            {**lists, first: {**lists[first], "validUntil": "2099-01-01T00:00:00Z"}},
        ),
        "no status": ({**credential, "credentialStatus": []}, lists),
        "one status": ({**credential, "credentialStatus": credential["credentialStatus"][:1]}, lists),
        "other end": ({**credential, "validUntil": "2099-01-01T00:00:00Z"}, lists),
    }
    for shown, known in wrong.values():
        with pytest.raises(offline.NotVerified):
            offline.check_grant(shown, issuer, known, host.clock())
    with pytest.raises(offline.NotVerified):
        offline.check_grant(credential, issuer, lists, host.clock() + 91 * 86_400)


async def test_records_and_receipts_leave_with_their_proofs(host: Town) -> None:
    """The archive of a pod proves its consents where this host is not there any more."""
    coop, path = await granted(host)
    refused = await coop.service.publish(declaration([ROWS], identifier="other"))
    await host.owner("anna").refuse(refused.iri)
    archive = zipfile.ZipFile(io.BytesIO(await host.owner("anna").export()))
    attested = json.loads(archive.read("attestati.json"))
    kinds = sorted(one["type"][1] for one in attested["credentials"])
    assert kinds == ["ConsentReceiptCredential", *["ConsentRecordCredential"] * 2]
    for one in attested["credentials"]:
        envelope.check(one)
        assert proofs.verify(one, attested["issuer"]) in attested["issuer"]["assertionMethod"]
    told = {one["credentialSubject"]["id"].partition("#")[0] for one in attested["credentials"]}
    assert {name.removeprefix(f"{ORIGIN}/anna/") for name in told} == {
        name.removeprefix("pod/")
        for name in archive.namelist()
        if name.startswith("pod/consents/") and name.endswith(".ttl")
    }
    assert attested["issuer"] == await public(host, "/.consent/issuer")
    assert path.rpartition("/")[2] in archive.read("attestati.json").decode()
