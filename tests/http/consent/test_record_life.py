"""The record in the pod and its credential through the life of a consent: each one conforms to the published shapes."""

from pyshacl import validate
from rdflib import RDF, Graph, URIRef

from consent.credentials import envelope, proofs
from consent.model import DAY, Revoker, Suspension
from pods.model import Agent
from tests.consent_host import ROWS, Town, declaration, item
from tests.pod_host import ORIGIN
from vocab import documents, jsonld
from vocab.terms import DPV

LESS = item("Purchase", ("orderedAt", "total"), "rows")


async def told(host: Town) -> dict[int, list[str]]:
    """Check every record of anna's and what the host attests of it; return the statuses by version."""
    shapes = Graph()
    for name in ("consent-record", "grant", "credential"):
        shapes.parse(data=documents.shacl(name), format="turtle")
    anna, issuer = host.person("anna"), (await host.http.get(f"{ORIGIN}/.consent/issuer")).json()
    statuses: dict[int, list[str]] = {}
    for own in await host.owner("anna").grants():
        turtle = Graph().parse(data=(await anna.get(own.record)).text, publicID=own.record)
        attested = (await anna.get(f"/.consent/credentials/{own.id}/record")).json()
        envelope.check(attested)
        proofs.verify(attested, issuer)
        unsigned = {name: value for name, value in attested.items() if name != "proof"}
        for graph in (turtle, jsonld.graph(unsigned, ORIGIN)):
            conforms, _, why = validate(graph, shacl_graph=shapes)
            assert conforms, why
        record = URIRef(own.record + "#record")
        found = sorted(
            (str(turtle.value(status, DPV.isIndicatedAtTime)), str(kind).rpartition("#")[2])
            for status in turtle.objects(record, DPV.hasConsentStatus)
            for kind in turtle.objects(status, RDF.type)
            if kind != DPV.ExplicitlyExpressedConsent
        )
        statuses[own.purpose.version] = [kind for _, kind in found]
    return statuses


async def test_every_record_on_the_way_conforms_and_adds_one_status(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    anna, consents = host.owner("anna"), host.added.consents
    given = await anna.answer(purpose.iri, purpose.items, float(int(host.clock() + 90 * DAY)), language="it")
    assert given is not None
    expected = ["ConsentGiven"]
    assert await told(host) == {1: expected}

    operator = Agent(None, None)
    for event, status in (
        ("suspend", "ConsentInvalidated"),
        ("resume", "ConsentGiven"),
        ("withdraw", "ConsentWithdrawn"),
        ("give", "ConsentGiven"),
        ("revoke", "ConsentRevoked"),
    ):
        host.clock.advance(60)
        if event == "withdraw":
            await anna.withdraw(given.id)
        elif event == "give":
            await anna.give(purpose.iri, purpose.items, float(int(host.clock() + 30 * DAY)))
        else:
            with host.core.store.writing() as tx:
                at, pod = host.clock(), tx.pod("anna")
                assert pod is not None
                if event == "revoke":
                    by = Revoker.CONTROLLER
                    consents.revoke(tx, pod, given.id, at, by=by, agent=operator, reason="closed")
                else:
                    step = consents.suspend if event == "suspend" else consents.resume
                    step(tx, pod, given.id, Suspension.RESTRICTION, at)
        expected.append(status)
        assert await told(host) == {1: expected}


async def test_a_refusal_a_consent_that_ran_out_and_one_that_was_carried_over_conform(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await coop.service.invite(purpose.iri)
    host.clock.advance(60)
    await host.owner("anna").defer(purpose.iri)
    host.clock.advance(60)
    await host.owner("anna").refuse(purpose.iri)
    assert await told(host) == {1: ["ConsentRequested", "ConsentRequestDeferred", "ConsentRefused"]}
    host.clock.advance(60)
    await host.give("anna", purpose, days=1)
    host.clock.advance(2 * DAY)
    await host.give("anna", purpose)
    assert (await told(host))[1][3:] == ["ConsentGiven", "ConsentExpired", "ConsentGiven"]
    host.clock.advance(60)
    await coop.service.publish(declaration([LESS], version=2, material_change="carry_over"))
    after = await told(host)
    assert after[1][-1] == "ConsentInvalidated"
    assert after[2] == ["ConsentGiven"]
