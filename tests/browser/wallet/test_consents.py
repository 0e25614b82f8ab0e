"""Consent in the wallet: log in, read a request, decide, see, withdraw; every step in a real browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.wallet.stage import Stage
from tests.browser.wallet.steps import consent_to_everything, log_in, request_page, withdraw_everything


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


def test_consent_is_given_in_part_seen_and_withdrawn_in_one_step(giulia: Page, town: Stage) -> None:
    giulia.goto(request_page(town, "comune"))
    giulia.get_by_label("Ambito").check()
    giulia.get_by_role("button", name="Consento a ciò che ho spuntato").click()
    expect(giulia.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    allowed = giulia.locator("main .p-list")
    expect(allowed.get_by_text("Ambito")).to_be_visible()
    expect(allowed.get_by_text("Classe di età")).to_have_count(0)

    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("in vigore", exact=True)).to_be_visible()
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
    expect(giulia.get_by_text("in vigore", exact=True)).to_have_count(0)


def test_a_no_is_taken_and_changes_nothing_else(page: Page, town: Stage) -> None:
    log_in(page, town, "marco")
    page.goto(request_page(town, "comune"))
    page.get_by_role("button", name="Non consento").click()
    expect(page.get_by_text("Hai detto di no.")).to_be_visible()
    expect(page.locator(".p-card", has_text="Chi partecipa nei quartieri")).to_have_count(0)
    rests = page.get_by_role("listitem").filter(has_text="Chi partecipa nei quartieri")
    expect(rests).to_contain_text("Puoi cambiare idea quando vuoi.")
    expect(page.get_by_text("Valore comune 2017")).to_be_visible()


def test_the_consent_record_can_be_kept(giulia: Page, town: Stage) -> None:
    consent_to_everything(giulia, town, "coop")
    with giulia.expect_download() as kept:
        giulia.get_by_role("link", name="Scarica la ricevuta del consenso").click()
    record = Path(kept.value.path()).read_text("utf-8")
    assert town.purposes["coop"] in record
    withdraw_everything(giulia, town)


def test_a_read_is_logged_with_its_consent_and_a_refused_one_too(giulia: Page, town: Stage) -> None:
    month = f"{town.pods}/giulia/purchases/2017-10/"
    assert town.read(month, town.purposes["coop"]) == 403
    consent_to_everything(giulia, town, "coop")
    assert town.read(month, town.purposes["coop"]) == 200

    giulia.goto(f"{town.wallet}/log")
    read = giulia.locator(".p-log li", has_text="ha letto i tuoi acquisti, ottobre 2017").first
    expect(read.get_by_text("Cooperativa Valore Comune (prova)", exact=True)).to_be_visible()
    expect(read.get_by_text("Perché: Valore comune 2017")).to_be_visible()
    refused = giulia.locator(".p-log li", has_text="tentativo respinto").first
    expect(refused.get_by_text("i tuoi acquisti")).to_be_visible()

    read.get_by_role("button", name="Revoca questo consenso").click()
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
    assert town.read(month, town.purposes["coop"]) == 403
    giulia.goto(f"{town.wallet}/")
    expect(giulia.locator("main").get_by_text("ha letto i tuoi acquisti, ottobre 2017").first).to_be_visible()


def test_logging_out_closes_the_wallet(giulia: Page, town: Stage) -> None:
    refused: list[str] = []
    giulia.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    giulia.get_by_role("button", name="Esci").click()
    expect(giulia.get_by_role("heading", name="I tuoi dati, a casa tua")).to_be_visible()
    assert giulia.url == f"{town.wallet}/"
    assert refused == []
    giulia.goto(f"{town.wallet}/data")
    giulia.get_by_role("button", name="Accedi con").click()
    expect(giulia.get_by_label("Password")).to_be_visible()  # the provider has logged giulia out too
