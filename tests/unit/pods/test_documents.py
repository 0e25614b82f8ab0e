"""Client-id documents: which are believed, and for how long."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from pods.guard import guarded_client
from pods.identity.documents import CONTEXT, KEPT, KEPT_FAILURE, BadDocument, Documents
from tests.conftest import SettableClock

CLIENT_ID = "https://app.example/id"
GOOD = {
    "@context": CONTEXT,
    "client_id": CLIENT_ID,
    "client_name": "An application",
    "redirect_uris": ["https://app.example/cb"],
    "scope": "openid webid offline_access",
}


class Server:
    """The application's server; answers what the test sets."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return self.answer


def served(document: Any, *, status: int = 200, media_type: str = "application/ld+json") -> httpx.Response:
    return httpx.Response(status, json=document, headers={"content-type": media_type})


def documents(server: Server, clock: SettableClock) -> Documents:
    return Documents(httpx.AsyncClient(transport=httpx.MockTransport(server)), clock=clock)


async def test_a_good_document_is_a_public_client(clock: SettableClock) -> None:
    client = await documents(Server(served(GOOD)), clock).client(CLIENT_ID)
    assert (client.client_id, client.name, client.auth_method) == (CLIENT_ID, "An application", "none")
    assert client.check_redirect_uri("https://app.example/cb")
    assert client.check_grant_type("refresh_token")
    assert not client.check_client_secret("")


async def test_who_does_not_ask_for_offline_access_gets_no_refresh_token(clock: SettableClock) -> None:
    client = await documents(Server(served(GOOD | {"scope": "openid"})), clock).client(CLIENT_ID)
    assert not client.check_grant_type("refresh_token")
    assert not client.check_grant_type("client_credentials")


async def test_a_document_cannot_give_itself_other_grants(clock: SettableClock) -> None:
    greedy = GOOD | {"grant_types": ["authorization_code", "client_credentials", "password"]}
    client = await documents(Server(served(greedy)), clock).client(CLIENT_ID)
    assert client.grant_types == ("authorization_code",)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (served(GOOD, status=404), "404"),
        (httpx.Response(302, headers={"location": "https://evil.example/"}), "302"),
        (served(GOOD, media_type="text/html"), "media type"),
        (served(["a list"]), "JSON object"),
        (httpx.Response(200, text="{", headers={"content-type": "application/ld+json"}), "JSON"),
        (served(GOOD | {"client_id": "https://app.example/other"}), "client_id"),
        (served(GOOD | {"client_id": "https://app.example/id#"}), "client_id"),
        (served(GOOD | {"@context": "https://evil.example/context"}), "@context"),
        (served({name: value for name, value in GOOD.items() if name != "@context"}), "@context"),
        (served(GOOD | {"redirect_uris": []}), "redirect_uris"),
        (served(GOOD | {"redirect_uris": ["http://app.example/cb"]}), "redirect_uris"),
        (served(GOOD | {"redirect_uris": ["javascript:alert(1)"]}), "redirect_uris"),
    ],
)
async def test_a_document_with_something_wrong_is_refused(
    clock: SettableClock, answer: httpx.Response, complaint: str
) -> None:
    with pytest.raises(BadDocument, match=complaint):
        await documents(Server(answer), clock).client(CLIENT_ID)


async def test_a_document_is_read_again_after_a_while(clock: SettableClock) -> None:
    server = Server(served(GOOD))
    known = documents(server, clock)
    await known.client(CLIENT_ID)
    await known.client(CLIENT_ID)
    assert server.asked == 1
    clock.advance(KEPT + 1)
    server.answer = served(GOOD | {"client_name": "Renamed"})
    assert (await known.client(CLIENT_ID)).name == "Renamed"


async def test_a_failure_is_remembered_too_but_not_for_long(clock: SettableClock) -> None:
    server = Server(served(GOOD, status=500))
    known = documents(server, clock)
    for _ in range(3):
        with pytest.raises(BadDocument):
            await known.client(CLIENT_ID)
    assert server.asked == 1
    server.answer = served(GOOD)
    clock.advance(KEPT_FAILURE + 1)
    assert (await known.client(CLIENT_ID)).name == "An application"


@pytest.mark.parametrize("inside", ["http://app.example/id", "https://127.0.0.1/id", "https://[::1]:443/id"])
async def test_a_document_inside_the_network_is_not_fetched(clock: SettableClock, inside: str) -> None:
    async with guarded_client() as http:
        with pytest.raises(BadDocument):
            await Documents(http, clock=clock).client(inside)
