"""The wallet in a real browser: log in, decide, see, withdraw, edit, receive; with and without JavaScript."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.wallet_stage import PASSWORD, Stage, now_instant, purchase, stage

SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("town")) as made:
        yield made


def log_in(page: Page, town: Stage, name: str) -> None:
    """Log in as a person would, from wherever the wallet sends them."""
    if "/login" not in page.url:
        page.goto(f"{town.wallet}/login")
    page.get_by_role("button", name="Accedi con").click()
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Accedi", exact=True).click()
    page.get_by_role("button", name="Accetto", exact=True).click()
    page.wait_for_url(f"{town.wallet}/**")


@pytest.fixture
def giulia(page: Page, town: Stage) -> Page:
    log_in(page, town, "giulia")
    return page


def request_page(town: Stage, which: str) -> str:
    return f"{town.wallet}/requests/one?purpose={quote(town.purposes[which])}"


def withdraw_everything(page: Page, town: Stage) -> None:
    page.goto(f"{town.wallet}/grants")
    while page.get_by_role("button", name="Revoca").count():
        page.get_by_role("button", name="Revoca").first.click()
        page.goto(f"{town.wallet}/grants")


def test_a_page_for_the_logged_in_leads_through_login_and_back(page: Page, town: Stage) -> None:
    page.goto(f"{town.wallet}/data/purchases/2017-10")
    expect(page.get_by_role("heading", name="Accedi")).to_be_visible()
    log_in(page, town, "giulia")
    assert page.url == f"{town.wallet}/data/purchases/2017-10"
    expect(page.get_by_role("heading", name="Acquisti di ottobre 2017")).to_be_visible()


def test_home_greets_and_names_what_waits(giulia: Page) -> None:
    expect(giulia.get_by_role("heading", name="Buongiorno, Giulia Ferrari")).to_be_visible()
    expect(giulia.get_by_text("Cooperativa Valore Comune (prova) chiede il tuo consenso.")).to_be_visible()


def test_a_request_says_who_what_why_until_when_and_ticks_nothing(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "comune"))
    main = giulia.locator("main")
    for text in ("dpo@comune.example", "Niente: nessun servizio cambia.", "31 dicembre 2030"):
        expect(main.get_by_text(text).first).to_be_visible()
    expect(main.get_by_text("Solo totali: nessuno vede i tuoi dati").first).to_be_visible()
    assert main.locator("input[type=checkbox]").count() == 6
    assert main.locator("input[type=checkbox]:checked").count() == 0


def test_yes_and_no_have_the_same_weight(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "comune"))
    looks = giulia.eval_on_selector_all(
        ".p-answers button",
        """buttons => buttons.map(button => {
            const style = getComputedStyle(button), box = button.getBoundingClientRect();
            return [box.width, box.height, style.color, style.backgroundColor, style.fontSize, style.fontWeight];
        })""",
    )
    assert len(looks) == 3
    assert all(look == looks[0] for look in looks)


def test_consent_is_given_in_part_seen_and_withdrawn_in_one_step(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "comune"))
    giulia.get_by_label("Ambito").check()
    giulia.get_by_role("button", name="Consento a ciò che ho spuntato").click()
    expect(giulia.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    allowed = giulia.locator("main .p-list")
    expect(allowed.get_by_text("Ambito")).to_be_visible()
    expect(allowed.get_by_text("Classe di età")).to_have_count(0)

    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("in vigore")).to_be_visible()
    giulia.get_by_role("button", name="Revoca").click()
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()

    giulia.goto(f"{town.wallet}/log")
    expect(giulia.locator(".p-log").get_by_text("hai revocato un consenso").first).to_be_visible()
    expect(giulia.locator(".p-log").get_by_text("hai dato un consenso").first).to_be_visible()


def test_withdrawing_takes_no_more_steps_than_giving(giulia: Page, town: Stage) -> None:
    giving = withdrawing = 0
    giulia.goto(f"{town.wallet}/")
    giulia.get_by_role("link", name="Richieste", exact=True).click()
    giulia.locator("li", has_text="Valore comune 2017").get_by_role("link", name="Leggi la richiesta").click()
    giulia.get_by_role("button", name="Consento a tutto").click()
    giving += 3
    giulia.goto(f"{town.wallet}/")
    giulia.get_by_role("link", name="I miei consensi").click()
    giulia.locator("li", has_text="Valore comune 2017").get_by_role("button", name="Revoca").click()
    withdrawing += 2
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
    assert withdrawing <= giving


def test_answering_with_nothing_ticked_asks_again_instead_of_consenting(giulia: Page, town: Stage) -> None:
    withdraw_everything(giulia, town)
    giulia.goto(request_page(town, "comune"))
    giulia.get_by_role("button", name="Consento a ciò che ho spuntato").click()
    expect(giulia.get_by_text("Spunta almeno una voce dell'elenco")).to_be_visible()
    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("in vigore")).to_have_count(0)


def test_a_no_is_taken_and_changes_nothing_else(page: Page, town: Stage) -> None:
    log_in(page, town, "marco")
    page.goto(request_page(town, "comune"))
    page.get_by_role("button", name="Non consento").click()
    expect(page.get_by_text("Hai detto di no.")).to_be_visible()
    expect(page.get_by_text("Chi partecipa nei quartieri")).to_have_count(0)
    expect(page.get_by_text("Valore comune 2017")).to_be_visible()


def test_the_consent_record_can_be_kept(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "coop"))
    giulia.get_by_role("button", name="Consento a tutto").click()
    with giulia.expect_download() as kept:
        giulia.get_by_role("link", name="Scarica la ricevuta del consenso").click()
    record = Path(kept.value.path()).read_text("utf-8")
    assert town.purposes["coop"] in record
    withdraw_everything(giulia, town)


def test_a_read_is_logged_with_its_consent_and_a_refused_one_too(giulia: Page, town: Stage) -> None:
    month = f"{town.pods}/giulia/purchases/2017-10/"
    assert town.read(month, town.purposes["coop"]) == 403
    giulia.goto(request_page(town, "coop"))
    giulia.get_by_role("button", name="Consento a tutto").click()
    assert town.read(month, town.purposes["coop"]) == 200

    giulia.goto(f"{town.wallet}/log")
    read = giulia.locator(".p-log li", has_text="ha letto i tuoi acquisti, ottobre 2017").first
    expect(read.get_by_text("Cooperativa Valore Comune (prova)")).to_be_visible()
    expect(read.get_by_text("Perché: Valore comune 2017")).to_be_visible()
    refused = giulia.locator(".p-log li", has_text="tentativo respinto").first
    expect(refused.get_by_text("i tuoi acquisti")).to_be_visible()

    read.get_by_role("button", name="Revoca questo consenso").click()
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
    assert town.read(month, town.purposes["coop"]) == 403
    giulia.goto(f"{town.wallet}/")
    expect(giulia.locator("main").get_by_text("ha letto i tuoi acquisti, ottobre 2017").first).to_be_visible()


def test_the_profile_is_edited_and_what_the_form_does_not_know_stays(giulia: Page, town: Stage) -> None:
    giulia.goto(f"{town.wallet}/data/profile")
    giulia.get_by_label("Anno di nascita").fill("19x4")
    giulia.get_by_role("button", name="Salva").click()
    expect(giulia.get_by_text("Scrivi un anno di quattro cifre")).to_be_visible()
    giulia.get_by_label("Anno di nascita").fill("1985")
    giulia.get_by_label("Quartiere").select_option(index=3)
    giulia.get_by_role("button", name="Salva").click()
    expect(giulia.get_by_text("Il tuo profilo è salvato.")).to_be_visible()
    expect(giulia.get_by_label("Anno di nascita")).to_have_value("1985")
    expect(giulia.get_by_text("Dipende dal quartiere.")).to_be_visible()
    giulia.get_by_role("link", name="Vedi il documento originale").click()
    raw = giulia.locator("body").inner_text()
    assert "by another app" in raw
    assert "district" in raw


def test_a_second_window_cannot_undo_the_first_unseen(
    giulia: Page, town: Stage, context: BrowserContext
) -> None:
    giulia.goto(f"{town.wallet}/data/profile")
    other = context.new_page()
    other.goto(f"{town.wallet}/data/profile")
    other.get_by_label("Nome").fill("Giulia F.")
    other.get_by_role("button", name="Salva").click()
    giulia.get_by_label("Nome").fill("G. Ferrari")
    giulia.get_by_role("button", name="Salva").click()
    expect(giulia.get_by_text("è stato modificato altrove")).to_be_visible()
    expect(giulia.get_by_label("Nome")).to_have_value("Giulia F.")


def test_a_receipt_arrives_once_and_is_verified(giulia: Page, town: Stage) -> None:
    link = town.shop.offer(purchase(town.shop, f"n-{int(time.time())}", now_instant(), 330, 520))
    giulia.goto(f"{town.wallet}/receive?url={quote(link)}")
    expect(giulia.get_by_text("Uno scontrino ti aspetta")).to_be_visible()
    assert town.shop.waiting, "looking at the page must not use up the link"
    giulia.get_by_role("button", name="Mettilo nel mio pod").click()
    expect(giulia.get_by_text("Lo scontrino è nel tuo pod.")).to_be_visible()
    expect(giulia.get_by_text("Firma verificata")).to_be_visible()
    expect(giulia.locator("tfoot").get_by_text("8,50")).to_be_visible()

    giulia.goto(f"{town.wallet}/receive?url={quote(link)}")
    giulia.get_by_role("button", name="Mettilo nel mio pod").click()
    expect(giulia.get_by_text("Questo link è già stato usato.")).to_be_visible()


def test_a_receipt_that_was_tampered_with_is_not_taken(giulia: Page, town: Stage) -> None:
    link = town.shop.offer(purchase(town.shop, "evil-1", now_instant(), 330))
    token = link.rpartition("/")[2]
    jws = bytearray(town.shop.waiting[token])
    jws[-20] = ord("A") if jws[-20] != ord("A") else ord("B")
    town.shop.waiting[token] = bytes(jws)
    giulia.goto(f"{town.wallet}/receive")
    giulia.get_by_label("Link o scontrino").fill(link)
    giulia.get_by_role("button", name="Mettilo nel mio pod").click()
    expect(giulia.get_by_text("La firma di questo scontrino non è valida")).to_be_visible()


def test_everything_can_be_downloaded(giulia: Page, town: Stage, tmp_path: Path) -> None:
    giulia.goto(f"{town.wallet}/data")
    with giulia.expect_download() as kept:
        giulia.get_by_role("link", name="Scarica tutto").click()
    kept.value.save_as(tmp_path / "pod.zip")
    names = zipfile.ZipFile(tmp_path / "pod.zip").namelist()
    assert any(name.endswith("profile/private.ttl") for name in names)
    assert any(name.endswith(".jws") for name in names)


def test_the_main_job_works_without_javascript(browser: Browser, town: Stage) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="it-IT")
    plain.set_default_timeout(10_000)
    page = plain.new_page()
    log_in(page, town, "marco")
    page.get_by_role("link", name="Richieste", exact=True).click()
    page.locator("li", has_text="Valore comune 2017").get_by_role("link", name="Leggi la richiesta").click()
    page.get_by_role("button", name="Consento a tutto").click()
    expect(page.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    page.get_by_role("button", name="Revoca questo consenso").click()
    expect(page.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
    page.get_by_role("button", name="Esci").click()
    plain.close()


def test_the_wallet_speaks_english_too(giulia: Page, town: Stage) -> None:
    giulia.get_by_role("link", name="English").click()
    expect(giulia.locator("html")).to_have_attribute("lang", "en")
    giulia.goto(request_page(town, "comune"))
    expect(giulia.get_by_role("heading", name="Who takes part in the neighbourhoods")).to_be_visible()
    expect(giulia.get_by_role("button", name="I do not consent")).to_be_visible()


def test_logging_out_closes_the_wallet(giulia: Page, town: Stage) -> None:
    giulia.get_by_role("button", name="Esci").click()
    giulia.goto(f"{town.wallet}/data")
    assert "/login" in giulia.url


PAGES = (
    *(
        "/",
        "/requests",
        "/grants",
        "/log",
        "/data",
        "/data/profile",
        "/data/purchases",
        "/data/purchases/2017-10",
    ),
    *("/data/participation/2017-10", "/data/value", "/receive", "/about/accessibility", "/no-such-page"),
)


def test_axe_finds_nothing_serious_on_any_page(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "coop"))
    giulia.get_by_role("button", name="Consento a tutto").click()
    seen = [
        giulia.url.removeprefix(town.wallet),
        *PAGES,
        request_page(town, "comune").removeprefix(town.wallet),
    ]
    found = {}
    for path in seen:
        answer = giulia.goto(town.wallet + path)
        assert answer is not None
        assert answer.status == (404 if path == "/no-such-page" else 200), path
        violations = Axe().run(giulia).response["violations"]
        serious = [
            f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in violations if one["impact"] in SERIOUS
        ]
        if serious:
            found[path] = serious
    assert found == {}
    withdraw_everything(giulia, town)


@pytest.mark.parametrize("width", [320, 768])
def test_no_page_scrolls_sideways(giulia: Page, town: Stage, width: int) -> None:
    giulia.set_viewport_size({"width": width, "height": 800})
    wide = []
    for path in [*PAGES, request_page(town, "coop").removeprefix(town.wallet)]:
        giulia.goto(town.wallet + path)
        if giulia.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []


def test_the_keyboard_alone_gives_and_withdraws(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "comune"))
    giulia.keyboard.press("Tab")
    assert giulia.evaluate("document.activeElement.textContent") == "Vai al contenuto"
    expect(giulia.locator(":focus")).to_be_visible()
    _tab_to(giulia, "Non consento")
    _tab_to(giulia, "Consento a tutto ciò che è chiesto", back=True)
    giulia.keyboard.press("Enter")
    expect(giulia.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    _tab_to(giulia, "Revoca questo consenso")
    giulia.keyboard.press("Enter")
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()


def _tab_to(page: Page, label: str, *, back: bool = False) -> None:
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if (page.evaluate("document.activeElement.textContent") or "").strip() == label:
            return
    raise AssertionError(f"the keyboard does not reach {label!r}")
