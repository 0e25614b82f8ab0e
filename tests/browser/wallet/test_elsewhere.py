"""Somebody whose data lies on another Solid server: logs in there, gives documents from the wallet, and takes them back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pods.identity.passwords import hash_password
from pods.main import application, open_core
from pods.model import Path as PodPath
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.browser.wallet.stage import PASSWORD, Stage, stage
from tests.consent_host import ORDER
from tests.serving import bound_socket, serving

SERIOUS = {"serious", "critical"}


@dataclass(frozen=True, slots=True)
class Far:
    """The town with its register and wallet, and the other server, where elena's data lies."""

    town: Stage
    there: str


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    folder = tmp_path_factory.mktemp("far")
    with ExitStack() as stack:
        listener = bound_socket()
        address = f"localhost:{listener.getsockname()[1]}"
        town = stack.enter_context(stage(folder / "town", beside=address))
        trusted = (address, town.wallet.removeprefix("http://"), town.pods.removeprefix("http://"))
        settings = PodSettings(data=folder / "there", pod_url=f"http://{address}", trusted_hosts=trusted)
        core = open_core(settings, time.time)
        webid = webid_for(settings.pod_url, "elena")
        with core.store.writing() as tx:
            create_pod(
                *(tx, "elena", webid),
                base=settings.pod_url,
                issuer=settings.issuer,
                display_name="Elena Sassi",
                at=time.time(),
                kind="person",
            )
            core.accounts.create(tx, "elena", password=hash_password(PASSWORD), webid=webid)
            for month, number in (("2017-09", 1), ("2017-09", 2), ("2017-10", 3)):
                place = PodPath(f"/elena/purchases/{month}/b{number}.ttl")
                tx.write(place, "text/turtle", ORDER.encode(), time.time())
        stack.enter_context(serving(application(core), listener=listener))
        yield Far(town, settings.pod_url)


@pytest.fixture
def elena(page: Page, far: Far) -> Page:
    """A page on which elena has logged in, at her own server."""
    log_in(page, far)
    return page


def log_in(page: Page, far: Far) -> None:
    page.goto(f"{far.town.wallet}/login")
    page.get_by_text("Il mio pod è presso un altro fornitore").click()
    page.get_by_label("Indirizzo del tuo fornitore").fill(far.there)
    page.get_by_role("button", name="Continua").click()
    page.fill("[name=login]", "elena")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Accedi", exact=True).click()
    page.get_by_role("button", name="Accetto", exact=True).click()
    page.wait_for_url(f"{far.town.wallet}/**")


def give(page: Page, far: Far) -> None:
    """Follow the code of the cooperative, as it hangs in the shop, and open one month."""
    page.goto(f"{far.town.pods}/.consent/ask/valore-comune")
    page.get_by_label("settembre 2017").check()
    page.get_by_role("button", name="Consento a ciò che ho spuntato").click()
    expect(page.get_by_text("L'organizzazione può leggere ciò che hai scelto.")).to_be_visible()


def test_a_code_leads_through_the_other_server_and_back_to_a_grant_that_is_taken_back(
    elena: Page, far: Far
) -> None:
    give(elena, far)
    expect(elena.get_by_text("2 documenti")).to_be_visible()
    elena.get_by_role("button", name="Revoca").click()
    expect(elena.get_by_text("Il tuo server lo ha confermato")).to_be_visible()


def test_it_works_without_javascript(browser: Browser, far: Far) -> None:
    plain = browser.new_context(java_script_enabled=False, locale="it-IT")
    plain.set_default_timeout(10_000)
    page = plain.new_page()
    log_in(page, far)
    give(page, far)
    page.get_by_role("button", name="Revoca").click()
    expect(page.get_by_text("Il tuo server lo ha confermato")).to_be_visible()
    plain.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_its_pages_are_for_everybody(elena: Page, far: Far, width: int) -> None:
    elena.set_viewport_size({"width": width, "height": 900})
    asking = f"/elsewhere/one?purpose={far.town.purposes['coop']}"
    for path in ("/", "/elsewhere", asking, "/requests", "/grants", "/log"):
        elena.goto(far.town.wallet + path)
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not elena.evaluate(wide), path
        found = Axe().run(elena).response["violations"]
        assert [one["id"] for one in found if one["impact"] in SERIOUS] == [], path
