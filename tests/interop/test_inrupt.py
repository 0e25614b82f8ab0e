"""`@inrupt/solid-client` with `@inrupt/solid-client-authn-node`, as they come from npm, against our host."""

from typing import Any

import pytest

from tests.interop.stage import Someone, told_by

NOTHING = {"read": False, "append": False, "write": False}
READ = {**NOTHING, "read": True}


@pytest.fixture(scope="module")
def documents(here: dict[str, Someone]) -> dict[str, Any]:
    """What the client saw while it worked with documents, containers and files."""
    seen: dict[str, Any] = told_by("inrupt_documents.mjs", anna=here["anna"])
    return seen


@pytest.fixture(scope="module")
def access(here: dict[str, Someone]) -> dict[str, Any]:
    """What the client saw while its owner shared things."""
    seen: dict[str, Any] = told_by("inrupt_access.mjs", anna=here["anna"], bruno=here["bruno"])
    return seen


def test_it_logs_in_by_client_credentials(documents: dict[str, Any], anna: Someone) -> None:
    assert documents["webId"] == anna.webid
    assert [documents["stranger"], documents["after"]] == [401, 401]


def test_it_finds_the_storage_in_the_profile(documents: dict[str, Any], anna: Someone) -> None:
    assert (documents["name"], documents["storages"]) == ("anna", [anna.storage])


def test_it_makes_containers_by_put_and_by_post(documents: dict[str, Any], anna: Someone) -> None:
    box = f"{anna.storage}inrupt/"
    assert [documents["container"], documents["inner"]] == [box, f"{box}inner/"]
    assert documents["isContainer"] == [True, True]


def test_it_saves_a_dataset_and_then_only_its_changes(documents: dict[str, Any]) -> None:
    assert documents["first"] == ["first", True]
    assert documents["changed"] == [["second"], 7]


def test_it_adds_members_to_a_container(documents: dict[str, Any], anna: Someone) -> None:
    box = f"{anna.storage}inrupt/"
    assert [documents["posted"], documents["savedFile"]] == [f"{box}posted", f"{box}hello.txt"]
    assert documents["contained"] == [
        f"{box}{name}" for name in ("hello.txt", "inner/", "note", "photo.bin", "posted")
    ]


def test_it_gets_files_back_byte_by_byte(documents: dict[str, Any]) -> None:
    assert documents["file"] == ["application/octet-stream", [0, 1, 2, 253]]
    assert documents["contentType"] == "application/octet-stream"


def test_it_follows_the_links_of_a_resource(documents: dict[str, Any], anna: Someone) -> None:
    photo = f"{anna.storage}inrupt/photo.bin"
    assert documents["linked"]["acl"] == [f"{photo}.acl"]
    assert documents["linked"]["describedby"] == [f"{photo}.meta"]
    assert documents["effectiveAccess"] == {
        "user": {"read": True, "append": True, "write": True},
        "public": NOTHING,
    }


def test_it_deletes_files_datasets_and_empty_containers(documents: dict[str, Any]) -> None:
    assert [documents["deleted"], documents["full"], documents["emptied"]] == [404, 409, 404]


def test_it_makes_a_list_of_rights_from_the_inherited_one(
    access: dict[str, Any], anna: Someone, bruno: Someone
) -> None:
    everything = {"read": True, "append": True, "write": True, "control": True}
    assert (access["ownListBefore"], access["fallback"]) == (False, everything)
    assert access["agents"] == {anna.webid: everything, bruno.webid: {**READ, "control": False}}


def test_what_it_shares_is_shared_and_what_it_takes_back_is_gone(access: dict[str, Any]) -> None:
    assert [access["friendBefore"], access["friendAfter"]] == [403, "done"]
    assert [access["publicAfter"], access["publicAtLast"]] == ["done", 401]
    assert access["friendSees"] == {"user": READ, "public": READ}
    assert access["friendReadsAcl"] == 403


def test_its_universal_access_works_on_a_container(
    access: dict[str, Any], anna: Someone, bruno: Someone
) -> None:
    no_control = {"write": False, "controlRead": False, "controlWrite": False}
    assert access["universal"] == {"read": True, "append": True, **no_control}
    assert (
        access["universalPublic"] == access["universalRead"] == {"read": True, "append": False, **no_control}
    )
    assert access["universalAgents"] == [anna.webid, bruno.webid]
    assert [access["friendPosts"], access["publicReadsBox"], access["publicReadsMember"]] == [
        "done",
        "done",
        401,
    ]
    assert [access["friendPostsNoMore"], access["ownerStillReads"]] == [403, "done"]
