"""Rights in the wallet: who has my data, a request, and the wish to have everything erased after a withdrawal."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.wallet.stage import Stage
from tests.browser.wallet.steps import consent_to_everything

SERIOUS = {"serious", "critical"}


def test_the_wish_to_have_everything_erased_is_one_click_after_a_withdrawal(
    giulia: Page, town: Stage
) -> None:
    consent_to_everything(giulia, town, "coop")
    giulia.get_by_role("button", name="Revoca questo consenso").click()
    expect(giulia.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
    giulia.get_by_role("button", name="Chiedi di cancellare ciò che è stato letto").click()
    expect(giulia.get_by_text("La richiesta è inviata.")).to_be_visible()
    expect(giulia.get_by_role("heading", name="Far cancellare ciò che è stato letto")).to_be_visible()
    giulia.get_by_role("button", name="Chiudi questa richiesta").click()
    expect(giulia.get_by_text("Hai chiuso la richiesta")).to_be_visible()


def test_a_restriction_rests_a_consent_until_it_is_lifted(giulia: Page, town: Stage) -> None:
    consent_to_everything(giulia, town, "coop")
    giulia.goto(f"{town.wallet}/rights/new")
    giulia.get_by_label("Fermare l'uso per ora").check()
    giulia.get_by_label("A chi?").select_option(label="Cooperativa Valore Comune (prova)")
    giulia.get_by_role("button", name="Invia la richiesta").click()
    expect(giulia.get_by_text("La richiesta è inviata.")).to_be_visible()
    request = giulia.url
    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("sospeso").first).to_be_visible()
    giulia.goto(request)
    giulia.get_by_role("button", name="Togli la limitazione e chiudi").click()
    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("in vigore", exact=True)).to_be_visible()


def test_what_does_not_fit_is_said_in_words_and_nothing_typed_is_lost(giulia: Page, town: Stage) -> None:
    consent_to_everything(giulia, town, "comune")
    giulia.goto(f"{town.wallet}/rights/new?kind=objection")
    giulia.get_by_label("A chi?").select_option(index=0)
    giulia.get_by_label("Con parole tue").fill("Non voglio.")
    giulia.get_by_role("button", name="Invia la richiesta").click()
    expect(giulia.get_by_text("ciò che si fonda sul tuo consenso si revoca")).to_be_visible()
    expect(giulia.get_by_label("Con parole tue")).to_have_value("Non voglio.")


def test_the_answer_of_the_host_is_a_page_and_a_table_to_keep(
    giulia: Page, town: Stage, tmp_path: Path
) -> None:
    consent_to_everything(giulia, town, "coop")
    giulia.goto(f"{town.wallet}/data")
    giulia.get_by_role("link", name="Apri i miei diritti").click()
    giulia.get_by_role("link", name="Chi ha i miei dati").click()
    expect(giulia.get_by_text("Cooperativa Valore Comune (prova)").first).to_be_visible()
    with giulia.expect_download() as download:
        giulia.get_by_role("link", name="Scarica come tabella").click()
    download.value.save_as(tmp_path / "access.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "access.csv").read_text("utf-8"))))
    assert "Cooperativa Valore Comune (prova)" in {row["organisation"] for row in rows}


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_pages_of_rights_fit_and_have_no_barrier(giulia: Page, town: Stage, width: int) -> None:
    giulia.set_viewport_size({"width": width, "height": 800})
    consent_to_everything(giulia, town, "coop")
    giulia.goto(f"{town.wallet}/rights/new?kind=access")
    giulia.get_by_role("button", name="Invia la richiesta").click()
    expect(giulia.get_by_text("La richiesta è inviata.")).to_be_visible()
    request = giulia.url
    for address in (request, *(f"{town.wallet}/rights{path}" for path in ("", "/new", "/access"))):
        giulia.goto(address)
        assert not giulia.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        ), address
        serious = [one["id"] for one in Axe().run(giulia).response["violations"] if one["impact"] in SERIOUS]
        assert serious == [], address
    giulia.goto(request)
    giulia.get_by_role("button", name="Chiudi questa richiesta").click()
