"""The profile form: what it writes, what it leaves alone, and what it refuses; against a pod of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from rdflib import Graph, Literal, URIRef
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pods.client import SolidClient, SolidError
from tests.conftest import SettableClock
from vocab.places import NEIGHBOURHOOD
from vocab.shapes import PROFILE
from wallet import profile

ADDRESS = "https://pods.example/anna/profile/private.ttl"
WEBID = "https://pods.example/anna/profile/card#me"
BEFORE = f"""@prefix vcard: <http://www.w3.org/2006/vcard/ns#> . @prefix po: <https://w3id.org/portico/ns#> .
<{WEBID}> a vcard:Individual ; vcard:fn "Anna" ; po:birthYear 1984 ; <https://other.example/ns#shoe> 39 .
<https://pods.example/anna/#dog> vcard:fn "Argo" .
"""


@dataclass
class Document:
    """One document on any Solid server, with the versions that HTTP asks for."""

    content: bytes | None = BEFORE.encode()
    version: int = 1
    status: int = 0

    def app(self) -> Starlette:
        async def read(_request: Request) -> Response:
            if self.status:
                return Response(status_code=self.status)
            if self.content is None:
                return Response(status_code=404)
            return Response(self.content, media_type="text/turtle", headers={"ETag": f'"{self.version}"'})

        async def write(request: Request) -> Response:
            wanted = request.headers.get("if-match")
            fits = wanted == f'"{self.version}"' if wanted else self.content is None
            if not fits:
                return Response(status_code=412)
            self.content, self.version = await request.body(), self.version + 1
            return Response(status_code=204)

        path = "/anna/profile/private.ttl"
        return Starlette(routes=[Route(path, read), Route(path, write, methods=["PUT"])])

    def graph(self) -> Graph:
        return Graph().parse(data=self.content, format="turtle", publicID=ADDRESS)


@pytest.fixture
def document() -> Document:
    return Document()


@pytest.fixture
async def solid(document: Document, clock: SettableClock) -> AsyncIterator[SolidClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(document.app())) as http:
        yield SolidClient(http, None, clock=clock)


def fields(**changes: str) -> dict[str, str]:
    return {"name": "Anna Bianchi", "birthYear": "1985", **changes}


async def save(solid: SolidClient, etag: str = '"1"', **changes: str) -> None:
    found = await profile.read(solid, ADDRESS, WEBID)
    await profile.write(solid, found, WEBID, fields(**changes), etag)


async def test_the_form_shows_what_the_document_says(solid: SolidClient) -> None:
    values = profile.form_values((await profile.read(solid, ADDRESS, WEBID)).record)
    assert values["name"] == "Anna"
    assert values["birthYear"] == "1984"
    assert values["income"] == ""


async def test_saving_changes_the_form_fields_and_nothing_else(
    solid: SolidClient, document: Document
) -> None:
    await save(solid, email="anna@example.org")
    graph, anna = document.graph(), URIRef(WEBID)
    assert graph.value(anna, URIRef("http://www.w3.org/2006/vcard/ns#fn")) == Literal("Anna Bianchi")
    assert graph.value(anna, URIRef("http://www.w3.org/2006/vcard/ns#hasEmail")) == URIRef(
        "mailto:anna@example.org"
    )
    assert graph.value(anna, URIRef("https://other.example/ns#shoe")) == Literal(39)
    assert (URIRef("https://pods.example/anna/#dog"), None, Literal("Argo")) in graph


async def test_an_emptied_field_is_taken_out(solid: SolidClient, document: Document) -> None:
    await save(solid, birthYear="")
    assert document.graph().value(URIRef(WEBID), URIRef(PROFILE.by_name["birthYear"].path[0])) is None


async def test_the_district_follows_from_the_neighbourhood(solid: SolidClient, document: Document) -> None:
    quarter = NEIGHBOURHOOD.codes[4]
    await save(solid, neighbourhood=quarter.notation)
    codes = PROFILE.by_name["district"].codes
    assert codes is not None
    district = document.graph().value(URIRef(WEBID), URIRef(PROFILE.by_name["district"].path[0]))
    assert district == URIRef(codes.by_notation[quarter.broader or ""].iri)


async def test_the_first_profile_can_be_written(solid: SolidClient, document: Document) -> None:
    document.content = None
    await save(solid, etag="")
    assert (URIRef(WEBID), None, Literal("Anna Bianchi")) in document.graph()


async def test_a_form_of_an_older_version_does_not_overwrite(solid: SolidClient, document: Document) -> None:
    with pytest.raises(profile.ChangedMeanwhile):
        await save(solid, etag='"0"')
    assert document.version == 1


async def test_a_write_between_reading_and_writing_is_not_lost(
    solid: SolidClient, document: Document
) -> None:
    found = await profile.read(solid, ADDRESS, WEBID)
    document.version = 2
    with pytest.raises(profile.ChangedMeanwhile):
        await profile.write(solid, found, WEBID, fields(), '"1"')
    assert document.version == 2


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"name": " "}, "name", "name"),
        ({"name": "x" * 201}, "name", "name"),
        ({"birthYear": "19x4"}, "birthYear", "year"),
        ({"birthYear": "12"}, "birthYear", "year"),
        ({"email": "anna"}, "email", "email"),
        ({"email": "anna@exam ple.org"}, "email", "email"),
        ({"email": "a@b.c>"}, "email", "email"),
        ({"income": "a-lot"}, "income", "choice"),
    ],
)
async def test_a_field_that_cannot_be_kept_is_named(
    solid: SolidClient, document: Document, changes: dict[str, str], field: str, reason: str
) -> None:
    with pytest.raises(profile.BadField) as refused:
        await save(solid, **changes)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert document.version == 1


async def test_a_server_that_refuses_is_told_on(solid: SolidClient, document: Document) -> None:
    document.status = 403
    with pytest.raises(SolidError) as refused:
        await profile.read(solid, ADDRESS, WEBID)
    assert refused.value.status == 403
