"""A till gives out signed receipts once, names no buyer, and learns nobody's name."""

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from apps.valueback.main import application
from consent.receipts import signing
from consent.receipts.keys import IssuerKey, key_ring, read_jwks
from consent.receipts.model import PurchaseReceipt
from tests.conftest import SettableClock
from tests.staff_session import Staff, log_in

APPS = "http://localhost:8082"
BASE = f"{APPS}/valueback"
WEBID = "http://localhost:8080/forno/profile/card#me"
SALE = {"lines": [{"category": "bakery", "quantity": 2, "amount": 700, "name": "Pane di Altamura"}]}
BY_PROGRAM = ("forno-till", "a-secret")
JOSE = {"accept": "application/jose"}


@pytest.fixture
async def http(tmp_path: Path, clock: SettableClock) -> AsyncIterator[httpx.AsyncClient]:
    issuer = f"{BASE}/shops/forno"
    Organisations(tmp_path).write(
        Organisation(
            *("forno", "Forno dell'Orologio", WEBID),
            client_id=BY_PROGRAM[0],
            client_secret=BY_PROGRAM[1],
            receipt_issuer=issuer,
            receipt_jwk=IssuerKey.generate(issuer).private_jwk(),
        )
    )
    app = application(AppSettings(data=tmp_path), clock)
    assert isinstance(app, FastAPI)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


@pytest.fixture
def staff(http: httpx.AsyncClient, tmp_path: Path, clock: SettableClock) -> Staff:
    return log_in(http, tmp_path, "valueback", WEBID, clock)


def files(folder: Path, pattern: str) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob(pattern))


