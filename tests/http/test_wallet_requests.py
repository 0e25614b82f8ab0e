"""Requests in the wallet: several at once, later, a no that lasts, the end of a question, and links to all of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from consent.model import GrantState
from pods.provision import webid_for
from tests.conftest import SettableClock
from tests.consent_host import ROWS, Organisation, Town, declaration, item, town
from tests.pod_host import ORIGIN
from tests.wallet_session import COOKIE, WALLET, start_session
from vocab.pages.formats import Formats
from wallet.asked import request_behind
from wallet.main import application as wallet
from wallet.settings import WalletSettings

DAY = 86_400.0
IT = Formats("it")


@dataclass(frozen=True, slots=True)
class Asked:
    """Anna's browser, and two organisations: the cooperative asked for two purposes, the association for none."""

    host: Town
    coop: Organisation
    browser: httpx.AsyncClient = field(repr=False)
    bread: str
    cheese: str
    walks: str

    async def states(self) -> dict[str, GrantState]:
        return {one.purpose.identifier: one.state for one in await self.host.owner("anna").grants()}

    async def post(self, page: httpx.Response, address: str, **form: Any) -> httpx.Response:
        token = page.text.split('name="csrf" value="')[1].split('"')[0]
        return await self.browser.post(address, data={"csrf": token, **form})


def asking(name: str, what: dict[str, Any], **changes: Any) -> dict[str, Any]:
    title = {"it": name.title(), "en": name.title()}
    return {**declaration([what], identifier=name, title=title), "valid_until": "2040-12-31", **changes}


@pytest_asyncio.fixture
async def asked(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Asked]:
    async with town(tmp_path / "pods", clock) as host:
        coop, club = await host.organisation("coop"), await host.organisation("club")
        bread = await coop.service.publish(asking("pane", ROWS))
        cheese = await coop.service.publish(asking("formaggio", ROWS))
        walks = await club.service.publish(asking("gite", item("Participation", ("kind", "theme"), "rows")))
        host.owner("anna")
        for purpose in (bread, cheese):
            await coop.service.invite(purpose.iri)
        settings = WalletSettings(data=tmp_path, wallet_url=WALLET, pod_url=ORIGIN)
        pages = wallet(settings, clock, to_pods=httpx.ASGITransport(host.app))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(pages),
            base_url=WALLET,
            headers={"Accept": "text/html", "Accept-Language": "it"},
            follow_redirects=True,
        ) as browser:
            cookie = start_session(tmp_path, host.core, webid_for(ORIGIN, "anna"), "anna", consent=True)
            browser.cookies.set(COOKIE, cookie)
            yield Asked(host, coop, browser, bread.iri, cheese.iri, walks.iri)


async def test_several_requests_are_answered_together_each_by_itself(asked: Asked) -> None:
    listed = await asked.browser.get("/requests")
    (address,) = set(re.findall(r'href="(/requests/together\?controller=[^"]+)"', listed.text))
    page = await asked.browser.get(address)
    order = re.findall(r'name="purpose" value="([^"]+)"', page.text)
    assert set(order) == {asked.bread, asked.cheese}
    assert "checked" not in page.text
    answers = {f"answer-{order.index(asked.bread)}": "give", f"answer-{order.index(asked.cheese)}": "refuse"}
    done = await asked.post(page, "/requests/together", purpose=order, **answers)
    assert "Le tue risposte sono state inviate" in done.text
    assert await asked.states() == {"pane": GrantState.GIVEN, "formaggio": GrantState.REFUSED}


async def test_what_is_left_open_stays_unanswered(asked: Asked) -> None:
    page = await asked.browser.get(
        f"/requests/together?purpose={quote(asked.bread)}&purpose={quote(asked.cheese)}"
    )
    order = re.findall(r'name="purpose" value="([^"]+)"', page.text)
    await asked.post(page, "/requests/together", purpose=order, **{"answer-0": "leave"})
    assert [one.purpose.iri for one in await asked.host.owner("anna").requests()] != []
    assert GrantState.GIVEN not in (await asked.states()).values()


