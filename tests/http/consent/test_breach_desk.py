"""An organisation handles a breach from its pages: reported, counted, described, told, and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from apps.breaches.main import application
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from tests.consent_host import Organisation as Registered
from tests.consent_host import Town
from tests.http.consent.test_breaches import HOUR, PEOPLE, TOLD, notices, read_by_hour
from tests.pod_host import ORIGIN
from tests.staff_session import HTML, Staff, log_in

BASE = "http://localhost:8082"
WORDS = {"consequences": TOLD.consequences, "measures": TOLD.measures, "contact": TOLD.contact}
Desk = Callable[[Registered, str], Any]


@pytest.fixture
def desk(host: Town, tmp_path: Path) -> Desk:
    """Open the pages to the staff of an organisation."""

    @asynccontextmanager
    async def opened(own: Registered, name: str) -> AsyncIterator[Staff]:
        with host.core.store.writing() as tx:
            client_id, secret = host.core.accounts.credentials(tx, own.webid, "desk")
        data = tmp_path / "apps"
        Organisations(data).write(
            Organisation(
                name, name.title(), own.webid, issuer=ORIGIN + "/", client_id=client_id, client_secret=secret
            )
        )
        settings = AppSettings(data=data, pod_url=ORIGIN, apps_url=BASE)
        app = application(settings, host.clock, transport=httpx.ASGITransport(host.app))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as browser:
            yield log_in(browser, data, "breaches", own.webid, host.clock)

    return opened


def local(at: float) -> str:
    """Return a moment as a form sends it, with its offset so that the clock's change does not matter."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M+00:00")


def span(begins: float, ends: float, **more: Any) -> dict[str, Any]:
    return {"begins": local(begins), "ends": local(ends), "nature": "Chiave rubata.", **more}


async def test_a_breach_is_handled_from_the_report_to_its_end(host: Town, desk: Desk) -> None:
    start = host.clock() // 60 * 60
    coop = await read_by_hour(host)
    async with desk(coop, "coop") as staff:
        assert "no breach that concerns" in await staff.page("/breaches/staff")
        form = span(start, start + 2 * HOUR, data="Purchase")
        made = await staff.post("/breaches/staff/new", form)
        assert made.status_code == 303, made.text
        place = made.headers["location"].partition("?")[0]
        page = await staff.page(place)
        assert "0 of 2" in page
        assert "Purchases" in page
        assert "72 hours left" in page
        assert not any(name in page for name in PEOPLE), "it counts people and names none"
        assert "Send the notice" not in page, "people must be told more than that"
        for step, fields in (("describe", WORDS), ("tell", {}), ("note", {"text": "Chiave nuova."})):
            sent = await staff.post(f"{place}/steps", {"step": step, **fields}, shown=place)
            assert sent.status_code == 303, sent.text
        page = await staff.page(place)
        assert "2 of 2" in page
        assert "notices put into inboxes: 2" in page
        assert "Chiave nuova." in page
        assert notices(host) == {"anna": 1, "bruno": 1, "carla": 0, "dario": 0}
        draft = await staff.http.get(f"{place}/notification.md", headers={"accept-language": "it"})
        assert draft.headers["content-disposition"].startswith("attachment")
        for part in (
            "Coop, info@coop.example",
            "Categorie di dati coinvolte: Acquisti",
            "2 di 2",
            *WORDS.values(),
        ):
            assert part in draft.text
        assert not any(name in draft.text for name in PEOPLE)
    host.clock.advance(80 * HOUR)
    async with desk(coop, "coop") as staff:  # the session of the first day is over
        late = await staff.post(f"{place}/steps", {"step": "report"}, shown=place)
        assert late.status_code == 422
        assert "say why only now" in late.text
        fields = {"step": "report", "text": "Verifiche lunghe."}
        assert (await staff.post(f"{place}/steps", fields, shown=place)).status_code == 303
        fields = {"step": "close", "text": "Finito."}
        assert (await staff.post(f"{place}/steps", fields, shown=place)).status_code == 303
        page = await staff.page(place)
        assert "closed: Finito." in page
        assert "<textarea" not in page


async def test_only_the_data_that_were_concerned_count(host: Town, desk: Desk) -> None:
    start = host.clock() // 60 * 60
    coop = await read_by_hour(host)
    async with desk(coop, "coop") as staff:
        form = span(start, start + 3 * HOUR, data=["Profile", "Participation"])
        made = await staff.post("/breaches/staff/new", form)
        page = await staff.page(made.headers["location"])
        assert "0 of 0" in page
        assert "there is nobody to tell" in page


async def test_a_report_that_cannot_be_counted_comes_back_with_what_was_written(
    host: Town, desk: Desk
) -> None:
    coop = await host.organisation("coop")
    async with desk(coop, "coop") as staff:
        form = {**span(host.clock() + HOUR, host.clock()), "client": "two words", "measures": "Chiave nuova."}
        answer = await staff.post("/breaches/staff/new", form)
        assert answer.status_code == 422
        for words in ("in the future", "must come after", "no client id", "Chiave nuova."):
            assert words in answer.text
        answer = await staff.post("/breaches/staff/new", {"nature": "", "begins": "ieri", "ends": ""})
        assert answer.text.count("Write a day and a time") == 2
        assert "Say what happened." in answer.text


async def test_an_organisation_sees_no_breach_of_another(host: Town, desk: Desk) -> None:
    start = host.clock() // 60 * 60
    coop, shop = await read_by_hour(host), await host.organisation("shop")
    async with desk(coop, "coop") as staff:
        made = await staff.post("/breaches/staff/new", span(start, start + HOUR, **WORDS))
        place = made.headers["location"].partition("?")[0]
        sent = await staff.post(f"{place}/steps", {"step": "publish"}, shown=place)
        assert sent.status_code == 303
    async with desk(shop, "shop") as staff:
        assert "Chiave rubata" not in await staff.page("/breaches/staff")
        for path in (place, f"{place}/notification.md", "/breaches/staff/none", "/breaches/staff/%2e%2e"):
            assert (await staff.http.get(path, headers=HTML)).status_code == 404
        sent = await staff.post(f"{place}/steps", {"step": "close", "text": "x"}, shown="/breaches/staff/new")
        assert sent.status_code == 404


async def test_the_pages_of_organisations_need_a_log_in(host: Town, desk: Desk) -> None:
    coop = await host.organisation("coop")
    async with desk(coop, "coop") as staff:
        staff.http.cookies.clear()
        assert (await staff.http.get("/breaches/", headers=HTML)).status_code == 200
        assert (await staff.http.get("/breaches/staff", headers=HTML)).status_code in (302, 303, 401)
