"""A person computes a published rule's result before consenting, and verifies what left with the host's keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from consent.claims import claims_sql
from consent.declarations import digest
from pods.model import WebId
from pods.provision import webid_for
from tests.conftest import SettableClock
from tests.consent_host import Organisation, Town, declaration, item, town
from tests.http.consent.test_results import CLAIM, TERMS, store_receipts
from tests.pod_host import ORIGIN
from tests.serving import serving
from tests.wallet_session import COOKIE, WALLET, start_session
from vocab.claim_rules import ELIGIBLE_PURCHASES
from wallet.main import application as wallet
from wallet.settings import WalletSettings

DOCUMENT = {**TERMS, "title": {"it": "Ristorno 2017", "en": "Refund 2017"}}


@dataclass(frozen=True, slots=True)
class Asked:
    """Anna's browser, and the purpose of a claim that she was asked for and has not answered."""

    host: Town
    coop: Organisation
    browser: httpx.AsyncClient = field(repr=False)
    purpose: str
    programme: str
    """The address at which the programme's rules are published."""

    async def compute(self, first: str, last: str, **form: str) -> httpx.Response:
        page = await self.browser.get("/results/preview")
        page = await self.browser.get(f"/results/preview?purpose={quote(self.purpose)}")
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        data = {"csrf": token, "purpose": self.purpose, "programme": "", "first": first, "last": last, **form}
        return await self.browser.post("/results/preview", data=data)


@pytest_asyncio.fixture
async def asked(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Asked]:
    published: list[dict[str, Any]] = []
    other = {**DOCUMENT, "period": {"from": "2017-02", "to": "2017-12"}}
    app = Starlette(
        routes=[
            Route("/valueback/api/programmes", lambda _: JSONResponse(published)),
            Route("/rules.json", lambda _: JSONResponse(DOCUMENT)),
            Route("/other.json", lambda _: JSONResponse({"document": other})),
            Route("/page", lambda _: JSONResponse({"hello": "world"})),
        ]
    )
    with serving(app) as apps:
        async with town(tmp_path / "pods", clock) as host:
            coop = await host.organisation("coop")
            items = [item("Purchase", ELIGIBLE_PURCHASES.reads, "claim")]
            text = {"it": f"Regolamento {digest(DOCUMENT)}", "en": f"Rules {digest(DOCUMENT)}"}
            purpose = await coop.service.publish(declaration(items, text=text))
            published.append({"iri": f"{apps}/rules.json", "purpose": purpose.iri, "document": DOCUMENT})
            host.owner("anna")
            store_receipts(host, 1, 2)
            await coop.service.invite(purpose.iri)
            settings = WalletSettings(data=tmp_path, wallet_url=WALLET, pod_url=ORIGIN, apps_url=apps)
            pages = wallet(settings, clock, to_pods=httpx.ASGITransport(host.app))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(pages),
                base_url=WALLET,
                headers={"Accept": "text/html", "Accept-Language": "it"},
            ) as browser:
                webid = WebId(webid_for(ORIGIN, "anna"))
                browser.cookies.set(COOKIE, start_session(tmp_path, host.core, webid, "anna", consent=True))
                yield Asked(host, coop, browser, purpose.iri, f"{apps}/rules.json")


async def test_the_result_is_computed_before_any_consent_and_nothing_leaves(asked: Asked) -> None:
    page = await asked.compute("2017-10", "2017-10")
    assert page.status_code == 200
    for words in ("Uscirebbe questo: Acquisti validi, 24,80", "ottobre 2017", ELIGIBLE_PURCHASES.iri):
        assert words in page.text
    owner = asked.host.owner("anna")
    assert await owner.results() == []
    assert [line for line in await owner.log() if line.action == "claim"] == []
    assert "Uscirebbe questo: Acquisti validi, 24,80" in (await asked.compute("2017-10", "2017-10")).text


async def test_a_request_for_a_result_leads_to_the_preview(asked: Asked) -> None:
    page = await asked.browser.get(f"/requests/one?purpose={quote(asked.purpose)}")
    assert f'href="/results/preview?purpose={quote(asked.purpose)}"' in page.text


async def test_rules_at_an_address_are_read_and_other_rules_are_refused(asked: Asked) -> None:
    good = await asked.compute("2017-10", "2017-10", programme=asked.programme)
    assert "Uscirebbe questo" in good.text
    other = asked.programme.replace("rules.json", "other.json")
    page = await asked.compute("2017-10", "2017-10", programme=other)
    assert page.status_code == 422
    assert "ha un&#39;altra impronta" in page.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ciao", "Questo non è l&#39;indirizzo"),
        ("http://10.0.0.1/rules.json", "non risponde nessuno"),
        ("file:///etc/passwd", "Questo non è l&#39;indirizzo"),
        ("PAGE", "non c&#39;è il regolamento"),
    ],
)
async def test_what_is_no_programme_is_said_in_words(asked: Asked, address: str, words: str) -> None:
    address = asked.programme.replace("rules.json", "page") if address == "PAGE" else address
    page = await asked.browser.get(
        f"/results/preview?purpose={quote(asked.purpose)}&programme={quote(address)}"
    )
    assert (page.status_code, words in page.text) == (422, True)


@pytest.mark.parametrize(("first", "last"), [("2017-11", "2017-10"), ("2015-01", "2015-02"), ("", "x")])
async def test_months_must_lie_in_the_programme_and_in_order(asked: Asked, first: str, last: str) -> None:
    page = await asked.compute(first, last)
    assert page.status_code == 422
    assert "Scegli il primo e l&#39;ultimo mese" in page.text


async def left(asked: Asked) -> int:
    given = await asked.host.give("anna", await asked.host.owner("anna").purpose(asked.purpose))
    await asked.coop.service.claim(given.id, {**CLAIM, "programme": DOCUMENT}, asked.purpose)
    (one,) = await asked.host.owner("anna").results()
    return one.number


async def test_what_left_verifies_with_the_keys_that_the_host_publishes(asked: Asked) -> None:
    number = await left(asked)
    listed = await asked.browser.get("/results")
    for words in ("24,80", "Coop", f'href="/results/{number}/check"', ELIGIBLE_PURCHASES.iri):
        assert words in listed.text
    page = await asked.browser.get(f"/results/{number}/check")
    assert "Il risultato è quello firmato dal server" in page.text
    assert "conta 2 scontrini o attestati" in page.text
    assert (await asked.browser.get(f"/results/{number + 1}/check")).status_code == 404


async def test_a_result_that_is_shown_otherwise_than_signed_is_found_out(asked: Asked) -> None:
    number = await left(asked)
    with asked.host.core.store.writing() as tx:
        stored = tx.execute("SELECT result FROM claim_result WHERE id = ?", (number,))[0][0]
        forged = stored.replace('"amount": 2480', '"amount": 1')
        assert forged != stored
        tx.execute("UPDATE claim_result SET result = ? WHERE id = ?", (forged, number))
    page = await asked.browser.get(f"/results/{number}/check")
    assert "La firma non corrisponde a ciò che vedi" in page.text


async def test_another_hosts_signature_does_not_verify(asked: Asked) -> None:
    number = await left(asked)
    with asked.host.core.store.writing() as tx:
        one = claims_sql.one_of_pod(tx, tx.execute("SELECT pod FROM claim_result")[0][0], number)
        assert one is not None
        head, body, signature = one.signed.split(".")
        claims_sql.sign_again(tx, number, ".".join((head, body, signature[::-1])))
    page = await asked.browser.get(f"/results/{number}/check")
    assert "La firma non corrisponde a ciò che vedi" in page.text
