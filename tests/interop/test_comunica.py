"""Comunica's Solid engines, as they come from npm: queries over a pod, by links through it, and updates."""

from typing import Any

import pytest

from tests.interop.stage import Someone, told_by


@pytest.fixture(scope="module")
def queries(here: dict[str, Someone]) -> dict[str, Any]:
    """What the engines found."""
    seen: dict[str, Any] = told_by("comunica.mjs", anna=here["anna"])
    return seen


def test_it_queries_a_public_profile(queries: dict[str, Any]) -> None:
    assert queries["name"] == ["anna"]


def test_it_queries_a_private_document_with_the_owners_session_alone(queries: dict[str, Any]) -> None:
    assert queries["one"] == ["Bread"]
    assert "HTTP status 401" in queries["stranger"]


def test_it_follows_links_down_from_a_container(queries: dict[str, Any]) -> None:
    assert queries["container"] == ["Bread", "Milk"]


def test_it_follows_the_type_index_of_the_profile(queries: dict[str, Any]) -> None:
    assert queries["typeIndex"] == ["Bread", "Milk"]


def test_it_updates_a_document(queries: dict[str, Any]) -> None:
    assert [queries["inserted"], queries["replaced"]] == [["brown"], ["Rye bread"]]


def test_it_creates_a_document_from_what_the_404_tells(queries: dict[str, Any]) -> None:
    assert queries["created"] == ["Eggs"]
