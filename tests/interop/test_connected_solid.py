"""LDO's `@ldo/connected-solid`, as it comes from npm: resources, rights and notifications."""

from typing import Any

import pytest

from tests.interop.stage import Someone, told_by


@pytest.fixture(scope="module")
def seen(here: dict[str, Someone]) -> dict[str, Any]:
    """What the library saw."""
    told: dict[str, Any] = told_by("connected_solid.mjs", anna=here["anna"], bruno=here["bruno"])
    return told


def test_it_finds_the_storage(seen: dict[str, Any], anna: Someone) -> None:
    assert [seen["root"], seen["storages"]] == [anna.storage, [anna.storage]]


def test_it_makes_containers_documents_and_files(seen: dict[str, Any]) -> None:
    assert seen["made"] == ["createSuccess"] * 4
    assert seen["members"] == ["deep/", "note.ttl", "photo.png"]


def test_it_changes_statements(seen: dict[str, Any]) -> None:
    assert seen["changed"] == ["aggregateSuccess", "aggregateSuccess"]
    assert seen["labels"] == ['"Three"', '"Two"']


def test_it_shares_a_document_and_takes_it_back(seen: dict[str, Any]) -> None:
    assert seen["given"] == "setWacRuleSuccess"
    assert [seen["strangers"], seen["friend"], seen["taken"]] == [403, 200, 403]


def test_it_hears_of_what_others_write(seen: dict[str, Any]) -> None:
    assert seen["told"] == ["Three", "Told", "Two"]


def test_what_it_deletes_is_gone_though_it_expects_another_status(seen: dict[str, Any]) -> None:
    assert [seen["deletion"], seen["deleted"]] == ["unexpectedHttpError", 404]
