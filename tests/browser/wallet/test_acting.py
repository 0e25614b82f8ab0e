"""Acting for somebody, prepared answers and standing preferences in a real browser: no script, keyboard, three widths, axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.wallet.acting_steps import act, admit, appoint, code_of, end_everything, nearly_over
from tests.browser.wallet.stage import Stage
from tests.browser.wallet.steps import consent_to_everything, log_in, request_page, withdraw_everything

SERIOUS = {"serious", "critical"}
WIDTHS = (360, 768, 1280)
PREVIEW = "/preferences/standing/preview?choice=never&controller_kind=cooperative&shape=Purchase"
FORBIDDEN = "/preferences/standing/preview?choice=allow&mode=rows"


def barriers(page: Page, addresses: list[str]) -> dict[str, object]:
    """Return what axe finds, and what scrolls sideways, on pages at every width."""
    found: dict[str, object] = {}
    for address in addresses:
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            wide = page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            serious = [
                f"{one['id']}: {one['nodes'][0]['html'][:150]}"
                for one in Axe().run(page).response["violations"]
                if one["impact"] in SERIOUS
            ]
            if wide or serious:
                found[f"{address} at {width}"] = serious or "scrolls sideways"
    return found


@pytest.fixture
def plain(browser: Browser) -> Iterator[Page]:
    """A page without JavaScript, in a browser of its own."""
    context = browser.new_context(java_script_enabled=False, locale="it-IT")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def marco(browser: Browser, town: Stage) -> Iterator[Page]:
    """A page in a browser of his own on which marco has logged in."""
    context = browser.new_context(locale="it-IT")
    context.set_default_timeout(10_000)
    page = context.new_page()
    log_in(page, town, "marco")
    yield page
    context.close()


@pytest.fixture(autouse=True)
def nothing_left(town: Stage) -> Iterator[None]:
    """End after each test what somebody may do for giulia."""
    yield
    end_everything(town, "giulia")


def test_a_trusted_person_is_named_accepts_acts_and_goes_back_without_a_script(
    giulia: Page, plain: Page, town: Stage
) -> None:
    giulia.goto(f"{town.wallet}/people")
    giulia.get_by_label("Nome del suo pod").fill("marco")
    for power in ("dare il consenso", "revocare consensi"):
        giulia.get_by_label(power).check()
    giulia.get_by_role("button", name="Affida").click()
    expect(giulia.get_by_text("quando avrà accettato")).to_be_visible()
    log_in(plain, town, "marco")
    expect(plain.get_by_text("Qualcuno conta su di te")).to_be_visible()
    plain.get_by_role("link", name="Guarda e rispondi").click()
    plain.get_by_role("button", name="Accetta", exact=True).click()
    act(plain, town, "Giulia Ferrari")
    banner = plain.get_by_role("region", name="Stai agendo per Giulia Ferrari")
    expect(banner).to_contain_text("come persona di fiducia")
    plain.goto(request_page(town, "coop"))
    expect(plain.get_by_role("button", name="Non consento")).to_have_count(0)
    plain.get_by_role("button", name="Consento a tutto").click()
    expect(plain.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    plain.get_by_role("button", name="Revoca questo consenso").click()
    banner.get_by_role("button", name="Torna ad agire per te").click()
    expect(plain.get_by_text("Ora agisci di nuovo per te.")).to_be_visible()
    expect(banner).to_have_count(0)
    giulia.goto(f"{town.wallet}/log")
    expect(giulia.get_by_text("Marco Bini, per te, come persona di fiducia:").first).to_be_visible()


def test_a_custodian_prepares_at_the_desk_and_the_person_confirms(
    giulia: Page, plain: Page, town: Stage
) -> None:
    admit(town, "marco")
    code = code_of(giulia, town)
    log_in(plain, town, "marco")
    plain.goto(f"{town.wallet}/people")
    plain.locator("[name=person]").fill("giulia")
    plain.locator("[name=code]").fill(code)
    plain.get_by_role("button", name="Comincia").click()
    expect(plain.get_by_role("region", name="Stai agendo per")).to_contain_text("fino alle")
    plain.goto(request_page(town, "comune"))
    plain.get_by_role("button", name="Preparo tutto").click()
    expect(plain.get_by_text("Non è un consenso")).to_be_visible()
    assert barriers(giulia, [f"{town.wallet}{path}" for path in ("/", "/requests", "/prepared")]) == {}
    giulia.goto(f"{town.wallet}/prepared")
    giulia.get_by_role("button", name="Consento", exact=True).click()
    expect(giulia.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
    withdraw_everything(giulia, town)


def test_no_page_of_acting_has_a_barrier_at_any_width(marco: Page, giulia: Page, town: Stage) -> None:
    consent_to_everything(giulia, town, "coop")
    nearly_over(town, "giulia")
    appoint(town, "marco", "giulia")
    own = ["/", "/grants", "/people", "/preferences", "/preferences/standing", PREVIEW, FORBIDDEN]
    assert barriers(giulia, [town.wallet + path for path in own]) == {}
    assert barriers(marco, [f"{town.wallet}/people"]) == {}
    act(marco, town, "Giulia Ferrari")
    there = ["/", "/requests", "/grants", "/log", "/rights", "/rights/new", "/data"]
    addresses = [*(town.wallet + path for path in there), request_page(town, "comune")]
    assert barriers(marco, addresses) == {}


def test_the_banner_comes_first_and_covers_nothing_that_has_the_focus(marco: Page, town: Stage) -> None:
    page = marco
    page.emulate_media(reduced_motion="reduce")  # where it ends counts, not what a smooth scroll passes
    appoint(town, "marco", "giulia")
    act(page, town, "Giulia Ferrari")
    page.goto(request_page(town, "coop"))
    page.set_viewport_size({"width": 360, "height": 740})
    order, covered = [], []
    for _ in range(40):
        page.keyboard.press("Tab")
        order.append((page.evaluate("document.activeElement.textContent") or "").strip())
        if page.evaluate(
            """() => {
                const banner = document.querySelector(".p-acting"), active = document.activeElement;
                if (banner.contains(active) || active === document.body) return false;
                return active.getBoundingClientRect().top < banner.getBoundingClientRect().bottom - 1
                    && !active.closest(".skiplinks");
            }"""
        ):
            covered.append(order[-1])
    assert order[3] == "Torna ad agire per te"
    assert covered == []


def test_a_rule_is_made_with_the_keyboard_alone_and_taken_away(giulia: Page, town: Stage) -> None:
    giulia.goto(f"{town.wallet}/preferences/standing")
    giulia.get_by_label("Mai: di’ di no per me").focus()
    giulia.keyboard.press("Space")
    giulia.get_by_label("Chi chiede").focus()
    giulia.keyboard.type("una coop")
    giulia.get_by_role("button", name="Guarda che cosa farebbe").focus()
    giulia.keyboard.press("Enter")
    expect(giulia.get_by_text("Si dice di no per te quando chiede una cooperativa.")).to_be_visible()
    giulia.get_by_role("button", name="Salva questa regola").press("Enter")
    expect(giulia.get_by_text("Salvata.")).to_be_visible()
    giulia.get_by_role("button", name="Toglila").press("Enter")
    expect(giulia.get_by_text("Nessuna regola: ti viene chiesto ogni volta.")).to_be_visible()
