"""The wallet of somebody with many decisions: what a page asks the pod host for does not grow with them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.conftest import SettableClock
from tests.many_grants import fill
from tests.wallet_town import WALLET, WalletTown, wallet_town
from wallet.main import application as wallet
from wallet.settings import WalletSettings

FEW, MANY = 100, 300  # with the few each list is full already
ONE = "many" + "8".rjust(28, "0")
PAGES = (
    *("/", "/requests", "/grants", "/grants?state=given", "/grants?words=quartiere", f"/grants/{ONE}"),
    *("/requests/one?purpose={origin}/.consent/purposes/many-8/1", "/log", "/rights", "/rights/new"),
    *("/rights/access", "/results", "/results/preview", "/people", "/prepared", "/preferences/standing"),
)


class Counted(httpx.AsyncHTTPTransport):
    """Counts what the wallet asks for, and the bytes that it gets."""

    requests = size = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        self.requests += 1
        self.size += len(answer.content)
        return answer


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[WalletTown]:
    async with wallet_town(tmp_path, clock, "anna") as made:
        yield made


@asynccontextmanager
async def counted(town: WalletTown) -> AsyncIterator[Counted]:
    """Let the wallet of the town ask through a transport that counts."""
    transport = Counted()
    settings = WalletSettings(data=town.folder, wallet_url=WALLET, pod_url=town.origin)
    pages = wallet(settings, town.clock, to_pods=transport)
    assert isinstance(pages, Starlette)
    town.pages = pages
    async with pages.router.lifespan_context(pages):
        yield transport


async def asked_for(town: WalletTown, transport: Counted) -> dict[str, tuple[int, int]]:
    """Open every page; return how many requests and bytes each took."""
    anna, found = town.browser("anna"), {}
    for path in PAGES:
        before = (transport.requests, transport.size)
        await anna.see(path.format(origin=town.origin))
        assert anna.status == 200, path
        found[path] = (transport.requests - before[0], transport.size - before[1])
    return found


async def test_no_page_asks_for_more_where_there_are_more_decisions(town: WalletTown) -> None:
    await town.organisation("coop")
    async with counted(town) as transport:
        fill(town.core, town.pod("anna"), town.webid("coop"), FEW)
        few = await asked_for(town, transport)
        fill(town.core, town.pod("anna"), town.webid("coop"), MANY - FEW, start=FEW)
        many = await asked_for(town, transport)
    for path in PAGES:
        assert many[path][0] == few[path][0], path
        assert many[path][1] <= few[path][1] * 1.05 + 200, path  # totals have another digit


async def test_the_list_leads_through_every_decision_once(town: WalletTown) -> None:
    await town.organisation("coop")
    numbers = fill(town.core, town.pod("anna"), town.webid("coop"), 47)
    anna, seen = town.browser("anna"), list[str]()
    path: str | None = "/grants"
    while path is not None:
        page = await anna.see(path)
        seen += re.findall(r'<h3><a href="/grants/(\w+)">', page)
        older = re.search(r'href="(/grants\?[^"]+)"[^>]*>Consensi più vecchi', page)
        path = unescape(older[1]) if older else None
    assert sorted(seen) == sorted(numbers)
    assert "Torna ai più recenti" in page


async def test_decisions_are_found_by_words_of_the_purpose_and_by_state(town: WalletTown) -> None:
    await town.organisation("coop")
    fill(town.core, town.pod("anna"), town.webid("coop"), 30)
    anna = town.browser("anna")
    page = await anna.see("/grants")
    assert "in vigore (16)" in page
    assert "16 consensi sono in vigore" in page
    page = await anna.see("/grants?words=quartiere+17")
    assert re.findall(r"Spesa di quartiere \d+</a>", page) == ["Spesa di quartiere 17</a>"]
    page = await anna.see("/grants?state=refused")
    assert set(re.findall(r"quartiere (\d+)</a>", page)) == {"3", "7", "11", "15", "19", "23", "27"}
    assert "Non ci sono consensi di questo genere." in await anna.see("/grants?words=legna")


async def test_home_counts_them_all_and_reminds_of_those_that_end_first(town: WalletTown) -> None:
    await town.organisation("coop")
    fill(town.core, town.pod("anna"), town.webid("coop"), 100)
    page = await town.browser("anna").see("/")
    assert "50 consensi sono in vigore" in page
    assert page.count("In scadenza") == 11  # ten of them, and the way to the others
    assert 'href="/grants?state=ending"' in page
