"""Discovery: from a WebID to a name, a storage and the containers that the person's type index names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pods.client import SolidClient
from tests.conftest import SettableClock
from wallet.discovery import NoStorage, discover

HOST = "https://pods.example"
WEBID = f"{HOST}/anna/profile/card#me"
PREFIXES = """@prefix solid: <http://www.w3.org/ns/solid/terms#> . @prefix pim: <http://www.w3.org/ns/pim/space#> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix schema: <http://schema.org/> .
"""
STORAGE = '<http://www.w3.org/ns/pim/space#Storage>; rel="type"'


@dataclass
class Server:
    """Any Solid server: documents by path, a storage, perhaps a consent service."""

    documents: dict[str, str] = field(default_factory=dict)
    storage: str = ""
    consent: bool = False
    refusal: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        async def read(request: Request) -> Response:
            path = "/" + request.path_params["path"]
            self.asked.append(f"{request.method} {request.url.netloc}{path}")
            if path == "/.consent/requests" and self.consent:
                return JSONResponse([])
            if path == "/.consent/requests" and self.refusal:
                return JSONResponse(self.refusal, 403, media_type="application/problem+json")
            headers = {"Link": STORAGE} if path == self.storage else {}
            if path in self.documents:
                return Response(PREFIXES + self.documents[path], media_type="text/turtle", headers=headers)
            return Response(status_code=200 if path.endswith("/") else 404, headers=headers)

        return Starlette(routes=[Route("/{path:path}", read)])


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def solid(server: Server, clock: SettableClock) -> AsyncIterator[SolidClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server.app())) as http:
        yield SolidClient(http, None, clock=clock)


async def test_the_profile_names_person_and_storage(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = f'<#me> foaf:name "Anna" ; pim:storage <{HOST}/anna/> .'
    place = await discover(solid, WEBID)
    assert (place.name, place.storage, place.host, place.path) == ("Anna", f"{HOST}/anna/", HOST, "/anna/")
    assert place.containers["Purchase"] == f"{HOST}/anna/purchases/"
    assert place.consent is False


async def test_a_host_with_a_consent_service_is_recognised(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = f"<#me> pim:storage <{HOST}/anna/> ."
    server.consent = True
    assert (await discover(solid, WEBID)).consent is True


@pytest.mark.parametrize(
    ("kind", "known"), [("https://w3id.org/portico/problems#forbidden", True), ("about:blank", False)]
)
async def test_a_host_that_does_not_let_this_wallet_act_is_told_from_one_without_the_service(
    server: Server, solid: SolidClient, kind: str, known: bool
) -> None:
    server.documents["/anna/profile/card"] = f"<#me> pim:storage <{HOST}/anna/> ."
    server.refusal = {"type": kind, "title": "Not allowed"}
    assert (await discover(solid, WEBID)).consent is known


async def test_the_type_index_says_where_data_lies(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = (
        f"<#me> pim:storage <{HOST}/anna/> ; solid:privateTypeIndex </anna/settings/index.ttl> ."
    )
    server.documents["/anna/settings/index.ttl"] = (
        "<#p> a solid:TypeRegistration ; solid:forClass schema:Order ; solid:instanceContainer </anna/spesa/> ."
    )
    assert (await discover(solid, WEBID)).containers["Purchase"] == f"{HOST}/anna/spesa/"


async def test_an_index_cannot_lead_the_persons_token_to_a_strangers_server(
    server: Server, solid: SolidClient
) -> None:
    server.documents["/anna/profile/card"] = (
        f"<#me> pim:storage <{HOST}/anna/> ; solid:publicTypeIndex </anna/i.ttl>, <https://evil.example/i.ttl> ."
    )
    server.documents["/anna/i.ttl"] = (
        "<#p> solid:forClass schema:Order ; solid:instanceContainer <https://evil.example/take/> ."
    )
    assert (await discover(solid, WEBID)).containers["Purchase"] == f"{HOST}/anna/purchases/"
    assert [request for request in server.asked if "evil.example" in request] == []


async def test_without_a_name_the_pods_name_serves(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = f"<#me> pim:storage <{HOST}/anna> ."
    assert (await discover(solid, WEBID)).name == "anna"


async def test_a_storage_is_found_above_the_profile(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = '<#me> foaf:name "Anna" .'
    server.storage = "/anna/"
    assert (await discover(solid, WEBID)).storage == f"{HOST}/anna/"


async def test_a_profile_without_any_storage_is_said_to_have_none(server: Server, solid: SolidClient) -> None:
    server.documents["/anna/profile/card"] = '<#me> foaf:name "Anna" .'
    with pytest.raises(NoStorage):
        await discover(solid, WEBID)
