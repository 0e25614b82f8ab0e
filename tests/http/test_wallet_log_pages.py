"""The wallet's log as a person reads it: by organisation, purpose, outcome and days, page by page, and as a file."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import orjson
import pytest_asyncio

from consent.main import extension, schemas
from pods import activity
from pods.main import application, open_core
from pods.model import Agent, WebId
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.serving import bound_socket, serving
from tests.wallet_session import COOKIE, WALLET, start_session
from wallet.main import application as wallet
from wallet.settings import WalletSettings

COOP, FORMULA = "https://coop.example/#it", "https://=cmd.example/#it"
DAY = 86_400.0
LINES = 70  # more than two pages


@pytest_asyncio.fixture
async def anna(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Anna's browser; the cooperative read every day for 70 days, and each tenth day somebody was refused."""
    with ExitStack() as stack:
        listener = bound_socket()
        address = f"localhost:{listener.getsockname()[1]}"
        settings = PodSettings(
            data=tmp_path / "pods",
            pod_url=f"http://{address}",
            trusted_hosts=(address,),
            consent_clients=(f"{WALLET}/client.jsonld",),
        )
        core = open_core(settings, time.time, schemas=schemas())
        added = extension(core)
        webid, now = webid_for(settings.pod_url, "anna"), time.time()
        with core.store.writing() as tx:
            pod = create_pod(
                *(tx, "anna", webid),
                base=settings.pod_url,
                issuer=settings.issuer,
                display_name="Anna",
                at=now,
                kind="person",
            )
            for number in range(LINES):
                refused = number % 10 == 9
                activity.append(
                    *(tx, pod.key),
                    agent=Agent(WebId(FORMULA if refused else COOP)),
                    path="/anna/purchases/2017-10/b77.ttl",
                    action="read",
                    decision=activity.DENY if refused else activity.PERMIT,
                    reason="no grant in force covers this resource for this purpose" if refused else "",
                    at=now - (LINES - number) * DAY,
                )
        app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
        stack.enter_context(serving(app, listener=listener))
        pages = wallet(WalletSettings(data=tmp_path, wallet_url=WALLET, pod_url=settings.pod_url), time.time)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(pages),
            base_url=WALLET,
            headers={"Accept": "text/html", "Accept-Language": "it"},
        ) as browser:
            browser.cookies.set(COOKIE, start_session(tmp_path, core, webid, "anna", consent=True))
            yield browser


def entries(page: httpx.Response) -> list[str]:
    return re.findall(r"<time ", page.text.partition('<ol class="p-list p-log">')[2].partition("</ol>")[0])


async def test_the_list_goes_on_page_by_page(anna: httpx.AsyncClient) -> None:
    seen, address = [], "/log"
    while address:
        page = await anna.get(address)
        seen.append(len(entries(page)))
        following = re.search(r'href="(/log\?before=\d+)"', page.text)
        address = following[1] if following else ""
    assert seen == [30, 30, 10]


async def test_refused_attempts_alone_are_shown_with_the_reason_in_italian(anna: httpx.AsyncClient) -> None:
    page = await anna.get("/log?decision=deny")
    assert len(entries(page)) == 7
    assert page.text.count("Niente di ciò a cui hai acconsenti") == 7
    assert "no grant in force" not in page.text


async def test_one_organisation_alone_is_a_link_away_from_each_of_its_entries(
    anna: httpx.AsyncClient,
) -> None:
    page = await anna.get("/log")
    assert page.text.count(f'href="/log?{urlencode({"who": COOP})}"') == 27
    refused = await anna.get("/log?decision=deny")
    assert f'href="/log?{urlencode({"who": FORMULA, "decision": "deny"})}"' in refused.text.replace(
        "&amp;", "&"
    )
    only = await anna.get(f"/log?who={quote(COOP)}")
    assert len(entries(only)) == 30
    assert "tentativo rifiutato" not in only.text


async def test_days_are_the_days_of_italy_with_the_last_one_in(anna: httpx.AsyncClient) -> None:
    def day(ago: int) -> str:
        return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * DAY))

    page = await anna.get(f"/log?first={day(12)}&last={day(10)}")
    assert len(entries(page)) == 3
    nonsense = await anna.get("/log?first=ieri&last=2026-13-01&decision=perhaps&before=x")
    assert len(entries(nonsense)) == 30


async def test_nothing_of_a_kind_is_said_in_words(anna: httpx.AsyncClient) -> None:
    page = await anna.get("/log?purpose=https://pods.example/.consent/purposes/none/")
    assert "Non c&#39;è nessuna voce di questo tipo." in page.text


async def test_the_table_holds_everything_and_runs_nothing(anna: httpx.AsyncClient) -> None:
    answer = await anna.get("/log/export.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:4] == ["Numero", "Quando", "Chi", "Che cosa"]
    assert len(rows) == 1 + LINES
    assert [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    refused = (await anna.get("/log/export.csv?decision=deny")).content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(refused)))) == 1 + 7


async def test_programs_get_the_lines_as_the_host_gave_them(anna: httpx.AsyncClient) -> None:
    answer = await anna.get("/log/export.json?decision=deny")
    found = orjson.loads(answer.content)
    assert len(found) == 7
    assert {line["agent"] for line in found} == {FORMULA}
    assert (await anna.get("/log/export.exe")).status_code == 303


async def test_who_read_what_and_why_is_two_clicks_from_home(anna: httpx.AsyncClient) -> None:
    home = await anna.get("/")
    assert 'href="/log"' in home.text  # one
    page = await anna.get("/log")
    assert "ha letto i tuoi acquisti, ottobre 2017" in page.text
