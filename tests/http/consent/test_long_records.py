"""A record of a consent that was given and withdrawn over and over: what it costs, what it tells, and that it proves it."""

from __future__ import annotations

import hashlib

from pyshacl import validate
from rdflib import Graph, Literal, URIRef

from consent import chapters, history, records, registry_sql
from consent.chapters import CHAPTER
from consent.credentials import envelope, proofs
from consent.grants_sql import Grants
from consent.model import DAY, PurposeDeclaration, Suspension
from consent.registry_sql import Purposes
from pods.model import Agent, Path
from tests.consent_host import ROWS, Town, declaration
from tests.pod_host import ORIGIN
from vocab import documents, jsonld
from vocab.terms import DPV, NS, ODRL

EARLIER, DIGEST, STATUS = URIRef(NS + "earlierStatuses"), URIRef(NS + "digest"), DPV.hasConsentStatus


async def asked(host: Town) -> PurposeDeclaration:
    coop = await host.organisation("coop")
    return await coop.service.publish(declaration([ROWS]))


def changed(host: Town, purpose: PurposeDeclaration, times: int) -> Path:
    """Let anna give and withdraw in turns, once a minute; return where the record is."""
    consents, path, grants = host.added.consents, Path(""), Grants(ORIGIN)
    for turn in range(times):
        host.clock.advance(60)
        with host.core.store.writing() as tx:
            pod, at = tx.pod("anna"), host.clock()
            assert pod is not None
            agent = Agent(pod.owner)
            grant = grants.by_purpose(tx, pod.key, purpose.iri)
            if turn % 2 == 0:
                end = float(int(at + 30 * DAY))
                grant, _ = consents.give(tx, pod, agent, purpose.iri, purpose.items, end, at, language="it")
            else:
                assert grant is not None
                consents.withdraw(tx, pod, agent, grant.id, at)
            path = Path(records.record_path(pod.root, grant.id))
    return path


def size(host: Town, path: Path) -> int:
    with host.core.store.reading() as tx:
        stored = tx.get(path)
        assert stored is not None
        return stored.size


async def whole(host: Town, record: str) -> tuple[list[Graph], list[Literal]]:
    """Follow a record to its beginning, check each digest, and return the documents and all times of the statuses."""
    anna, shapes = host.person("anna"), Graph()
    for name in ("consent-record", "grant"):
        shapes.parse(data=documents.shacl(name), format="turtle")
    graphs: list[Graph] = []
    about, place, expected = URIRef(record + "#record"), record, None
    while place:
        content = (await anna.get(place)).content
        found = "sha256-" + hashlib.sha256(content).hexdigest()
        assert expected in (None, Literal(found))
        graph = Graph().parse(data=content, format="turtle", publicID=place)
        conforms, _, why = validate(graph, shacl_graph=shapes)
        assert conforms, why
        before = graph.value(URIRef(place) if graphs else about, EARLIER)
        graphs.append(graph)
        place, expected = str(before or ""), graph.value(before, DIGEST)
    times = [
        graph.value(status, DPV.isIndicatedAtTime)
        for graph in graphs
        for status in graph.objects(about, STATUS)
    ]
    return graphs, sorted(times)  # type: ignore[arg-type]  # moments all


async def test_the_hundredth_decision_writes_no_more_than_the_tenth(host: Town) -> None:
    purpose = await asked(host)
    path = changed(host, purpose, CHAPTER + 2)
    early = size(host, path)
    changed(host, purpose, 5 * CHAPTER)
    assert abs(size(host, path) - early) < 10  # the number of a chapter has digits
    with host.core.store.reading() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        grant_id = path.rpartition("/")[2].removesuffix(".ttl")
        assert history.count(tx, grant_id) == 6 * CHAPTER + 2
        told = chapters.still_open(tx, ORIGIN, pod, grant_id)
        assert (told.number, len(told.events)) == (6, 2)


