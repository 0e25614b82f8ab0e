"""The data folder that a real Community Solid Server wrote becomes pods of ours."""

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from apps.cli.main import main
from pods.client import ClientCredentials, SolidClient
from tests.bench.peers import EMAIL, POD, community_solid_server
from tests.bench.servers import Credentials
from tests.interop.packages import SERVERS
from tests.pod_host import ORIGIN, PodHost

PICTURE = bytes(range(256)) * 8


def filled(there: Credentials) -> None:
    """Write what a person's pod holds, through the server's own protocol."""
    documents: dict[str, tuple[str, bytes | str]] = {
        "notes/one.ttl": ("text/turtle", f"<> <http://purl.org/dc/terms/relation> <two>, <{there.storage}>."),
        "notes/two": ("text/turtle", "<> a <http://example.org/Note>."),
        "notes/caff%C3%A8%20uno.txt": ("text/plain", "ciao"),
        "list.jsonld": ("application/ld+json", json.dumps({"@id": "", "http://example.org/p": "x"})),
        "img/pic": ("image/png", PICTURE),
        "img/pic.png": ("image/png", PICTURE),
        "file.txt": ("text/turtle", "<> a <http://example.org/Odd>."),
        "notes/.acl": (
            "text/turtle",
            "@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#o> a acl:Authorization; acl:accessTo <./>; "
            f"acl:default <./>; acl:agent <{there.storage}profile/card#me>; acl:mode acl:Read, acl:Write, acl:Control. "
            "<#f> a acl:Authorization; acl:accessTo <./>; acl:default <./>; "
            "acl:agent <https://friend.example/me>; acl:mode acl:Read.",
        ),
    }

    async def write() -> None:
        async with httpx.AsyncClient(timeout=30) as http:
            tokens = ClientCredentials(
                http, there.issuer, there.client_id, there.client_secret, clock=time.time
            )
            solid = SolidClient(http, tokens, clock=time.time)
            for path, (media_type, content) in documents.items():
                await solid.put(there.storage + path, content, media_type)

    asyncio.run(write())


def test_a_pod_of_community_solid_server_goes_on_here(
    packages: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with community_solid_server(SERVERS / "node_modules", tmp_path / "css") as there:
        filled(there)
    monkeypatch.setenv("PORTICO_DATA", str(tmp_path / "ours"))
    monkeypatch.setenv("PORTICO_POD_URL", ORIGIN)
    done = CliRunner().invoke(main, ["import", "css", str(tmp_path / "css" / "data"), "--json"])
    assert done.exit_code == 0, done.output
    moved = json.loads(done.output)
    assert (moved["login"], moved["webid"]) == (EMAIL, f"{ORIGIN}/{POD}/profile/card#me")

    async def look() -> None:
        host = PodHost.open(tmp_path / "ours", time.time)
        person = host.person(POD)
        for path in ("img/pic", "img/pic.png"):
            found = await person.get(f"/{POD}/{path}")
            assert (found.content, found.headers["content-type"]) == (PICTURE, "image/png")
        assert (await person.get(f"/{POD}/notes/caff%C3%A8%20uno.txt")).text == "ciao"
        assert (await person.get(f"/{POD}/file.txt")).headers["content-type"] == "text/turtle"
        one = (await person.get(f"/{POD}/notes/one.ttl")).text
        assert f"<{ORIGIN}/{POD}/>" in one
        assert there.storage not in one
        assert "https://friend.example/me" in (await person.get(f"/{POD}/notes/.acl")).text
        assert (await host.stranger.get(f"/{POD}/notes/one.ttl")).status_code == 401
        card = (await host.stranger.get(f"/{POD}/profile/card", accept="application/n-triples")).text
        issuers = [line for line in card.splitlines() if "oidcIssuer" in line]
        assert len(issuers) == 1
        assert f"<{ORIGIN}/>" in issuers[0]
        await host.aclose()

    asyncio.run(look())
    checked = CliRunner().invoke(main, ["doctor"])
    assert checked.exit_code == 0, checked.output
