"""A pod taken away as an archive and settled on another host: its owner goes on there as before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pods.errors import Conflict, QuotaExceeded
from pods.protocol.target import canonical
from tests.archives import export, files_of, settled
from tests.conftest import SettableClock
from tests.pod_host import ORIGIN, PodHost

NEW = "https://pods.example.net"
NOTE = """@prefix dct: <http://purl.org/dc/terms/>.
# written by hand
<> dct:title "Una nota"; dct:relation <other.ttl>, <../>.
"""
POINTER = f"""@prefix dct: <http://purl.org/dc/terms/>.
<> dct:creator <{ORIGIN}/anna/profile/card#me>; dct:relation <{ORIGIN}/anna/notes/one.ttl>, <{ORIGIN}/bob/x>;
   dct:title "see {ORIGIN}/anna/notes/one.ttl".
"""
FOR_BOB = f"""@prefix acl: <http://www.w3.org/ns/auth/acl#>.
<#o> a acl:Authorization; acl:agent <{ORIGIN}/anna/profile/card#me>; acl:mode acl:Read, acl:Write, acl:Control;
  acl:accessTo <./>; acl:default <./>.
<#b> a acl:Authorization; acl:agent <{ORIGIN}/bob/profile/card#me>; acl:mode acl:Read;
  acl:accessTo <{ORIGIN}/anna/notes/>; acl:default <{ORIGIN}/anna/notes/>.