async def test_all_that_happened_is_told_and_bound_to_the_record_by_digests(host: Town) -> None:
    purpose = await asked(host)
    path = changed(host, purpose, 2 * CHAPTER + 3)
    graphs, times = await whole(host, ORIGIN + path)
    assert [len(set(graph.subjects(DPV.isIndicatedAtTime))) for graph in graphs] == [3, CHAPTER, CHAPTER]
    assert len(set(times)) == 2 * CHAPTER + 3
    # A chapter that is closed is never written again.
    with host.core.store.reading() as tx:
        closed = tx.get(Path(path.removesuffix(".ttl") + "-1.ttl"))
    changed(host, purpose, CHAPTER)
    with host.core.store.reading() as tx:
        assert tx.get(Path(path.removesuffix(".ttl") + "-1.ttl")) == closed


async def test_the_proof_of_a_long_record_covers_its_beginning(host: Town) -> None:
    purpose = await asked(host)
    path = changed(host, purpose, CHAPTER + 1)
    grant_id = path.rpartition("/")[2].removesuffix(".ttl")
    anna, issuer = host.person("anna"), (await host.http.get(f"{ORIGIN}/.consent/issuer")).json()
    closed = (await anna.get(path.removesuffix(".ttl") + "-1.ttl")).content
    digest = Literal("sha256-" + hashlib.sha256(closed).hexdigest())
    for kind in ("record", "receipt"):
        attested = (await anna.get(f"/.consent/credentials/{grant_id}/{kind}")).json()
        envelope.check(attested)
        proofs.verify(attested, issuer)
        unsigned = {name: value for name, value in attested.items() if name != "proof"}
        graph = jsonld.graph(unsigned, ORIGIN)
        place = graph.value(URIRef(ORIGIN + path + "#record"), EARLIER)
        assert graph.value(place, DIGEST) == digest


async def test_a_consent_that_rests_again_and_again_keeps_its_agreement_and_receipt(host: Town) -> None:
    purpose = await asked(host)
    path = changed(host, purpose, 1)
    grant_id = path.rpartition("/")[2].removesuffix(".ttl")
    for turn in range(CHAPTER + 1):
        host.clock.advance(60)
        with host.core.store.writing() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            step = host.added.consents.resume if turn % 2 else host.added.consents.suspend
            step(tx, pod, grant_id, Suspension.RESTRICTION, host.clock())
    graphs, _ = await whole(host, ORIGIN + path)
    about = URIRef(ORIGIN + path + "#agreement")
    assert (about, ODRL.assignee, None) in graphs[0]
    assert (URIRef(ORIGIN + path + "#receipt"), None, about) in graphs[0]


async def test_a_record_from_before_there_were_chapters_gets_them_with_the_next_decision(host: Town) -> None:
    purpose = await asked(host)
    path = changed(host, purpose, 2 * CHAPTER + 2)
    anna, grant_id = host.person("anna"), path.rpartition("/")[2].removesuffix(".ttl")
    with host.core.store.writing() as tx:
        pod, at = tx.pod("anna"), host.clock()
        assert pod is not None
        grant = Grants(ORIGIN).by_id(tx, grant_id)
        controller = registry_sql.controller(tx, purpose.controller)
        known = Purposes(ORIGIN).by_iri(tx, purpose.iri)
        assert grant is not None
        assert controller is not None
        assert known is not None
        for number in (1, 2):
            tx.delete(Path(path.removesuffix(".ttl") + f"-{number}.ttl"), at)
        all_of_it = history.events(tx, grant_id)
        content = records.turtle(ORIGIN + path, grant, known, controller, all_of_it, control=grant.iri)
        tx.write(path, records.MEDIA_TYPE, content, at)
    graphs, times = await whole(host, ORIGIN + path)
    assert (len(graphs), len(times)) == (1, 2 * CHAPTER + 2)
    attested = (await anna.get(f"/.consent/credentials/{grant_id}/record")).json()
    assert len(attested["credentialSubject"]["dpv:hasConsentStatus"]) == 2 * CHAPTER + 2
    changed(host, purpose, 1)
    graphs, times = await whole(host, ORIGIN + path)
    assert (len(graphs), len(times)) == (3, 2 * CHAPTER + 3)
