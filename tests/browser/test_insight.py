"""The administration publishes, counts and asks in a real browser; citizens read the register."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from consent.registry_sql import Purposes
from tests.insight_town import NAME, PASSWORD, InsightTown, insight_town

WIDTHS = (360, 768, 1280)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InsightTown]:
    with insight_town(tmp_path_factory.mktemp("insight")) as found:
        yield found


@pytest.fixture(scope="module")
def shots() -> Path | None:
    """A folder for pictures of the pages, for people to look at, if PORTICO_SHOTS names one."""
    folder = os.environ.get("PORTICO_SHOTS")
    return Path(folder) if folder else None


def log_in(page: Page, address: str) -> None:
    """Log in at the pod host, as the administration's staff do."""
    page.set_default_timeout(30_000)
    page.goto(address)
    page.get_by_role("button", name=re.compile("Accedi con")).first.click()
    page.get_by_label("Nome o indirizzo e-mail").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Accedi").click()
    page.get_by_role("button", name="Accetto", exact=True).click()
    page.wait_for_url(address)


def check(page: Page, name: str, shots: Path | None = None) -> None:
    """Look at a page at three widths: nothing serious for axe, nothing wider than the screen."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if shots is not None:
            page.screenshot(path=shots / f"insight-{name}-{width}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
    found = [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert found == [], name


def publish(page: Page) -> None:
    """Fill in the form of a programme."""
    page.get_by_role("link", name="Nuovo programma").click()
    for label, text in {
        "Nome breve": "quartieri",
        "Titolo in italiano": "Vita di quartiere",
        "Titolo in inglese": "Neighbourhood life",
        "A che cosa serve, in italiano": "Il Comune vuole sapere quanti partecipano e che cosa comprano vicino.",
        "A che cosa serve, in inglese": "The town wants to know how many take part and what they buy nearby.",
        "Che cosa succede a chi dice di no, in italiano": "Nulla.",
        "Che cosa succede a chi dice di no, in inglese": "Nothing.",
        "I consensi scadono il": "2036-12-31",
        "Minimo di partecipanti": "20",
    }.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Acquisti: Categoria merceologica", exact=True).check()
    page.get_by_label("Partecipazione: Tipo di partecipazione", exact=True).check()
    page.get_by_label("Totale: Acquisti: Importo", exact=True).check()


def test_an_administration_publishes_counts_and_asks(
    served: InsightTown, context: BrowserContext, shots: Path | None
) -> None:
    page = context.new_page()
    log_in(page, f"{served.apps}/insight/staff")
    check(page, "staff", shots)
    publish(page)
    check(page, "new", shots)
    page.get_by_role("button", name="Pubblica").click()
    expect(page.get_by_text("Il programma è pubblicato")).to_be_visible()
    page.get_by_role("button", name="Invita le persone").click()
    expect(page.get_by_text("la trova nella propria casella")).to_be_visible()

    with served.core.store.reading() as tx:
        purpose = Purposes(served.pods).latest(tx, "quartieri")
    assert purpose is not None
    served.agree(served.settle(120), purpose)
    page.get_by_role("button", name="Conta chi partecipa").click()
    expect(page.get_by_text(re.compile(r"circa \d+ \(tra"))).to_be_visible()
    check(page, "staff-programme", shots)

    page.get_by_label("Che cosa si misura").select_option("people")
    page.get_by_label("Suddivisione (1)").select_option("Profile.district")
    page.get_by_label("Precisione").select_option("0.05")
    page.get_by_role("button", name="Chiedi").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Persone, per ambito")
    expect(page.get_by_role("table")).to_contain_text("non mostrato")
    chart = page.get_by_role("img", name=re.compile("Grafico della tabella"))
    expect(chart).to_be_visible()
    assert chart.evaluate("image => image.complete && image.naturalWidth > 0")
    page.locator("summary").click()
    check(page, "release", shots)

    page.go_back()
    page.get_by_label("Che cosa si misura").select_option("sum Purchase.lineAmount")
    page.get_by_label("Suddivisione (1)").select_option("Profile.district")
    page.get_by_label("Suddivisione (2)").select_option("Purchase.category")
    page.get_by_label("Suddivisione (3)").select_option("Participation.kind")
    page.get_by_role("button", name="Chiedi").click()
    refused = page.get_by_text("make it a condition in where")
    expect(refused.first).to_be_visible()
    expect(page.get_by_label("Suddivisione (2)")).to_have_value("Purchase.category")
    check(page, "refused", shots)


def test_citizens_read_programmes_and_questions(
    served: InsightTown, context: BrowserContext, shots: Path | None
) -> None:
    purpose = served.published()
    served.agree(served.settle(120), purpose)
    page = context.new_page()
    page.goto(f"{served.apps}/insight/")
    check(page, "programmes", shots)
    page.goto(f"{served.apps}/insight/programmes/{str(purpose.programme).rpartition('/')[2]}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vita di quartiere")
    check(page, "programme", shots)
    page.get_by_role("link", name="Registro delle domande").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Registro delle domande")
    check(page, "questions", shots)
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register of questions")
