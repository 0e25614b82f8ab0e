"""The public register: JSON for programs, JSON-LD for linked data, pages for people."""

import pytest
from rdflib import RDF, Graph, Literal, Namespace, URIRef

from consent import controllers
from tests.consent_host import ROWS, Town, declaration
from tests.pod_host import ORIGIN
from vocab import jsonld
from vocab.terms import DCT, PROV

DPV = Namespace("https://w3id.org/dpv#")
SECURITY = Namespace("https://w3id.org/security#")


@pytest.mark.parametrize(("language", "words"), [("it", "Chi lo chiede"), ("en", "Who asks")])
async def test_a_purpose_is_a_page_in_the_readers_language(host: Town, language: str, words: str) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    answer = await host.http.get(purpose.iri, headers={"accept": "text/html", "accept-language": language})
    assert answer.status_code == 200
    assert words in answer.text
    assert purpose.title[language] in answer.text
    assert "dpo@coop.example" in answer.text


async def test_the_list_shows_the_newest_version_of_each_purpose(host: Town) -> None:
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS]))
    second = await coop.service.publish(declaration([ROWS], version=2))
    page = (await host.http.get(ORIGIN + "/.consent/purposes", headers={"accept": "text/html"})).text
    assert second.iri in page
    assert first.iri not in page
    listed = (await host.http.get(ORIGIN + "/.consent/purposes")).json()
    assert [entry["iri"] for entry in listed] == [second.iri, first.iri]


async def test_a_purpose_is_linked_data_in_dpv(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    answer = await host.http.get(purpose.iri, headers={"accept": "application/ld+json"})
    graph: Graph = jsonld.graph(answer.json(), purpose.iri)
    assert (None, None, DPV.Process) in graph
    assert [str(one) for one in graph.objects(None, DPV.hasDataController)] == [coop.webid]


async def test_a_purpose_that_is_not_there_is_a_problem_document(host: Town) -> None:
    answer = await host.http.get(ORIGIN + "/.consent/purposes/none/1")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "GET /.consent/purposes" in answer.json()["detail"]


async def test_controllers_are_public_with_their_state(host: Town) -> None:
    await host.organisation("coop")
    await host.organisation("rival", approved=False)
    listed = (await host.http.get(ORIGIN + "/.consent/controllers")).json()
    assert {entry["name"]: entry["state"] for entry in listed} == {"Coop": "approved", "Rival": "pending"}


async def test_organisations_are_linked_data_with_keys_and_what_they_published(host: Town) -> None:
    coop = await host.organisation("coop", approved=False)
    with host.core.store.writing() as tx:
        controllers.verify(tx, coop.webid, "Registro imprese BZ-123456", host.clock())
    purpose = await coop.service.publish(declaration([ROWS]))
    place = f"{ORIGIN}/.consent/controllers"
    answer = await host.http.get(place, headers={"accept": "application/ld+json"})
    assert answer.headers["content-type"] == "application/ld+json"
    graph = jsonld.graph(answer.json(), place)
    it = URIRef(coop.webid)
    assert {str(kind).rpartition("#")[2] for kind in graph.objects(it, RDF.type)} == {
        *("DataController", "Organization", "Organisation")
    }
    assert (it, DPV.hasProcess, URIRef(purpose.iri)) in graph
    assert (it, DPV.hasDataProtectionOfficer, Literal("dpo@coop.example")) in graph
    (checked,) = graph.objects(it, PROV.wasInfluencedBy)
    assert (checked, DCT.description, Literal("Registro imprese BZ-123456")) in graph
    assert len(list(graph.objects(it, SECURITY.verificationMethod))) == 1
