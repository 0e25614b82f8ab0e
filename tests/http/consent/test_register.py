"""The public register: JSON for programs, JSON-LD for linked data, pages for people."""

import pytest
from rdflib import Graph, Namespace

from tests.consent_host import ROWS, Town, declaration
from tests.pod_host import ORIGIN
from vocab import jsonld

DPV = Namespace("https://w3id.org/dpv#")


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
