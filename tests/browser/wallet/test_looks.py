"""The wallet for everybody: equal buttons, no barrier, keyboard alone, small screens, without JavaScript, in English."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.wallet.stage import Stage
from tests.browser.wallet.steps import consent_to_everything, log_in, request_page, withdraw_everything

SERIOUS = {"serious", "critical"}


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
    giulia.get_by_role("link", name="Giulia Ferrari").click()
    giulia.get_by_label("Italiano").check()
    giulia.get_by_role("button", name="Save").click()
    expect(giulia.get_by_role("heading", name="Preferenze")).to_be_visible()


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
    *(
        "/data/participation/2017-10",
        "/data/value",
        "/receive",
        "/preferences",
        "/preferences/standing",
        "/preferences/standing/preview?choice=never&shape=Purchase",
        "/people",
        "/prepared",
        "/about/accessibility",
        "/no-such-page",
    ),
)


def test_axe_finds_nothing_serious_on_any_page(giulia: Page, town: Stage) -> None:
    consent_to_everything(giulia, town, "coop")
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
