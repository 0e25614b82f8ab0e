"""Archives that a stranger made: each is refused with a reason, and nothing of it is stored."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pods.archive.layout import BadArchive
from pods.archive.reading import PodArchive
from pods.main import Core, open_core
from pods.model import WebId
from pods.protocol.target import canonical
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.archives import Files, export, files_of, repacked, settled, with_index_line
from tests.conftest import SettableClock

ORIGIN = "http://localhost:8080"
Line = dict[str, Any]


@pytest.fixture
def core(tmp_path: Path, clock: SettableClock) -> Iterator[Core]:
    opened = open_core(PodSettings(data=tmp_path / "data", pod_url=ORIGIN), clock)
    with opened.store.writing() as tx:
        create_pod(
            *(tx, "anna", webid_for(ORIGIN, "anna")),
            base=ORIGIN,
            issuer=f"{ORIGIN}/",
            display_name="Anna",
            at=clock(),
        )
    yield opened
    opened.close()


@pytest.fixture
def files(core: Core, tmp_path: Path) -> Files:
    return files_of(export(core, "anna", tmp_path / "anna.zip"))


def refusal(core: Core, file: Path) -> str:
    """Return why an archive is not taken; nothing of it may be stored."""
    with pytest.raises(BadArchive) as refused:
        settled(core, file, "taken")
    with core.store.reading() as tx:
        assert tx.pod("taken") is None
    return str(refused.value)


def renamed(path: str, file: str) -> Callable[[list[Line]], None]:
    """Return a change of an index: the profile gets another path and file."""

    def change(lines: list[Line]) -> None:
        line = next(line for line in lines if line["path"] == "/anna/profile/card")
        line["path"], line["file"] = path, file

    return change


def test_an_untouched_archive_is_taken(core: Core, files: Files, tmp_path: Path) -> None:
    assert settled(core, repacked(files, tmp_path / "good.zip"), "taken").resources > 5


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/anna/../bob/card", "pod/../bob/card"),
        ("/bob/profile/card", "pod/profile/card"),
        ("/anna/%2e%2e/bob", "pod/%2e%2e/bob"),
        ("/anna/a//b", "pod/a//b"),
        ("/anna/caf%C3%A9%2Fx", "pod/caf%C3%A9%2Fx"),
        ("/anna/café", "pod/café"),
        ("/anna/x.acl.acl", "pod/x.acl.acl"),
        ("/anna/a%41", "pod/a%41"),
        ("/anna/profile/card", "pod/../../etc/passwd"),
        ("/anna/profile/card", "pod/other"),
    ],
)
def test_a_path_that_is_not_canonical_is_refused(
    core: Core, files: Files, tmp_path: Path, path: str, file: str
) -> None:
    content = files.pop("pod/profile/card")
    changed = with_index_line({**files, file: content}, renamed(path, file))
    refusal(core, repacked(changed, tmp_path / "bad.zip"))


def test_a_document_and_a_container_of_one_name_are_refused(core: Core, files: Files, tmp_path: Path) -> None:
    content = files.pop("pod/profile/card")
    changed = with_index_line({**files, "pod/settings": content}, renamed("/anna/settings", "pod/settings"))
    assert "already" in refusal(core, repacked(changed, tmp_path / "bad.zip"))


def test_content_that_was_changed_is_noticed(core: Core, files: Files, tmp_path: Path) -> None:
    files["pod/settings/prefs.ttl"] += b"\n# changed"
    assert "digest differs" in refusal(core, repacked(files, tmp_path / "bad.zip", sealed=False))


def test_a_log_that_was_changed_is_noticed(core: Core, files: Files, tmp_path: Path) -> None:
    files["registro.jsonl"] += b"{}\n"
    assert "digest differs" in refusal(core, repacked(files, tmp_path / "bad.zip", sealed=False))


@pytest.mark.parametrize("name", ["pod/extra.ttl", "evil.sh", "pod/profile/"])
def test_a_file_that_no_index_names_is_refused(core: Core, files: Files, tmp_path: Path, name: str) -> None:
    refusal(core, repacked({**files, name: b""}, tmp_path / "bad.zip"))


@pytest.mark.parametrize("name", ["indice.jsonl", "ro-crate-metadata.json", "pod/settings/prefs.ttl"])
def test_a_missing_file_is_noticed(core: Core, files: Files, tmp_path: Path, name: str) -> None:
    del files[name]
    refusal(core, repacked(files, tmp_path / "bad.zip", sealed=False))


@pytest.mark.parametrize("name", ["/etc/passwd", "pod/../../x", "..\\x"])
def test_a_name_that_climbs_out_is_refused(core: Core, files: Files, tmp_path: Path, name: str) -> None:
    assert repr(name)[1:-1] in refusal(core, repacked({**files, name: b""}, tmp_path / "bad.zip"))


def test_a_link_is_refused(core: Core, files: Files, tmp_path: Path) -> None:
    file = repacked(files, tmp_path / "bad.zip")
    link = zipfile.ZipInfo("pod/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refusal(core, file)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(core: Core, files: Files, tmp_path: Path) -> None:
    file = repacked(files, tmp_path / "bad.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("pod/.acl", b"")
    assert "twice" in refusal(core, file)


def test_a_bomb_is_refused_before_it_goes_off(core: Core, files: Files, tmp_path: Path) -> None:
    file = repacked(files, tmp_path / "bad.zip")
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pod/bomb", bytes(32 * 1024 * 1024))
    assert "200 times" in refusal(core, file)


def test_an_archive_larger_than_allowed_is_refused(files: Files, tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="at most 1000"):
        PodArchive(repacked(files, tmp_path / "big.zip"), max_total=1000)


def test_entries_that_share_their_bytes_are_refused(core: Core, files: Files, tmp_path: Path) -> None:
    file = repacked(files, tmp_path / "bad.zip")
    data = bytearray(file.read_bytes())
    directory = data.index(b"PK\x01\x02")
    # The size that the first entry claims to be packed in: more than the whole file has.
    struct.pack_into("<I", data, directory + 20, len(data) + 1)
    file.write_bytes(data)
    assert "overlap" in refusal(core, file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not a zip" * 100])
def test_what_is_no_archive_is_refused(core: Core, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.zip"
    file.write_bytes(content)
    refusal(core, file)


@pytest.mark.parametrize(
    "change",
    [
        {"conformsTo": {"@id": "https://w3id.org/portico/archive/2"}},
        {"url": {"@id": "no address"}},
        {"author": {}},
    ],
)
def test_a_description_of_something_else_is_refused(
    core: Core, files: Files, tmp_path: Path, change: dict[str, Any]
) -> None:
    crate = json.loads(files["ro-crate-metadata.json"])
    next(one for one in crate["@graph"] if one["@id"] == "./").update(change)
    files["ro-crate-metadata.json"] = json.dumps(crate).encode()
    assert "ro-crate-metadata.json" in refusal(core, repacked(files, tmp_path / "bad.zip"))


@pytest.mark.parametrize("line", [b"[]\n", b"{}\n", b"no\n", b'{"path": 1}\n'])
def test_an_index_of_something_else_is_refused(core: Core, files: Files, tmp_path: Path, line: bytes) -> None:
    files["indice.jsonl"] += line
    assert "indice.jsonl" in refusal(core, repacked(files, tmp_path / "bad.zip", sealed=False))


def test_a_planted_issuer_is_replaced_by_this_hosts(core: Core, files: Files, tmp_path: Path) -> None:
    me = webid_for(ORIGIN, "anna")
    files["pod/profile/card"] += (
        f"<{me}> <http://www.w3.org/ns/solid/terms#oidcIssuer> <https://evil.example/> .\n"
        f"<{me}> <http://www.w3.org/ns/pim/space#storage> <https://evil.example/anna/> .\n"
    ).encode()
    settled(core, repacked(files, tmp_path / "planted.zip"), "taken")
    with core.store.reading() as tx:
        card = tx.get(canonical(b"/taken/profile/card"))
    assert card is not None
    assert b"evil.example" not in card.content
    assert f"solid:oidcIssuer <{ORIGIN}/>".encode() in card.content


def test_no_archive_gives_away_what_the_host_manages(core: Core, files: Files, tmp_path: Path) -> None:
    everybody = (
        b"@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
        b"<#p> a acl:Authorization; acl:agentClass foaf:Agent; acl:mode acl:Read, acl:Write, acl:Control;"
        b" acl:accessTo <./>; acl:default <./>.\n"
    )
    before = files["pod/consents/.acl"]
    files["pod/consents/.acl"] = files["pod/activity/.acl"] = everybody
    settled(core, repacked(files, tmp_path / "greedy.zip"), "taken")
    with core.store.reading() as tx:
        for name in ("consents", "activity"):
            kept = tx.get(canonical(f"/taken/{name}/.acl".encode()))
            assert kept is not None
            assert kept.content == before.replace(b"/anna/", b"/taken/")


def test_a_storage_that_nobody_controls_is_its_new_owners(core: Core, files: Files, tmp_path: Path) -> None:
    stranger = WebId("https://elsewhere.example/me")
    files["pod/.acl"] = files["pod/.acl"].replace(webid_for(ORIGIN, "anna").encode(), stranger.encode())
    settled(core, repacked(files, tmp_path / "taken.zip"), "taken")
    with core.store.reading() as tx:
        rules = tx.get(canonical(b"/taken/.acl"))
    assert rules is not None
    assert webid_for(ORIGIN, "taken").encode() in rules.content


def test_an_access_rule_that_this_host_does_not_evaluate_is_refused(
    core: Core, files: Files, tmp_path: Path
) -> None:
    files["pod/settings/prefs.ttl.acl"] = files["pod/.acl"].replace(
        b"acl:mode", b"acl:condition [ a acl:ClientCondition ]; acl:mode"
    )
    changed = with_index_line(
        files,
        lambda lines: lines.append(
            {**lines[1], "path": "/anna/settings/prefs.ttl.acl", "file": "pod/settings/prefs.ttl.acl"}
        ),
    )
    assert "acl:condition" in refusal(core, repacked(changed, tmp_path / "bad.zip"))
