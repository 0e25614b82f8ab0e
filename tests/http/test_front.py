"""The front of the apps' origin: a page that leads on, and clear words where nothing is."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from apps.main import application
from apps.settings import AppSettings


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = application(AppSettings(data=tmp_path), time.time)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost:8082"
    ) as client:
        yield client


async def test_the_front_page_leads_to_every_app(front: httpx.AsyncClient) -> None:
    page = await front.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert all(f'href="/{app}/"' in page.text for app in ("insight", "valueback", "checkin", "breaches"))


async def test_a_program_gets_a_problem_document_where_nothing_is(front: httpx.AsyncClient) -> None:
    answer = await front.get("/nowhere", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


async def test_a_person_gets_a_page_in_italian_where_nothing_is(front: httpx.AsyncClient) -> None:
    answer = await front.get("/nowhere", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "Qui non c'è nulla" in answer.text.replace("&#39;", "'")


async def test_an_app_names_its_errors_among_those_of_the_platform(front: httpx.AsyncClient) -> None:
    vote = {"ballot": "no credential", "project": "orti"}
    answer = await front.post("/valueback/api/votes", json=vote)
    assert answer.status_code == 403
    assert answer.json()["type"] == "https://w3id.org/portico/problems#bad-vote"
