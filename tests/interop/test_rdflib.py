"""rdflib.js, as it comes from npm: its fetcher and its update manager against our host."""

from typing import Any

import pytest

from tests.interop.stage import Someone, told_by


@pytest.fixture(scope="module")
def seen(here: dict[str, Someone]) -> dict[str, Any]:
    """What the library saw."""
    told: dict[str, Any] = told_by("rdflib.mjs", anna=here["anna"], bruno=here["bruno"])
    return told


def test_it_reads_a_profile(seen: dict[str, Any]) -> None:
    assert seen["name"] == "anna"


def test_it_finds_out_that_documents_can_be_patched(seen: dict[str, Any]) -> None:
    assert [seen["profileIsEditable"], seen["editable"]] == ["SPARQL", "SPARQL"]


def test_it_creates_documents_and_changes_statements(seen: dict[str, Any]) -> None:
    assert (seen["missing"], seen["nick"]) == (404, ["two"])


def test_it_makes_containers_lists_members_and_deletes(seen: dict[str, Any], anna: Someone) -> None:
    box = f"{anna.storage}contacts/"
    assert seen["members"] == [f"{box}book", f"{box}fresh", f"{box}people/"]
    assert seen["deleted"] == 404


def test_it_tells_what_a_person_may_do(seen: dict[str, Any]) -> None:
    assert seen["permissions"] == ['user="read write append control",public=""']
    assert seen["friend"] == 403
