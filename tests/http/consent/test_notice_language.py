"""The language in which a notice was read before somebody decided: in the record, where it was told (ISO/IEC TS 27560)."""

import pytest
from pyshacl import validate
from rdflib import Graph, Literal, URIRef

from pods.client import SolidError
from tests.consent_host import ROWS, Town, declaration
from vocab import documents
from vocab.terms import DCT, DPV


async def told(host: Town, record: str) -> Graph:
    return Graph().parse(data=(await host.person("anna").get(record)).text, publicID=record)


async def test_the_record_keeps_the_language_in_which_the_notice_was_read(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    end, anna, record = float(int(host.clock() + 86_400)), host.owner("anna"), ""
    for language in ("it", "en", ""):
        host.clock.advance(60)
        given = await anna.answer(purpose.iri, purpose.items, end, language=language)
        assert given is not None
        end, record = end + 60, given.record
    graph = await told(host, record)
    read = []
    for status in sorted(
        graph.objects(URIRef(record + "#record"), DPV.hasConsentStatus),
        key=lambda status: str(graph.value(status, DPV.isIndicatedAtTime)),
    ):
        notice = graph.value(status, DPV.hasNotice)
        read.append((graph.value(notice, DCT.source), graph.value(notice, DCT.language)) if notice else None)
    # Who does not say in which language it was read, leaves it open.
    assert read == [
        (URIRef(purpose.iri), Literal("it")),
        (URIRef(purpose.iri), Literal("en")),
        None,
    ]
    shapes = Graph().parse(data=documents.shacl("consent-record"), format="turtle")
    shapes.parse(data=documents.shacl("grant"), format="turtle")
    conforms, _, why = validate(graph, shacl_graph=shapes)
    assert conforms, why


async def test_a_language_in_which_the_notice_is_not_there_was_not_read(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    end = float(int(host.clock() + 86_400))
    with pytest.raises(SolidError) as refused:
        await host.owner("anna").answer(purpose.iri, purpose.items, end, language="de")
    assert refused.value.status == 422
    assert await host.owner("anna").grants() == []


async def test_it_goes_with_the_pod(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.owner("anna").answer(
        purpose.iri, purpose.items, float(int(host.clock() + 86_400)), language="it"
    )
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        for one in host.added.leaving:
            one.leaving(tx, pod)
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM notice_shown")[0][0] == 0