async def sold(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post("/api/receipts", json={**SALE, **more}, auth=BY_PROGRAM)


async def fetched(http: httpx.AsyncClient, link: str) -> httpx.Response:
    return await http.get(link, headers=JOSE)


async def verified(http: httpx.AsyncClient, jws: bytes) -> PurchaseReceipt:
    issuer = f"{BASE}/shops/forno"
    keys = (await http.get("/shops/forno/jwks.json")).json()
    receipt = signing.verify(jws, key_ring(read_jwks(issuer, keys)))
    assert isinstance(receipt, PurchaseReceipt)
    return receipt


async def test_a_wallet_fetches_a_receipt_that_verifies_with_the_published_key(
    http: httpx.AsyncClient,
) -> None:
    answer = await fetched(http, (await sold(http)).json()["link"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jose")
    receipt = await verified(http, answer.content)
    assert (receipt.total, receipt.district) == (700, "b")
    assert receipt.lines[0].name == "Pane di Altamura"


async def test_a_link_works_once(http: httpx.AsyncClient) -> None:
    link = (await sold(http)).json()["link"]
    assert (await fetched(http, link)).status_code == 200
    second = await fetched(http, link)
    assert second.status_code == 410
    assert second.headers["content-type"] == "application/problem+json"


async def test_of_two_fetches_at_once_one_gets_it(http: httpx.AsyncClient) -> None:
    link = (await sold(http)).json()["link"]
    answers = await asyncio.gather(*(fetched(http, link) for _ in range(6)))
    assert sorted(one.status_code for one in answers) == [200, 410, 410, 410, 410, 410]


async def test_a_link_ends_after_a_quarter_of_an_hour(http: httpx.AsyncClient, clock: SettableClock) -> None:
    link = (await sold(http)).json()["link"]
    clock.advance(15 * 60)
    assert (await fetched(http, link)).status_code == 404


async def test_a_browser_that_opens_the_link_takes_nothing(http: httpx.AsyncClient) -> None:
    link = (await sold(http)).json()["link"]
    page = await http.get(link, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.status_code == 200
    assert "http://localhost:8081/receive?url=" in page.text
    assert (await http.head(link)).status_code == 200
    assert (await fetched(http, link)).status_code == 200


async def test_a_number_is_signed_once(http: httpx.AsyncClient) -> None:
    assert (await sold(http, number="b-1")).status_code == 201
    again = await sold(http, number="b-1")
    assert again.status_code == 409
    assert again.json()["type"] == "https://w3id.org/portico/problems#already-issued"


async def test_the_till_s_database_holds_nothing_of_what_was_bought(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    answer = await fetched(http, (await sold(http)).json()["link"])
    receipt = await verified(http, answer.content)
    stored = files(tmp_path, "valueback.sqlite*")
    for literal in ("Altamura", receipt.nonce, "7.00", answer.text[40:80]):
        assert literal.encode() not in stored


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"lines": []}, 422),
        ({"lines": [{"category": "bakery", "quantity": 1, "amount": -5}]}, 422),
        ({"lines": [{"category": "weapons", "quantity": 1, "amount": 5}]}, 422),
        ({**SALE, "buyer": "giulia"}, 422),
        ({**SALE, "number": "../x"}, 422),
    ],
)
async def test_what_is_no_sale_is_refused(http: httpx.AsyncClient, body: dict[str, Any], status: int) -> None:
    answer = await http.post("/api/receipts", json=body, auth=BY_PROGRAM)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic !!"}])
async def test_without_credentials_nothing_is_signed(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await http.post("/api/receipts", json=SALE, headers=headers)
    assert answer.status_code == 401
    assert "www-authenticate" in answer.headers


async def test_the_page_shows_a_code_for_what_was_typed(http: httpx.AsyncClient, staff: Staff) -> None:
    fields = {
        "category": ["bakery", "deli"],
        "name": ["Erbazzone", "Parmigiano"],
        "quantity": ["2", "1"],
        "price": ["3,50", "12.40"],
    }
    page = await staff.post("/till", fields)
    assert page.status_code == 200, page.text
    assert "<svg" in page.text
    assert "19.40" in page.text
    link = re.findall(rf"<code>({re.escape(BASE)}/r/[\w-]+)</code>", page.text)[0]
    receipt = await verified(http, (await fetched(http, html.unescape(link))).content)
    assert [(line.category, line.quantity, line.amount) for line in receipt.lines] == [
        ("bakery", 2, 700),
        ("deli", 1, 1240),
    ]


async def test_a_page_that_is_sent_twice_signs_once(staff: Staff) -> None:
    fields = {"number": "t-1", "category": "bakery", "name": "", "quantity": "1", "price": "3,50"}
    assert (await staff.post("/till", fields)).status_code == 200
    assert (await staff.post("/till", fields)).status_code == 422


@pytest.mark.parametrize("price", ["abc", "-1", "1,234", "0", "999999999", "1e9", "NaN", ""])
async def test_a_price_that_is_none_comes_back_with_what_was_typed(staff: Staff, price: str) -> None:
    fields = {"category": "bakery", "name": "Torta di riso", "quantity": "1", "price": price}
    page = await staff.post("/till", fields)
    assert page.status_code == 422
    assert "Torta di riso" in page.text


async def test_a_form_from_elsewhere_is_refused(http: httpx.AsyncClient, staff: Staff) -> None:
    await staff.page("/till")
    fields = {"csrf": "0" * 64, "number": "t-2", "category": "bakery", "price": "3"}
    assert (await http.post("/till", data=fields)).status_code == 403


async def test_who_is_not_logged_in_is_sent_to_the_login(http: httpx.AsyncClient) -> None:
    answer = await http.get("/till", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/valueback/login?return_to=/valueback/till"


async def test_a_citizen_s_account_is_no_till(
    http: httpx.AsyncClient, tmp_path: Path, clock: SettableClock
) -> None:
    citizen = log_in(http, tmp_path, "valueback", "http://localhost:8080/giulia/profile/card#me", clock)
    answer = await citizen.http.get("/till", headers={"accept": "text/html"})
    assert answer.status_code == 403


async def test_a_till_gets_a_token_of_its_own_that_can_be_revoked(
    http: httpx.AsyncClient, staff: Staff
) -> None:
    page = await staff.post("/till/devices", {"label": "Cassa 1"})
    (token,) = re.findall(r"<code>([\w-]{43})</code>", page.text)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await http.post("/api/receipts", json=SALE, headers=bearer)).status_code == 201
    (till,) = re.findall(r"/till/devices/([0-9a-f]{64})/revoke", await staff.page("/till/devices"))
    await staff.post(f"/till/devices/{till}/revoke", {}, shown="/till/devices")
    assert (await http.post("/api/receipts", json=SALE, headers=bearer)).status_code == 401


async def test_the_api_describes_itself(http: httpx.AsyncClient) -> None:
    document = (await http.get("/api/openapi.json")).json()
    assert "/valueback/api/receipts" in document["paths"]
    assert json.dumps(document)
