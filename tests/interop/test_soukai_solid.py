"""soukai-solid, as it comes from npm: the models of several published apps in a pod of ours."""

from typing import Any

import pytest

from tests.interop.stage import Someone, told_by


@pytest.fixture(scope="module")
def seen(here: dict[str, Someone]) -> dict[str, Any]:
    """What the library saw."""
    told: dict[str, Any] = told_by("soukai_solid.mjs", anna=here["anna"])
    return told


def test_it_names_a_container_by_its_description(seen: dict[str, Any]) -> None:
    assert [seen["name"], seen["renamed"]] == ["Films", "Cinema"]


def test_it_keeps_models_with_their_history(seen: dict[str, Any]) -> None:
    assert seen["film"] == ["Il sorpasso", ["1962", "comedy"]]
    assert seen["history"] is True
    assert seen["all"] == ["Il sorpasso"]


def test_it_registers_a_container_in_the_type_index(seen: dict[str, Any], anna: Someone) -> None:
    assert seen["registered"] == [f"{anna.storage}films/"]


def test_it_publishes_a_document_and_takes_it_back(seen: dict[str, Any]) -> None:
    assert seen["stranger"] == [401, 200, 401]


def test_it_deletes(seen: dict[str, Any]) -> None:
    assert seen["deleted"] == 404
