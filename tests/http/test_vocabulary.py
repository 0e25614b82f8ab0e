"""The vocabulary as clients get it: every document, in the form that was asked for."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from rdflib import Graph
from starlette.applications import Starlette

from vocab import documents, jsonld, schemas
from vocab.routes import preferred, vocabulary_routes
from vocab.shapes import CODE_LISTS
from vocab.terms import NS

ORIGIN = "https://pods.example"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=vocabulary_routes(ORIGIN)))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield http


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/turtle", "text/turtle"),
        ("*/*", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/ld+json;q=0.9, text/turtle;q=0.8", "application/ld+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/*;q=0.5, text/turtle;q=0", "text/html"),
    ],
)
async def test_the_terms_come_as_the_reader_likes_them(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    answer = await client.get("/.vocab/ns", headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert "accept" in answer.headers["vary"].lower()


async def test_turtle_and_json_ld_say_the_same(client: httpx.AsyncClient) -> None:
    turtle = await client.get("/.vocab/ns", headers={"accept": "text/turtle"})
    json_ld = await client.get("/.vocab/ns", headers={"accept": "application/ld+json"})
    first = Graph().parse(data=turtle.text, format="turtle")
    second = jsonld.graph(json.loads(json_ld.text), ORIGIN)
    assert len(first) > 400
    assert set(first) == set(second)


@pytest.mark.parametrize(("language", "text"), [("it", "Anno di nascita"), ("en", "Year of birth")])
async def test_the_page_lists_every_term_and_every_document_in_both_languages(
    client: httpx.AsyncClient, language: str, text: str
) -> None:
    answer = await client.get(f"/.vocab/ns?lang={language}", headers={"accept": "text/html"})
    assert text in answer.text
    assert f'<html lang="{language}"' in answer.text
    for term in documents.terms():
        assert f'id="{term.name}"' in answer.text
    for name in CODE_LISTS:
        assert f'href="/.vocab/codes/{name}.ttl"' in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *(f"/.vocab/codes/{name}.ttl" for name in CODE_LISTS),
        *(f"/.vocab/shapes/{name}.ttl" for name in documents.SHACL),
    ],
)
async def test_every_turtle_document_parses(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["content-type"].startswith("text/turtle")
    assert len(Graph().parse(data=answer.text, format="turtle")) > 5


@pytest.mark.parametrize("name", schemas.NAMES)
async def test_every_schema_names_itself(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/.vocab/schemas/{name}.json")
    assert answer.headers["content-type"] == "application/schema+json"
    assert json.loads(answer.text)["$id"].endswith(f"/{name}")


@pytest.mark.parametrize("name", jsonld.NAMES)
async def test_every_context_is_served(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/.vocab/contexts/{name}.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    assert json.loads(answer.text)["@context"]["po"] == NS


@pytest.mark.parametrize(
    "path",
    [
        "/.vocab/codes/people.ttl",
        "/.vocab/shapes/x.ttl",
        "/.vocab/schemas/x.json",
        "/.vocab/contexts/..%2Fx.jsonld",
    ],
)
async def test_a_document_that_is_not_there_is_a_problem_document(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    if "%2F" not in path:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "/.vocab/ns" in answer.json()["detail"]


async def test_an_unknown_form_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.vocab/ns", headers={"accept": "image/png"})
    assert answer.status_code == 406


async def test_an_unchanged_document_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/.vocab/shapes/profile.ttl")
    again = await client.get("/.vocab/shapes/profile.ttl", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_folder_leads_to_the_terms(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.vocab/")
    assert (answer.status_code, answer.headers["location"]) == (308, "/.vocab/ns")


@pytest.mark.parametrize("accept", ["", "nonsense", ";", "text/turtle;q=x", "text/turtle;q=0"])
def test_a_header_that_names_nothing_gets_nothing(accept: str) -> None:
    assert preferred(accept, ("text/turtle",)) is None