async def test_the_code_of_an_event_leads_to_its_requests_of_several_organisations(asked: Asked) -> None:
    answer = await asked.host.http.get(f"{ORIGIN}/.consent/ask?purpose=pane&purpose=gite&purpose=none")
    assert answer.status_code == 303
    page = await asked.browser.get(answer.headers["location"].replace("http://localhost:8081", ""))
    assert "Più richieste insieme" in page.text
    assert re.findall(r'name="purpose" value="([^"]+)"', page.text) == [asked.bread, asked.walks]
    assert "Club" in page.text
    for query in ("", "?purpose=none", "?" + "&".join(f"purpose=p{n}" for n in range(11))):
        assert (await asked.host.http.get(f"{ORIGIN}/.consent/ask{query}")).status_code in (400, 404)


async def test_only_purposes_of_the_persons_own_host_are_shown_together(asked: Asked) -> None:
    page = await asked.browser.get("/requests/together?purpose=https://evil.example/.consent/purposes/x/1")
    assert page.url.path == "/requests"


async def test_a_no_lasts_and_the_page_says_until_when(asked: Asked, clock: SettableClock) -> None:
    await asked.host.owner("anna").refuse(asked.bread)
    page = await asked.browser.get("/requests")
    assert f"Fino al {IT.day(clock() + 180 * DAY)}" in page.text
    clock.advance(181 * DAY)
    cookie = start_session(
        asked.host.core.settings.data.parent, asked.host.core, webid_for(ORIGIN, "anna"), "anna", consent=True
    )
    asked.browser.cookies.set(COOKIE, cookie)
    assert "Per ora nessuno te lo può chiedere" not in (await asked.browser.get("/requests")).text


async def test_later_says_when_the_question_comes_back(asked: Asked, clock: SettableClock) -> None:
    await asked.host.owner("anna").defer(asked.bread)
    page = await asked.browser.get("/requests")
    assert f"La domanda torna il {IT.day(clock() + 14 * DAY)}" in page.text


async def test_the_end_of_a_question_is_shown_in_the_list_and_on_its_page(
    asked: Asked, clock: SettableClock
) -> None:
    end = IT.day(clock() + 60 * DAY)
    assert f"Senza risposta viene ritirata il {end}" in (await asked.browser.get("/requests")).text
    one = await asked.browser.get(f"/requests/one?purpose={quote(asked.bread)}")
    assert f"viene ritirata il {end}" in one.text
    offered = await asked.browser.get(f"/requests/one?purpose={quote(asked.walks)}")
    assert "viene ritirata" not in offered.text  # nobody asked: the person came by a link


async def test_a_new_version_shows_what_changed_with_what_grows_first(asked: Asked) -> None:
    await asked.host.give("anna", await asked.host.owner("anna").purpose(asked.bread))
    wider = item("Purchase", ("orderedAt", "total", "category", "seller"), "rows")
    newer = asking(
        "pane", wider, version=2, retention_days=10, revision_of=asked.bread, material_change="suspend"
    )
    published = await asked.coop.service.publish(newer)
    page = await asked.browser.get(f"/requests/one?purpose={quote(published.iri)}")
    assert "Che cosa è cambiato" in page.text
    assert "è sospeso" in page.text
    assert page.text.index("Più di prima") < page.text.index("per meno tempo")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (f"{ORIGIN}/.consent/ask/pane", f"{ORIGIN}/.consent/ask/pane"),
        (f"{ORIGIN}/.consent/ask?purpose=a&purpose=b", f"{ORIGIN}/.consent/ask?purpose=a&purpose=b"),
        (
            f"{ORIGIN}/.consent/purposes/pane/1",
            f"/requests/one?purpose={quote(ORIGIN, safe='')}%2F.consent%2Fpurposes%2Fpane%2F1",
        ),
        (f"{ORIGIN}/anna/inbox/", None),
        (f"{ORIGIN}@evil.example/.consent/ask/pane", None),
        ("https://evil.example/.consent/ask/pane", None),
        ("pane", None),
        ("", None),
    ],
)
def test_an_address_leads_to_requests_of_the_own_host_only(address: str, place: str | None) -> None:
    assert request_behind(address, ORIGIN) == place


async def test_an_address_that_leads_nowhere_is_said_in_words(asked: Asked) -> None:
    page = await asked.browser.get("/requests/link?address=https://evil.example/x")
    assert page.status_code == 404
    assert "Questo indirizzo non porta a nessuna richiesta" in page.text
