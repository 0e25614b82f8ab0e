"""The Solid client against a real pod host, and against servers that want a nonce or answer nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import rdflib

from pods.client import SolidClient, SolidError, send_with_proof
from pods.protocol.dpop import DpopKey, check_proof
from tests.conftest import SettableClock
from tests.identity_host import IdentityHost, identity_host

NOTE = "http://localhost:8080/anna/notes/one.ttl"


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def anna(host: IdentityHost) -> AsyncIterator[SolidClient]:
    async with host.browser() as http:
        yield SolidClient(http, host.credentials(http, host.add_account("anna")), clock=host.clock)


async def test_documents_are_put_read_as_graphs_and_deleted(anna: SolidClient) -> None:
    await anna.put(NOTE, "<#it> <http://schema.org/name> 'Ciao'.", "text/turtle")
    graph = await anna.get_graph(NOTE)
    name = rdflib.URIRef("http://schema.org/name")
    assert list(graph) == [(rdflib.URIRef(f"{NOTE}#it"), name, rdflib.Literal("Ciao"))]
    await anna.delete(NOTE)
    with pytest.raises(SolidError) as caught:
        await anna.get_graph(NOTE)
    assert caught.value.status == 404


async def test_a_document_that_must_be_new_is_not_overwritten(anna: SolidClient) -> None:
    await anna.put(NOTE, "<#a> a <#b>.", "text/turtle", only_if_new=True)
    with pytest.raises(SolidError) as caught:
        await anna.put(NOTE, "<#c> a <#d>.", "text/turtle", only_if_new=True)
    assert caught.value.status == 412


async def test_a_post_says_where_it_went(anna: SolidClient) -> None:
    answer = await anna.post("http://localhost:8080/anna/inbox/", "<> a <#x>.", "text/turtle", slug="hello")
    assert "hello" in answer.headers["location"]


async def test_without_tokens_the_client_is_the_public(host: IdentityHost, anna: SolidClient) -> None:
    async with host.browser() as http:
        public = SolidClient(http, None, clock=host.clock)
        assert len(await public.get_graph("http://localhost:8080/anna/profile/card"))
        with pytest.raises(SolidError) as caught:
            await public.get_graph("http://localhost:8080/anna/settings/prefs.ttl")
        assert caught.value.status == 401
        assert caught.value.title
        assert caught.value.detail


async def test_every_request_has_a_proof_of_its_own(anna: SolidClient) -> None:
    card = "http://localhost:8080/anna/settings/prefs.ttl"
    assert [(await anna.request("GET", card)).status_code for _ in range(5)] == [200] * 5


async def test_a_nonce_that_the_server_asks_for_is_used_once(clock: SettableClock) -> None:
    seen: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        proof = check_proof(request.headers["dpop"], "GET", "https://pod.example/", at=clock())
        seen.append(proof.nonce)
        headers = {"dpop-nonce": "a nonce", "www-authenticate": 'DPoP error="use_dpop_nonce"'}
        return httpx.Response(200 if proof.nonce == "a nonce" else 401, headers=headers)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        reply = await send_with_proof(http, DpopKey.generate(), "GET", "https://pod.example/", clock=clock)
    assert reply.status_code == 200
    assert seen == [None, "a nonce"]


async def test_a_server_that_is_never_content_with_its_nonce_is_not_asked_for_ever(
    clock: SettableClock,
) -> None:
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        headers = {"dpop-nonce": str(asked), "www-authenticate": 'DPoP error="use_dpop_nonce"'}
        return httpx.Response(401, headers=headers)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        reply = await send_with_proof(http, DpopKey.generate(), "GET", "https://pod.example/", clock=clock)
    assert (reply.status_code, asked) == (401, 2)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(502, text="Bad gateway"),
        httpx.Response(400, json={"error": "invalid_client", "error_description": "unknown"}),
    ],
)
async def test_an_issuer_that_answers_nonsense_is_an_error_in_our_words(
    host: IdentityHost, answer: httpx.Response
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer)) as http:
        with pytest.raises(SolidError):
            await host.credentials(http, ("id", "secret")).access_token()


async def test_no_answer_at_all_is_an_error_in_our_words(clock: SettableClock) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as http:
        with pytest.raises(SolidError) as caught:
            await SolidClient(http, None, clock=clock).get_graph("https://pod.example/x")
    assert caught.value.status == 0
