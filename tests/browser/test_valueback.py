"""Cooperative, shop and house do their work in a real browser, and axe finds nothing serious."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.valueback_town import PASSWORD, Town, town

WIDTHS = (360, 768, 1280)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town(tmp_path_factory.mktemp("town"), 6) as found:
        whole = replace(found, factory="apps.main:create_app")
        whole.start()
        try:
            yield whole
        finally:
            whole.stop()


@pytest.fixture(scope="module")
def shots() -> Path | None:
    """A folder for pictures of the pages, for people to look at, if PORTICO_SHOTS names one."""
    folder = os.environ.get("PORTICO_SHOTS")
    return Path(folder) if folder else None


def log_in(page: Page, address: str, name: str) -> None:
    """Log in at the pod host, as the organisation's staff do."""
    page.set_default_timeout(30_000)
    page.goto(address)
    page.get_by_role("button", name=re.compile("Accedi con")).first.click()
    page.get_by_label("Nome o indirizzo e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accedi").click()
    page.get_by_role("button", name="Accetto", exact=True).click()
    page.wait_for_url(address)


def check(page: Page, name: str, shots: Path | None = None) -> None:
    """Look at a page at three widths: nothing serious for axe, nothing wider than the screen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
        if shots is not None:
            page.screenshot(path=shots / f"{name}-{width}.png", full_page=True)
    found = [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert found == [], name


def test_a_cooperative_publishes_a_programme_and_runs_it(
    served: Town, context: BrowserContext, shots: Path | None
) -> None:
    page = context.new_page()
    log_in(page, f"{served.base}/staff", "coop")
    expect(page.get_by_role("heading", level=1)).to_have_text("I vostri programmi")
    check(page, "staff", shots)
    page.get_by_role("link", name="Nuovo programma").click()
    page.get_by_label("Titolo in italiano").first.fill("Ristorno di quartiere")
    page.get_by_label("Nome breve").fill("ristorno")
    page.get_by_label("A che cosa serve, in italiano").fill("Il valore torna a chi lo crea.")
    page.get_by_label("Al massimo, €").fill("1000")
    page.get_by_label("Primo mese").fill("2017-01")
    page.get_by_label("Ultimo mese").fill("2017-12")
    page.get_by_label("Forno dell'Orologio").check()
    for number, title in enumerate(("Orti condivisi", "Ciclofficina", "Doposcuola"), start=1):
        page.get_by_role("group", name=f"Progetto {number}").get_by_label("Titolo in italiano").fill(title)
    check(page, "new", shots)
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ristorno di quartiere")
    page.get_by_role("button", name="Invita le persone").click()
    expect(page.get_by_text("Non saprete chi sono")).to_be_visible()
    check(page, "staff-programme", shots)
    served.shown = _published(served)
    for name in served.members:
        served.give(name)
    page.get_by_label("Primo mese").fill("2017-10")
    page.get_by_label("Ultimo mese").fill("2017-10")
    page.get_by_role("button", name="Avvia").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ripartizione")
    for _ in range(60):
        if page.get_by_text("Voto aperto", exact=True).count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(page.get_by_text("Voto aperto", exact=True)).to_be_visible()
    check(page, "staff-run", shots)
    page.get_by_role("link", name="Rendiconto pubblico").click()
    # Six members with three receipts each: 63.18 euro, 2 % of which are 1.26 euro.
    expect(page.get_by_text("1,26\u00a0€")).to_be_visible()
    check(page, "run", shots)
    page.get_by_role("link", name="Vota con la tua scheda").click()
    check(page, "vote", shots)
    ballot = re.findall(r'po:ballot "([^"]+)"', served.statements("socio1")[0].decode())[0]
    page.get_by_label("La tua scheda di voto").fill(ballot)
    page.get_by_label("Ciclofficina").check()
    page.get_by_role("button", name="Vota").click()
    expect(page.get_by_text("Il tuo voto è stato contato")).to_be_visible()
    page.goto(f"{served.base}/programmes/ristorno/1")
    check(page, "programme", shots)
    page.goto(f"{served.base}/")
    check(page, "home", shots)


def test_a_shop_issues_a_receipt(served: Town, context: BrowserContext, shots: Path | None) -> None:
    page = context.new_page()
    log_in(page, f"{served.base}/till", "forno")
    check(page, "till", shots)
    page.get_by_label("Descrizione").first.fill("Erbazzone")
    page.get_by_label("Prezzo unitario, €").first.fill("3,50")
    page.get_by_role("button", name="Emetti lo scontrino").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Scontrino di 3,50\u00a0€")
    expect(page.get_by_role("img", name="Codice QR dello scontrino")).to_be_visible()
    check(page, "receipt", shots)
    link = page.locator("code").first.inner_text()
    page.goto(link)
    expect(page.get_by_role("link", name="Apri nel mio portafoglio")).to_be_visible()
    check(page, "receive", shots)


def test_a_house_certifies_hours_without_javascript(
    served: Town, context: BrowserContext, shots: Path | None
) -> None:
    browser = context.browser
    assert browser is not None
    plain = browser.new_context(locale="it-IT", java_script_enabled=False)
    page = plain.new_page()
    log_in(page, f"{served.apps}/checkin/staff", "casa-orologio")
    page.get_by_label("Volontariato", exact=True).check()
    page.get_by_label("Nome dell'attività").fill("Cura dell'aiuola")
    page.get_by_label("Tema").select_option("green")
    page.get_by_label("Per quante persone").fill("2")
    page.get_by_role("button", name="Crea i codici").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cura dell'aiuola")
    expect(page.get_by_role("img", name=re.compile("Codice QR per la persona"))).to_have_count(2)
    plain.close()
    seen = context.new_page()
    log_in(seen, f"{served.apps}/checkin/staff", "casa-orologio")
    check(seen, "desk", shots)
    seen.goto(f"{served.apps}/checkin/")
    check(seen, "checkin", shots)


def _published(served: Town) -> dict[str, object]:
    found: list[dict[str, object]] = httpx.get(f"{served.base}/api/programmes", timeout=30).json()
    return found[0]
