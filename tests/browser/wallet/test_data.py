"""Data in the wallet: edit the profile, receive a receipt, read a statement and vote, take everything along."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from consent.receipts.signing import sign
from tests.browser.wallet.shop import now_instant, purchase
from tests.browser.wallet.stage import Stage, stage
from tests.browser.wallet.steps import log_in


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


def test_a_receipt_that_came_before_is_recognised(giulia: Page, town: Stage) -> None:
    jws = sign(purchase(town.shop, "twice-1", now_instant(), 275), town.shop.key).decode()
    for answer in ("Lo scontrino è nel tuo pod.", "Avevi già questo scontrino."):
        giulia.goto(f"{town.wallet}/receive")
        giulia.get_by_label("Link o scontrino").fill(jws)
        giulia.get_by_role("button", name="Mettilo nel mio pod").click()
        expect(giulia.get_by_text(answer)).to_be_visible()


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


def test_a_statement_is_readable_and_its_vote_is_cast_once_without_a_name(giulia: Page, town: Stage) -> None:
    giulia.goto(f"{town.wallet}/data/value")
    expect(giulia.get_by_role("heading", name="Rendiconto di ottobre 2017 – dicembre 2017")).to_be_visible()
    expect(giulia.get_by_text("12 acquisti, 143,20")).to_be_visible()
    giulia.goto(f"{town.wallet}/")
    giulia.get_by_role("link", name="Guarda i progetti").click()
    assert giulia.locator("input[type=radio]:checked").count() == 0
    giulia.get_by_role("button", name="Invia il mio voto").click()
    expect(giulia.get_by_text("Scegli un progetto, poi invia il voto.")).to_be_visible()
    giulia.get_by_label("Ciclofficina").check()
    giulia.get_by_role("button", name="Invia il mio voto").click()
    expect(giulia.get_by_role("heading", name="Il tuo voto è stato contato")).to_be_visible()
    assert {"ballot": "a.credential.of-giulia", "project": "ciclofficina"} in town.shop.votes
    giulia.goto(f"{town.wallet}/")
    expect(giulia.get_by_role("link", name="Guarda i progetti")).to_have_count(0)


def test_a_credential_that_voted_elsewhere_is_said_so_once_and_not_offered_again(
    page: Page, town: Stage
) -> None:
    town.shop.votes.append({"ballot": "a.credential.of-marco", "project": "orto"})
    log_in(page, town, "marco")
    page.get_by_role("link", name="Guarda i progetti").click()
    page.get_by_label("Ciclofficina").check()
    page.get_by_role("button", name="Invia il mio voto").click()
    expect(page.get_by_text("Con questa scheda si è già votato")).to_be_visible()
    page.goto(f"{town.wallet}/")
    expect(page.get_by_role("link", name="Guarda i progetti")).to_have_count(0)


def test_everything_can_be_downloaded(giulia: Page, town: Stage, tmp_path: Path) -> None:
    giulia.goto(f"{town.wallet}/data")
    with giulia.expect_download() as kept:
        giulia.get_by_role("link", name="Scarica tutto").click()
    kept.value.save_as(tmp_path / "pod.zip")
    names = zipfile.ZipFile(tmp_path / "pod.zip").namelist()
    assert any(name.endswith("profile/private.ttl") for name in names)
    assert any(name.endswith(".jws") for name in names)


def test_data_of_any_solid_server_can_be_seen_and_edited(
    page: Page, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with stage(tmp_path_factory.mktemp("plain"), consent=False) as plain:
        log_in(page, plain, "giulia")
        for path in ("/", "/requests", "/grants", "/log"):
            page.goto(plain.wallet + path)
            expect(page.get_by_text("senza servizio di consenso")).to_be_visible()
        page.goto(f"{plain.wallet}/data/purchases/2017-10")
        expect(page.get_by_text("21,10")).to_be_visible()
        page.goto(f"{plain.wallet}/data/profile")
        page.get_by_label("Anno di nascita").fill("1990")
        page.get_by_role("button", name="Salva").click()
        expect(page.get_by_text("Il tuo profilo è salvato.")).to_be_visible()
        page.goto(f"{plain.wallet}/data/export")
        expect(page.get_by_text("non offre lo scarico completo")).to_be_visible()
