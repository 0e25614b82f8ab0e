"""The log by parts, results and several answers at once: for everybody, with the keyboard, on small and large screens."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pods.provision import webid_for
from tests.browser.wallet.stage import Stage
from tests.browser.wallet.steps import consent_to_everything, withdraw_everything

SERIOUS = {"serious", "critical"}
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def together(town: Stage) -> str:
    """Return the address to which the code of an event of both organisations leads."""
    return "/requests/together?" + "&".join(
        f"purpose={quote(town.purposes[who])}" for who in ("comune", "coop")
    )


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_pages_have_no_barrier_and_fit_the_screen(giulia: Page, town: Stage, width: int) -> None:
    giulia.set_viewport_size({"width": width, "height": 900})
    narrowed = f"/log?decision=deny&who={quote(webid_for(town.pods, 'coop'))}&first=2026-01-01"
    for path in (
        "/requests",
        together(town),
        "/log",
        narrowed,
        "/log/verify",
        "/results",
        "/results/preview",
    ):
        answer = giulia.goto(town.wallet + path)
        assert answer is not None
        assert answer.status == 200, path
        assert not giulia.evaluate(WIDE), path
        found = Axe().run(giulia).response["violations"]
        assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], path


def test_an_attempt_is_found_by_its_outcome_and_one_organisation_by_its_link(
    giulia: Page, town: Stage
) -> None:
    assert town.read(f"{town.pods}/giulia/profile/private.ttl", town.purposes["coop"]) == 403
    giulia.goto(town.wallet)
    giulia.get_by_role("link", name="Chi ha letto cosa").click()
    giulia.get_by_text("Mostra solo una parte").click()
    giulia.get_by_label("Esito").select_option(label="tentativi respinti")
    giulia.get_by_role("button", name="Mostra", exact=True).click()
    expect(giulia.locator(".p-log li")).to_have_count(1)
    expect(giulia.locator(".p-log")).to_contain_text("Cooperativa Valore Comune (prova)")
    giulia.get_by_role("link", name="solo Cooperativa Valore Comune (prova)").click()
    expect(giulia.get_by_label("Organizzazione")).to_have_value(webid_for(town.pods, "coop"))


def test_the_keyboard_alone_answers_several_requests(giulia: Page, town: Stage) -> None:
    giulia.goto(town.wallet + together(town))
    expect(giulia.locator("input[type=radio]:checked")).to_have_count(0)
    groups = giulia.get_by_role("group")
    groups.nth(0).get_by_role("radio").first.focus()
    giulia.keyboard.press("Space")  # yes to the municipality
    giulia.keyboard.press("Tab")  # the link to single items
    giulia.keyboard.press("Tab")
    giulia.keyboard.press("ArrowDown")  # of the cooperative's answers the second: no
    expect(groups.nth(1).get_by_label("Non consento")).to_be_checked()
    giulia.get_by_role("button", name="Invia le mie risposte").press("Enter")
    expect(giulia.get_by_text("Le tue risposte sono state inviate")).to_be_visible()
    expect(giulia.get_by_text("Hai detto di no il")).to_be_visible()
    giulia.goto(f"{town.wallet}/grants")
    expect(giulia.get_by_text("in vigore", exact=True)).to_have_count(1)
    withdraw_everything(giulia, town)
    consent_to_everything(giulia, town, "coop")  # who said no may change their mind
    withdraw_everything(giulia, town)
