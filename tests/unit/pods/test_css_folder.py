"""A Community Solid Server's data folder: what each file is, and which folder is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from apps.cli.css import take_in
from apps.cli.operator import operator_core
from pods.archive.css import media_type_of, pods_in
from pods.archive.layout import BadArchive
from pods.protocol.target import canonical
from pods.settings import PodSettings

OLD, NEW = "http://localhost:3000/", "https://pods.example.net"


def write(folder: Path, name: str, content: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, "utf-8")


def account(folder: Path, number: int, email: str, *pods: str) -> None:
    """Write an account as the server keeps it."""
    owned = {
        f"p{pod}": {"baseUrl": f"{OLD}{pod}/", "**owner**": {"o": {"webId": f"{OLD}{pod}/profile/card#me"}}}
        for pod in pods
    }
    payload = {
        "id": f"a{number}",
        "**password**": {"l": {"email": email, "password": "$2a$10$x"}},
        "**pod**": owned,
    }
    write(folder, f".internal/accounts/data/a{number}$.json", json.dumps({"payload": payload}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "css"
    write(root, ".internal/setup/current-base-url$.json", json.dumps({"payload": OLD}))
    account(root, 1, "anna@example.org", "anna", "anna_work")
    for pod in ("anna", "anna_work"):
        write(
            root,
            f"{pod}/profile/card$.ttl",
            f"<#me> a <http://xmlns.com/foaf/0.1/Person>; <http://www.w3.org/ns/solid/terms#oidcIssuer> <{OLD}>.",
        )
        write(
            root,
            f"{pod}/.acl",
            "@prefix acl: <http://www.w3.org/ns/auth/acl#>. <#o> a acl:Authorization; "
            f"acl:agent <{OLD}{pod}/profile/card#me>; acl:mode acl:Read, acl:Write, acl:Control; acl:accessTo <./>; acl:default <./>.",
        )
    write(root, "anna/notes/caffè uno.txt", "ciao")
    write(root, "anna/notes/two$.ttl", f"<> <http://purl.org/dc/terms/relation> <{OLD}anna_work/x>, <three>.")
    write(root, "anna/notes/broken.ttl", "<> <")
    return root


@pytest.mark.parametrize(
    ("file", "name", "media_type"),
    [
        ("a.ttl", "a.ttl", "text/turtle"),
        ("a$.ttl", "a", "text/turtle"),
        ("a.txt$.ttl", "a.txt", "text/turtle"),
        ("a.png", "a.png", "image/png"),
        ("a$.png", "a", "image/png"),
        ("a.jsonld", "a.jsonld", "application/ld+json"),
        ("README$.markdown", "README", "text/markdown"),
        ("a.acl", "a.acl", "text/turtle"),
        (".meta", ".meta", "text/turtle"),
        ("a$.unknown", "a", "application/octet-stream"),
        ("a", "a", "application/octet-stream"),
        ("price$", "price$", "application/octet-stream"),
        ("$.ttl", "$.ttl", "text/turtle"),
    ],
)
def test_a_file_name_tells_resource_and_type(file: str, name: str, media_type: str) -> None:
    assert media_type_of(file) == (name, media_type)


def test_pods_of_one_account_come_together(folder: Path, tmp_path: Path) -> None:
    pods = pods_in(folder)
    assert [(pod.name, pod.storage) for pod in pods] == [
        ("anna", f"{OLD}anna/"),
        ("anna-work", f"{OLD}anna_work/"),
    ]
    moved_to = tuple((pod.storage, f"{NEW}/{pod.name}/") for pod in pods)
    with operator_core(PodSettings(data=tmp_path / "new", pod_url=NEW)) as core:
        first, second = (take_in(core, pod, moved_to) for pod in pods)
        again = take_in(core, pods[0], moved_to)
        assert first is not None
        assert second is not None
        assert first.password is not None
        assert (second.password, again) == (None, None)
        assert first.as_text == ("/anna/notes/broken.ttl",)
        with core.store.reading() as tx:
            owner = core.accounts.by_login(tx, "anna@example.org")
            assert owner is not None
            assert core.accounts.check_password(owner, first.password)
            assert [one.pod for one in core.accounts.identities(tx, owner)] == ["anna", "anna-work"]
            two = tx.get(canonical(b"/anna/notes/two"))
            coffee = tx.get(canonical(b"/anna/notes/caff%C3%A8%20uno.txt"))
            card = tx.get(canonical(b"/anna/profile/card"))
    assert two is not None
    assert f"<{NEW}/anna-work/x>".encode() in two.content
    assert coffee is not None
    assert coffee.content == b"ciao"
    assert card is not None
    assert OLD.encode() not in card.content
    assert f"solid:oidcIssuer <{NEW}/>".encode() in card.content


def test_the_old_address_may_be_given(folder: Path) -> None:
    (folder / ".internal/setup/current-base-url$.json").unlink()
    with pytest.raises(BadArchive, match="--from-url"):
        pods_in(folder)
    assert len(pods_in(folder, "http://localhost:3000")) == 2


def test_a_wrong_address_is_noticed(folder: Path) -> None:
    with pytest.raises(BadArchive, match="does not lie directly below"):
        pods_in(folder, "https://other.example/")


def test_two_pods_of_one_name_are_refused(folder: Path) -> None:
    account(folder, 2, "other@example.org", "anna-work")
    with pytest.raises(BadArchive, match="'anna-work'"):
        pods_in(folder)


@pytest.mark.parametrize("name", ["link.txt", "folder"])
def test_a_link_stops_the_pod_and_nothing_is_stored(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / "anna" / name).symlink_to("/etc/passwd" if "." in name else "/etc")
    with operator_core(PodSettings(data=tmp_path / "new", pod_url=NEW)) as core:
        with pytest.raises(BadArchive, match="link"):
            take_in(core, pods_in(folder)[0])
        with core.store.reading() as tx:
            assert tx.pod("anna") is None


@pytest.mark.parametrize("name", ["a%2Fb.txt", "a%5cb.txt", "back\\slash.txt"])
def test_a_name_that_hides_a_slash_stops_the_pod(folder: Path, tmp_path: Path, name: str) -> None:
    write(folder, f"anna/{name}", "x")
    with operator_core(PodSettings(data=tmp_path / "new", pod_url=NEW)) as core, pytest.raises(BadArchive):
        take_in(core, pods_in(folder)[0])
