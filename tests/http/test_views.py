"""A grant that shows a part: every way to read sees that part, and nobody writes through it."""

import hashlib
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path as FilePath

import pytest
import pytest_asyncio

from pods.authz.base import Rights
from pods.authz.wac import Wac
from pods.main import application, open_core
from pods.model import ALL_MODES, Agent, Mode, Path
from pods.settings import PodSettings
from pods.storage.base import Entry, Stored, Transaction
from tests.conftest import SettableClock
from tests.databases import database_of
from tests.pod_host import ORIGIN, PodHost

GRANT = "http://localhost:8080/.consent/grants/1"
PURPOSE = "http://localhost:8080/.consent/purposes/1/1"
TICKET = 'UMA realm="x", ticket="t"'


class PublicLines:
    """A view that lets through the lines of a document that say so, and members whose name begins with p."""

    def document(self, stored: Stored, tx: Transaction) -> Stored:
        lines = [line for line in stored.content.splitlines(keepends=True) if b"public" in line]
        content = b"".join(lines)
        return stored._replace(content=content, etag=hashlib.sha256(content).hexdigest())

    def members(self, entries: Sequence[Entry], tx: Transaction) -> Sequence[Entry]:
        return [entry for entry in entries if entry.path.rpartition("/")[2].startswith("p")]


class Grants:
    """WAC, and a grant of the box for everybody but its owner who has logged in."""

    def __init__(self) -> None:
        self._wac = Wac(ORIGIN)
        self.modes = Mode.READ

    def rights(self, agent: Agent, path: Path, tx: Transaction) -> Rights:
        rights = self._wac.rights(agent, path, tx)
        if agent.webid is None or rights.owner or not path.startswith("/anna/box/"):
            return rights
        return Rights(self.modes, Mode.NONE, False, GRANT, PURPOSE, PublicLines())

    def challenge(self, agent: Agent, path: Path, needed: Mode, tx: Transaction) -> str | None:
        return TICKET

    async def learn(self, groups: Collection[str]) -> None:
        await self._wac.learn(groups)


@pytest.fixture
def grants() -> Grants:
    return Grants()


@pytest_asyncio.fixture
async def host(tmp_path: FilePath, clock: SettableClock, grants: Grants) -> AsyncIterator[PodHost]:
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN, database=database_of(tmp_path)), clock)
    host = PodHost(core, application(core, authorizer=grants))
    host.write("/anna/box/p.ttl", "<#a> <#public> 1 .\n<#a> <#secret> 2 .\n")
    host.write("/anna/box/q.ttl", "<#a> <#public> 1 .\n")
    yield host
    await host.aclose()


async def test_a_document_shows_the_granted_part(host: PodHost) -> None:
    for accept in ("text/turtle", "application/ld+json", "application/n-triples"):
        text = (await host.bob.get("/anna/box/p.ttl", accept=accept)).text
        assert ("public" in text, "secret" in text) == (True, False)
        assert "secret" in (await host.anna.get("/anna/box/p.ttl", accept=accept)).text


async def test_of_content_outside_the_rows_a_view_shows_nothing(host: PodHost) -> None:
    """The view is given no content to choose from, and what it returns must not open the whole."""
    content = b"a secret photo, " * 200_000
    assert (await host.anna.put("/anna/box/photo", content, "image/jpeg")).status_code == 201
    assert (await host.anna.get("/anna/box/photo")).content == content
    for fields in ({}, {"range": "bytes=0-9"}):
        shown = await host.bob.request("GET", "/anna/box/photo", headers=fields)
        assert b"secret" not in shown.content
        assert len(shown.content) < 1_000


async def test_a_listing_shows_the_granted_members(host: PodHost) -> None:
    text = (await host.bob.get("/anna/box/")).text
    assert ("p.ttl" in text, "q.ttl" in text) == (True, False)
    assert "q.ttl" in (await host.anna.get("/anna/box/")).text


@pytest.mark.parametrize("path", ["/anna/box/p.ttl", "/anna/box/"])
async def test_what_is_hidden_moves_no_tag(host: PodHost, path: str) -> None:
    before = await host.bob.get(path)
    host.write("/anna/box/q.ttl", "<#a> <#public> 1 .\n<#more> <#secret> 2 .")
    host.write("/anna/box/p.ttl", "<#a> <#public> 1 .\n<#a> <#secret> 3 .\n")
    after = await host.bob.get(path)
    assert before.headers["etag"] == after.headers["etag"]
    assert before.headers["content-length"] == after.headers["content-length"]
    assert (await host.anna.request("HEAD", path)).headers["etag"] != after.headers["etag"]


async def test_the_line_names_grant_and_purpose(host: PodHost) -> None:
    await host.bob.get("/anna/box/p.ttl")
    log = (await host.anna.get("/anna/activity/2026-03.ttl")).text
    assert f"po:grant <{GRANT}>" in log
    assert f"po:purpose <{PURPOSE}>" in log


async def test_nobody_writes_through_a_view(host: PodHost, grants: Grants) -> None:
    grants.modes = ALL_MODES
    patch = "INSERT DATA { <#a> <#b> 1 }"
    answers = [
        await host.bob.put("/anna/box/p.ttl", ""),
        await host.bob.patch("/anna/box/p.ttl", patch, "application/sparql-update"),
        await host.bob.delete("/anna/box/p.ttl"),
        await host.bob.post("/anna/box/", "<#a> <#b> 1 ."),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert "secret" in (await host.anna.get("/anna/box/p.ttl")).text


async def test_a_refusal_carries_a_ticket(host: PodHost) -> None:
    answer = await host.stranger.get("/anna/settings/prefs.ttl")
    challenges = answer.headers.get_list("www-authenticate")
    assert answer.status_code == 401
    assert TICKET in challenges
    assert any(challenge.startswith("DPoP ") for challenge in challenges)
