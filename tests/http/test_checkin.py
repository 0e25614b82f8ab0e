"""A house certifies what people gave; each certificate is fetched once and names nobody."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from apps.checkin.main import application
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from consent.receipts import signing
from consent.receipts.keys import IssuerKey, key_ring, read_jwks
from consent.receipts.model import ParticipationReceipt
from tests.conftest import SettableClock
from tests.staff_session import Staff, log_in

BASE = "http://localhost:8082/checkin"
ISSUER = f"{BASE}/casa-orologio"
WEBID = "http://localhost:8080/casa-orologio/profile/card#me"
BY_PROGRAM = ("casa-program", "a-secret")
HELP = {
    "kind": "volunteering",
    "theme": "green",
    "started_at": "2026-02-28T15:00+01:00",
    "minutes": 150,
    "venue": "orologio",
    "role": "volunteer",
    "title": "Cura dell'aiuola",
}


@pytest.fixture
async def http(tmp_path: Path, clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    Organisations(tmp_path).write(
        Organisation(
            *("casa-orologio", "Casa di Quartiere Orologio", WEBID),
            client_id=BY_PROGRAM[0],
            client_secret=BY_PROGRAM[1],
            receipt_issuer=ISSUER,
            receipt_jwk=IssuerKey.generate(ISSUER).private_jwk(),
        )
    )
    app = application(AppSettings(data=tmp_path), clock)
    assert isinstance(app, FastAPI)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


@pytest.fixture
def staff(http: httpx.AsyncClient, tmp_path: Path, clock: SettableClock) -> Staff:
    return log_in(http, tmp_path, "checkin", WEBID, clock)


async def certified(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post("/api/receipts", json={**HELP, **more}, auth=BY_PROGRAM)


async def verified(http: httpx.AsyncClient, link: str) -> ParticipationReceipt:
    answer = await http.get(link, headers={"accept": "application/jose"})
    assert answer.status_code == 200, answer.text
    keys = (await http.get("/casa-orologio/jwks.json")).json()
    receipt = signing.verify(answer.content, key_ring(read_jwks(ISSUER, keys)))
    assert isinstance(receipt, ParticipationReceipt)
    return receipt


async def test_each_person_gets_a_certificate_of_their_own(http: httpx.AsyncClient) -> None:
    codes = (await certified(http, people=3)).json()["codes"]
    receipts = [await verified(http, code["link"]) for code in codes]
    assert {(one.kind, one.minutes, one.district, one.started_at) for one in receipts} == {
        ("volunteering", 150, "b", "2026-02-28T14:00:00Z")
    }
    assert len({one.nonce for one in receipts}) == len({one.id for one in receipts}) == 3


async def test_a_certificate_is_fetched_once(http: httpx.AsyncClient) -> None:
    link = (await certified(http)).json()["codes"][0]["link"]
    await verified(http, link)
    assert (await http.get(link, headers={"accept": "application/jose"})).status_code == 410


async def test_a_number_is_certified_once(http: httpx.AsyncClient) -> None:
    assert (await certified(http, number="aiuola-1")).status_code == 201
    assert (await certified(http, number="aiuola-1")).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "conduct-score"},
        {"theme": "none"},
        {"minutes": 0},
        {"minutes": 1441},
        {"people": 0},
        {"people": 41},
        {"venue": "bar"},
        {"role": "boss"},
        {"started_at": "yesterday"},
        {"name": "Giulia Ferrari"},
    ],
)
async def test_what_is_no_activity_is_refused(http: httpx.AsyncClient, change: dict[str, Any]) -> None:
    answer = await certified(http, **change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_without_credentials_nothing_is_certified(http: httpx.AsyncClient) -> None:
    assert (await http.post("/api/receipts", json=HELP)).status_code == 401


async def test_the_page_makes_a_code_for_each_person(http: httpx.AsyncClient, staff: Staff) -> None:
    fields = {
        "kind": "attendance",
        "theme": "culture",
        "title": "Concerto",
        "started_at": "2026-03-01T20:30",
        "hours": "2",
        "minutes": "15",
        "people": "2",
        "venue": "orologio",
        "role": "",
    }
    page = await staff.post("/staff", fields)
    assert page.status_code == 200, page.text
    links = re.findall(r"<code>(http://localhost:8082/checkin/r/[\w-]+)</code>", page.text)
    receipt = await verified(http, links[1])
    assert len(links) == 2
    assert (receipt.minutes, receipt.title, receipt.started_at) == (135, "Concerto", "2026-03-01T19:30:00Z")


async def test_a_page_that_does_not_fit_comes_back_with_what_was_typed(staff: Staff) -> None:
    fields = {
        "kind": "attendance",
        "theme": "culture",
        "title": "Concerto",
        "started_at": "soon",
        "hours": "2",
    }
    page = await staff.post("/staff", {**fields, "people": "1"})
    assert page.status_code == 422
    assert "Concerto" in page.text


async def test_an_unknown_issuer_has_no_keys(http: httpx.AsyncClient) -> None:
    assert (await http.get("/nobody/jwks.json")).status_code == 404
