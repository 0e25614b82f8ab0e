"""The main job on the whole platform: the tour, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.postgres_cluster import Cluster
from tests.system.conftest import HOUSEHOLDS
from tests.system.demo_platform import Platform, running
from tests.system.literals import found_in, personal_literals

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

OUTSIDE_THE_PODS = ("insight*", "valueback*", "checkin*", "wallet*", "projections*.log", "*.log")
"""Everything that apps and wallet keep: databases with their journals, key files, logs."""


def test_every_step_of_the_tour_holds(toured_town: Platform) -> None:
    again = toured_town.portico("tour", "--json")
    steps = json.loads(again.stdout)
    assert [step["expected"] for step in steps if not step["holds"]] == []
    assert again.returncode == 0, again.stderr
    assert len(steps) >= 7


def test_every_step_of_the_tour_holds_on_postgresql(tmp_path: Path, postgres: Cluster) -> None:
    address = postgres.create()
    with running(Platform(tmp_path / "var", HOUSEHOLDS, database=address)) as platform:
        told = platform.portico("tour", "--json")
        assert [step["expected"] for step in json.loads(told.stdout) if not step["holds"]] == []
        assert told.returncode == 0, told.stderr
        assert not (platform.data / "pods.sqlite").exists()
    postgres.drop(address)


def test_no_personal_literal_of_a_pod_stands_in_any_app(toured_town: Platform) -> None:
    personal = personal_literals(toured_town.data / "pods.sqlite", toured_town.demo()["people"])
    assert len(personal) > 1000, "the pods hold names, times and baskets to look for"
    files = {path for pattern in OUTSIDE_THE_PODS for path in toured_town.data.glob(pattern)} | {
        toured_town.log
    }
    assert {path.name for path in files} >= {"valueback.sqlite", "wallet.sqlite"}
    assert {
        path.name: found for path in sorted(files) if (found := found_in(path.read_bytes(), personal))
    } == {}


def test_the_search_finds_a_literal_that_is_there(toured_town: Platform) -> None:
    personal = personal_literals(toured_town.data / "pods.sqlite", toured_town.demo()["people"])
    some = sorted(personal)[len(personal) // 2]
    assert found_in(f"before {some} after".encode(), personal) >= {some}


def test_the_tour_without_a_demo_says_what_to_start(toured_town: Platform) -> None:
    elsewhere = Platform(toured_town.data.parent / "nowhere", 2)
    refused = elsewhere.portico("tour")
    assert refused.returncode == 1
    assert "portico demo" in refused.stderr


def test_three_origins_answer_with_their_front_pages(toured_town: Platform) -> None:
    for url in toured_town.urls:
        answer = httpx.get(url, follow_redirects=True, headers={"accept": "text/html"})
        assert answer.status_code == 200
        assert "<html lang=" in answer.text
