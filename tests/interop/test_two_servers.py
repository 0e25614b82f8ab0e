"""Community Solid Server and our host, strangers to each other: a token of either opens resources on the other."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from pods.client import ClientCredentials, SolidClient
from tests.bench.peers import community_solid_server
from tests.bench.servers import free_port
from tests.interop.packages import SERVERS
from tests.interop.stage import pod_host

NOTE = "<#it> <http://www.w3.org/2000/01/rdf-schema#label> 'shared'."
INSERT = "INSERT DATA { <#it> <#from> <#afar> }"
RULES = """@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#owner> a acl:Authorization; acl:agent <{owner}>; acl:accessTo <{to}>; acl:mode acl:Read, acl:Write, acl:Control.
<#friend> a acl:Authorization; acl:agent <{friend}>; acl:accessTo <{to}>; acl:mode {modes}.
"""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with an account on one of the servers."""

    webid: str
    storage: str
    issuer: str
    client_id: str
    client_secret: str

    async def ask(
        self, method: str, url: str, content: str = "", media_type: str = "text/turtle"
    ) -> httpx.Response:
        """Send a request as this person."""
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = ClientCredentials(http, self.issuer, self.client_id, self.client_secret, clock=time.time)
            solid = SolidClient(http, tokens, clock=time.time)
            kind = {"content-type": media_type} if content else {}
            return await solid.request(method, url, content=content.encode() or None, headers=kind)

    async def share(self, place: str, friend: "Member", modes: str) -> None:
        """Put a note, and let the friend do something with it."""
        rules = RULES.format(owner=self.webid, friend=friend.webid, to=place, modes=modes)
        for url, content in ((place, NOTE), (f"{place}.acl", rules)):
            assert (await self.ask("PUT", url, content)).is_success


@dataclass(frozen=True, slots=True)
class Servers:
    """Two people of ours, and one of the other server."""

    anna: Member
    bruno: Member
    carla: Member


@pytest.fixture(scope="module")
def servers(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Both servers, which may fetch each other's profiles and keys over loopback."""
    folder = tmp_path_factory.mktemp("two-servers")
    with community_solid_server(SERVERS / "node_modules", folder / "css") as there:
        carla = Member(
            f"{there.storage}profile/card#me",
            there.storage,
            there.issuer,
            there.client_id,
            there.client_secret,
        )
        trusted = urlsplit(there.issuer).netloc
        with pod_host(folder, free_port(), ("anna", "bruno"), (trusted,)) as ours:
            anna, bruno = (
                Member(one.webid, one.storage, one.issuer, one.client_id, one.client_secret) for one in ours
            )
            yield Servers(anna, bruno, carla)


async def test_a_token_of_the_other_server_reads_and_writes_here(servers: Servers) -> None:
    anna, carla = servers.anna, servers.carla
    note = f"{anna.storage}note.ttl"
    await anna.share(note, carla, "acl:Read, acl:Append")
    assert "shared" in (await carla.ask("GET", note)).text
    assert (await carla.ask("PATCH", note, INSERT, "application/sparql-update")).status_code == 204
    assert "afar" in (await anna.ask("GET", note)).text


async def test_a_token_of_the_other_server_opens_nothing_that_was_not_shared(servers: Servers) -> None:
    private = f"{servers.anna.storage}settings/prefs.ttl"
    assert (await servers.carla.ask("GET", private)).status_code == 403


async def test_our_token_reads_and_writes_on_the_other_server(servers: Servers) -> None:
    anna, carla = servers.anna, servers.carla
    note = f"{carla.storage}note.ttl"
    await carla.share(note, anna, "acl:Read, acl:Append")
    assert "shared" in (await anna.ask("GET", note)).text
    assert (await anna.ask("PATCH", note, INSERT, "application/sparql-update")).is_success
    assert "afar" in (await carla.ask("GET", note)).text


async def test_the_other_server_tells_our_people_apart(servers: Servers) -> None:
    note = f"{servers.carla.storage}another.ttl"
    await servers.carla.share(note, servers.anna, "acl:Read")
    assert (await servers.anna.ask("GET", note)).status_code == 200
    assert (await servers.bruno.ask("GET", note)).status_code == 403
