"""The client of services against authorization servers that are not ours, and servers that have none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from consent.client import AccessRefused, ServiceClient
from consent.client.uma import ID_TOKEN_FORMAT, MOST_PUSHES
from consent.purpose_claim import CLAIM_FORMAT
from tests.consent_host import ROWS, Organisation, Town, declaration
from tests.http.consent.test_uma import BASKET, Diverting
from tests.pod_host import ORIGIN

THEIRS = "https://as.example"
PURPOSE = "https://as.example/purposes/1"


class OtherServer:
    """An authorization server of somebody else's, with a resource beside it, that answers pushes as it is told."""

    def __init__(self, answer: Callable[[dict[str, str]], tuple[int, dict[str, Any]]]) -> None:
        self.pushes: list[dict[str, str]] = []
        self.read_with: list[str] = []
        self._answer = answer

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/.well-known/uma2-configuration":
            return httpx.Response(200, json={"issuer": THEIRS, "token_endpoint": THEIRS + "/token"})
        if request.url.path == "/token":
            form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
            self.pushes.append(form)
            status, body = self._answer(form)
            return httpx.Response(status, json=body)
        given = request.headers.get("authorization", "")
        if given == "Bearer the-token":
            self.read_with.append(given)
            return httpx.Response(200, text="data")
        if given == "DPoP the-token":
            self.read_with.append(given)
            if len(self.read_with) == 1:
                # RFC 9449 section 9: a resource server may want its nonce in the proof.
                fields = {"www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n-1"}
                return httpx.Response(401, headers=fields)
            return httpx.Response(200, text="data")
        value = f'UMA realm="x", as_uri="{THEIRS}", ticket="t0"'
        return httpx.Response(401, headers={"www-authenticate": value})


@asynccontextmanager
async def client_of(
    host: Town, other: OtherServer, *, servers: tuple[str, ...] = (THEIRS,)
) -> AsyncIterator[ServiceClient]:
    """Give the client of an organisation of ours that also reads elsewhere."""
    coop: Organisation = await host.organisation("coop")
    transport = Diverting(httpx.ASGITransport(host.app), httpx.MockTransport(other))
    async with httpx.AsyncClient(transport=transport) as http:
        yield ServiceClient(http, coop.credentials, coop.key, clock=host.clock, servers=servers)


def wanting(*formats: str, ticket: str = "t-next") -> tuple[int, dict[str, Any]]:
    wanted = [{"claim_token_format": list(formats)}]
    return 403, {"error": "need_info", "ticket": ticket, "required_claims": wanted}


async def test_another_authorization_server_that_the_service_trusts_works_as_well(host: Town) -> None:
    def answer(form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if form["claim_token_format"] == ID_TOKEN_FORMAT:
            return wanting(CLAIM_FORMAT)
        return 200, {"access_token": "the-token", "token_type": "DPoP", "expires_in": 60}

    other = OtherServer(answer)
    async with client_of(host, other) as service:
        found = await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert found.text == "data"
    assert [push["ticket"] for push in other.pushes] == ["t0", "t-next"]
    assert len(other.read_with) == 2  # the nonce was put into the second proof


async def test_a_token_is_kept_until_shortly_before_its_end(host: Town) -> None:
    other = OtherServer(lambda _: (200, {"access_token": "the-token", "expires_in": 60}))
    async with client_of(host, other) as service:
        for _ in range(3):
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
        assert len(other.pushes) == 1
        host.clock.advance(55)  # five seconds are left: not worth the way any more
        await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert len(other.pushes) == 2


async def test_a_server_that_never_has_enough_claims_is_given_up(host: Town) -> None:
    other = OtherServer(lambda form: wanting(ID_TOKEN_FORMAT, ticket=form["ticket"] + "x"))
    async with client_of(host, other) as service:
        with pytest.raises(AccessRefused, match="again and again"):
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert len(other.pushes) == MOST_PUSHES


async def test_a_ticket_that_comes_back_is_not_sent_again(host: Town) -> None:
    """UMA grant, 5.6: the client checks that the ticket it receives differs from the one it sent."""
    other = OtherServer(lambda form: wanting(ID_TOKEN_FORMAT, ticket=form["ticket"]))
    async with client_of(host, other) as service:
        with pytest.raises(AccessRefused, match="same ticket"):
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert len(other.pushes) == 1


@pytest.mark.parametrize("kind", ["Bearer", "bearer"])
async def test_a_token_goes_as_its_server_says(host: Town, kind: str) -> None:
    other = OtherServer(lambda _: (200, {"access_token": "the-token", "token_type": kind, "expires_in": 60}))
    async with client_of(host, other) as service:
        found = await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert (found.text, other.read_with) == ("data", ["Bearer the-token"])


async def test_a_token_of_a_type_that_the_client_does_not_know_is_not_sent(host: Town) -> None:
    """RFC 6749 section 7.1."""
    other = OtherServer(lambda _: (200, {"access_token": "the-token", "token_type": "mac"}))
    async with client_of(host, other) as service:
        with pytest.raises(AccessRefused, match="type mac"):
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert other.read_with == []


async def test_a_claim_that_we_cannot_make_is_named(host: Town) -> None:
    other = OtherServer(lambda _: wanting("urn:other:format"))
    async with client_of(host, other) as service:
        with pytest.raises(AccessRefused, match="urn:other:format"):
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)


async def test_attack_17_a_server_that_the_service_does_not_trust_learns_nothing(host: Town) -> None:
    """Attack 17: the resource cannot add to the servers that may learn who we are."""
    other = OtherServer(lambda _: wanting(ID_TOKEN_FORMAT))
    async with client_of(host, other, servers=()) as service:
        with pytest.raises(AccessRefused) as refused:
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert refused.value.error == "untrusted_server"
    assert other.pushes == []


async def test_attack_17_a_discovery_document_of_another_server_is_refused(host: Town) -> None:
    """Attack 17, RFC 8414 section 3.3: the document must be of the server that was asked."""

    class Posing(OtherServer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.startswith("/.well-known/"):
                return httpx.Response(200, json={"issuer": ORIGIN, "token_endpoint": ORIGIN + "/x"})
            return super().__call__(request)

    async with client_of(host, Posing(lambda _: wanting(ID_TOKEN_FORMAT))) as service:
        with pytest.raises(AccessRefused) as refused:
            await service.read(THEIRS + "/pod/a.ttl", PURPOSE)
    assert refused.value.error == "untrusted_server"


async def test_our_host_gets_no_ordinary_token_where_it_says_no_way_in(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    answer = await coop.service.read(f"{BASKET}.acl", purpose.iri)
    assert answer.status_code == 401
    assert await host.owner("anna").log() == []