"""
PICTURE = bytes(range(256)) * 300


@pytest.fixture
async def old(tmp_path: Path, clock: SettableClock) -> AsyncIterator[PodHost]:
    host = PodHost.open(tmp_path / "old", clock)
    host.write("/anna/notes/one.ttl", NOTE)
    host.write("/anna/notes/two.ttl", POINTER)
    host.write("/anna/notes/.acl", FOR_BOB)
    host.write("/anna/notes/one.ttl.meta", f"<{ORIGIN}/anna/notes/one.ttl> <http://schema.org/about> <#x>.")
    host.write("/anna/pictures/a%20b.png", PICTURE, "image/png")
    host.write(
        "/anna/list.jsonld",
        json.dumps({"@id": "", "http://schema.org/url": {"@id": "/anna/"}}),
        "application/ld+json",
    )
    host.write(
        "/anna/consents/1.ttl", f"<{ORIGIN}/anna/consents/1.ttl#record> a <http://example.org/Record>."
    )
    yield host
    await host.aclose()


@pytest.fixture
async def new(tmp_path: Path, clock: SettableClock) -> AsyncIterator[PodHost]:
    host = PodHost.open(tmp_path / "new", clock, origin=NEW)
    yield host
    await host.aclose()


async def test_the_owner_finds_everything_under_the_new_address(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    done = settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "anna-rossi")
    assert done.pod.owner == f"{NEW}/anna-rossi/profile/card#me"
    anna = new.person("anna-rossi")
    assert (await anna.get("/anna-rossi/pictures/a%20b.png")).content == PICTURE
    picture = await anna.get("/anna-rossi/pictures/a%20b.png")
    assert picture.headers["content-type"] == "image/png"
    assert 'user="read write append control"' in picture.headers["wac-allow"]
    listing = (await anna.get("/anna-rossi/")).text
    assert "notes/" in listing
    written = await anna.put("/anna-rossi/notes/three.ttl", "<> a <http://example.org/New>.")
    assert written.status_code == 201


async def test_large_content_goes_along_and_lies_outside_the_database(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    film = bytes(range(256)) * 8192  # 2 MiB
    assert (await old.anna.put("/anna/film.bin", film, "application/octet-stream")).status_code == 201
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    with new.core.store.reading() as tx:
        stored = tx.get(canonical(b"/moved/film.bin"))
    assert stored is not None
    assert (stored.blob is not None, stored.size) == (True, len(film))
    found = await new.person("moved").get("/moved/film.bin")
    assert found.content == film
    assert found.headers["etag"] == (await old.anna.get("/anna/film.bin")).headers["etag"]


async def test_a_document_with_relative_references_is_kept_byte_for_byte(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    assert (await new.person("moved").get("/moved/notes/one.ttl")).text == NOTE


async def test_names_of_the_pods_own_resources_change_and_no_others(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    anna = new.person("moved")
    text = (await anna.get("/moved/notes/two.ttl")).text
    assert f"<{NEW}/moved/profile/card#me>" in text
    assert f"<{NEW}/moved/notes/one.ttl>" in text
    assert f"<{ORIGIN}/bob/x>" in text
    assert f'"see {ORIGIN}/anna/notes/one.ttl"' in text  # a literal is text, not a name
    assert f"{NEW}/moved/" in (await anna.get("/moved/list.jsonld")).text
    assert f"<{NEW}/moved/notes/one.ttl>" in (await anna.get("/moved/notes/one.ttl.meta")).text


async def test_others_keep_the_rights_that_they_had(old: PodHost, new: PodHost, tmp_path: Path) -> None:
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    acl = (await new.person("moved").get("/moved/notes/.acl")).text
    assert f"<{ORIGIN}/bob/profile/card#me>" in acl
    assert f"{ORIGIN}/anna/" not in acl
    assert (await new.stranger.get("/moved/notes/one.ttl")).status_code == 401
    assert (await new.stranger.get("/moved/profile/card")).status_code == 200


async def test_the_profile_names_the_new_host_alone(old: PodHost, new: PodHost, tmp_path: Path) -> None:
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    card = (await new.stranger.get("/moved/profile/card", accept="application/n-triples")).text
    issuers = [line for line in card.splitlines() if "oidcIssuer" in line or "#storage" in line]
    assert len(issuers) == 2
    assert all(f"<{NEW}/" in line and ORIGIN not in line for line in issuers)
    assert f'<{NEW}/moved/profile/card#me> <http://xmlns.com/foaf/0.1/name> "Anna"' in card


async def test_consents_come_as_history_and_are_nothing_more(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    await old.bob.get("/anna/notes/one.ttl")  # leaves a line in the log
    done = settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    anna = new.person("moved")
    assert done.history == "/moved/history/"
    place = "/moved/history/localhost-8080/2026-03-01T12-00-00Z/"
    record = await anna.get(f"{place}consents/1.ttl")
    assert f"<{ORIGIN}/anna/consents/1.ttl#record>" in record.text
    log = await anna.get(f"{place}registro.jsonl")
    assert json.loads(log.text.splitlines()[0])["agent"] == f"{ORIGIN}/bob/profile/card#me"
    assert (await anna.get("/moved/consents/1.ttl")).status_code == 404
    assert (await new.stranger.get(f"{place}registro.jsonl")).status_code == 401


async def test_a_pod_that_moves_back_is_the_same(old: PodHost, new: PodHost, tmp_path: Path) -> None:
    settled(new.core, export(old.core, "anna", tmp_path / "there.zip"), "moved")
    settled(old.core, export(new.core, "moved", tmp_path / "back.zip"), "again")
    again = old.person("again")
    assert (await again.get("/again/notes/one.ttl")).text == NOTE
    assert f"<{ORIGIN}/again/notes/one.ttl>" in (await again.get("/again/notes/two.ttl")).text
    assert (await again.get("/again/pictures/a%20b.png")).content == PICTURE


async def test_what_the_owner_had_deleted_is_not_made_again(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    await old.anna.delete("/anna/settings/publicTypeIndex.ttl.acl")
    settled(new.core, export(old.core, "anna", tmp_path / "anna.zip"), "moved")
    assert (await new.stranger.get("/moved/settings/publicTypeIndex.ttl")).status_code == 401


async def test_a_taken_name_or_a_full_host_changes_nothing(
    old: PodHost, new: PodHost, tmp_path: Path
) -> None:
    file = export(old.core, "anna", tmp_path / "anna.zip")
    with pytest.raises(Conflict):
        settled(new.core, file, "bob")
    with pytest.raises(QuotaExceeded):
        settled(new.core, file, "moved", quota=len(PICTURE))
    with new.core.store.reading() as tx:
        assert tx.pod("moved") is None
        assert tx.execute("SELECT count(*) FROM resource WHERE name LIKE '/moved/%'") == [(0,)]


async def test_the_archive_says_what_is_in_it(old: PodHost, tmp_path: Path) -> None:
    await old.bob.get("/anna/notes/one.ttl")
    files = files_of(export(old.core, "anna", tmp_path / "anna.zip"))
    assert files["pod/notes/one.ttl"] == NOTE.encode()
    assert files["pod/pictures/a%20b.png"] == PICTURE
    crate = {one["@id"]: one for one in json.loads(files["ro-crate-metadata.json"])["@graph"]}
    assert crate["./"]["url"] == {"@id": f"{ORIGIN}/anna/"}
    assert crate["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    line = json.loads(files["registro.jsonl"].splitlines()[0])
    assert (line["seq"], line["prev"]) == (1, "00" * 32)
    index = [json.loads(line) for line in files["indice.jsonl"].splitlines()]
    assert {line["path"] for line in index} >= {"/anna/", "/anna/.acl", "/anna/notes/one.ttl.meta"}
