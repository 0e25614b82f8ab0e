"""Receiving: a receipt goes into the pod only when its issuer's signature holds, and only once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from consent.receipts.signing import MEDIA_TYPE, sign
from tests.conftest import SettableClock
from wallet.receiving import IssuerKeys, NotReceived, OneTimeLinks, check, pasted

SHOP = "https://shop.example/forno"


@dataclass
class Shop:
    """A shop on the network beyond; tests change what it answers."""

    key: IssuerKey = field(default_factory=lambda: IssuerKey.generate(SHOP))
    answers: dict[str, Response] = field(default_factory=dict)
    keys_asked: int = 0
    keys_status: int = 200

    def app(self) -> Starlette:
        async def keys(_request: Request) -> Response:
            self.keys_asked += 1
            return JSONResponse(jwks([self.key.public()]), self.keys_status)

        async def link(request: Request) -> Response:
            return self.answers[request.path_params["name"]]

        return Starlette(routes=[Route("/forno/jwks.json", keys), Route("/r/{name}", link)])


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def http(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shop.app())) as client:
        yield client


@pytest.fixture
def receipt() -> PurchaseReceipt:
    moment = Instant("2026-03-01T12:00:00Z")
    line = PurchaseLine(Notation("bakery"), 1, 240, "Pane")
    return PurchaseReceipt("b-1", SHOP, "0" * 32, moment, moment, f"{SHOP}#it", (line,), 240)


async def test_a_signed_receipt_is_read(
    shop: Shop, http: httpx.AsyncClient, receipt: PurchaseReceipt, clock: SettableClock
) -> None:
    assert await check(sign(receipt, shop.key), IssuerKeys(http, clock=clock)) == receipt


async def test_a_receipt_of_a_stranger_in_the_shops_name_is_refused(
    http: httpx.AsyncClient, receipt: PurchaseReceipt, clock: SettableClock
) -> None:
    with pytest.raises(NotReceived) as refused:
        await check(sign(receipt, IssuerKey.generate(SHOP)), IssuerKeys(http, clock=clock))
    assert refused.value.reason == "bad"


@pytest.mark.parametrize("jws", [b"", b"a.b", b"a.b.c", b"\xff.\xff.\xff", b"e30.e30.e30"])
async def test_what_is_no_receipt_is_refused(
    jws: bytes, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    with pytest.raises(NotReceived) as refused:
        await check(jws, IssuerKeys(http, clock=clock))
    assert refused.value.reason == "bad"


async def test_without_the_issuers_keys_nothing_is_said_about_the_signature(
    shop: Shop, http: httpx.AsyncClient, receipt: PurchaseReceipt, clock: SettableClock
) -> None:
    shop.keys_status = 503
    with pytest.raises(NotReceived) as refused:
        await check(sign(receipt, shop.key), IssuerKeys(http, clock=clock))
    assert refused.value.reason == "no-keys"


async def test_keys_are_asked_for_once_in_ten_minutes(
    shop: Shop, http: httpx.AsyncClient, receipt: PurchaseReceipt, clock: SettableClock
) -> None:
    keys, jws = IssuerKeys(http, clock=clock), sign(receipt, shop.key)
    await check(jws, keys)
    await check(jws, keys)
    assert shop.keys_asked == 1
    clock.advance(601)
    await check(jws, keys)
    assert shop.keys_asked == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(status_code=404), "unknown"),
        (Response(status_code=410), "used"),
        (Response(status_code=500), "unreachable"),
        (Response(status_code=302, headers={"location": "http://10.0.0.1/"}), "unreachable"),
        (Response("<p>", media_type="text/html"), "no-receipt"),
    ],
)
async def test_a_link_that_gives_no_receipt_says_why(
    shop: Shop, http: httpx.AsyncClient, answer: Response, reason: str
) -> None:
    shop.answers["x"] = answer
    with pytest.raises(NotReceived) as refused:
        await OneTimeLinks(http).fetch("https://shop.example/r/x")
    assert refused.value.reason == reason


async def test_a_link_gives_the_signed_bytes(shop: Shop, http: httpx.AsyncClient) -> None:
    shop.answers["x"] = Response(b"a.b.c", media_type=MEDIA_TYPE)
    assert await OneTimeLinks(http).fetch("https://shop.example/r/x") == b"a.b.c"


@pytest.mark.parametrize("address", ["", "ftp://shop.example/x", "javascript:alert(1)", "forno", "https://"])
async def test_only_web_addresses_are_fetched(address: str, http: httpx.AsyncClient) -> None:
    with pytest.raises(NotReceived) as refused:
        await OneTimeLinks(http).fetch(address)
    assert refused.value.reason == "address"


def test_what_is_pasted_is_a_receipt_or_an_address() -> None:
    assert pasted(" eyJ.abc\n.def ") == b"eyJ.abc.def"
    assert pasted(" https://shop.example/r/x \n") == "https://shop.example/r/x"
