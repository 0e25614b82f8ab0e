"""Steps that several of the wallet's browser tests take."""

from __future__ import annotations

from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.wallet.stage import PASSWORD, Stage


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


def request_page(town: Stage, which: str) -> str:
    """Return the address of a request."""
    return f"{town.wallet}/requests/one?purpose={quote(town.purposes[which])}"


def withdraw_everything(page: Page, town: Stage) -> None:
    """Withdraw every consent, as a person would."""
    page.goto(f"{town.wallet}/grants")
    while page.get_by_role("button", name="Revoca").count():
        page.get_by_role("button", name="Revoca").first.click()
        expect(page.get_by_text("Hai revocato il tuo consenso.")).to_be_visible()
        page.goto(f"{town.wallet}/grants")


def consent_to_everything(page: Page, town: Stage, which: str) -> None:
    """Open a request and agree to all that it asks."""
    page.goto(request_page(town, which))
    page.get_by_role("button", name="Consento a tutto").click()
    expect(page.get_by_text("Hai dato il tuo consenso.")).to_be_visible()
