"""The page of the vocabulary in a real browser: readable by everybody, on a narrow screen too."""

import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pods.main import application, open_core
from pods.settings import PodSettings
from tests.serving import bound_socket, serving

SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    listener = bound_socket()
    url = f"http://localhost:{listener.getsockname()[1]}"
    core = open_core(PodSettings(data=tmp_path_factory.mktemp("pods"), pod_url=url), time.time)
    with serving(application(core), listener=listener):
        yield url


@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    page: Page, origin: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{origin}/.vocab/ns")
    expect(page.get_by_role("heading", level=1)).to_have_text("Vocabolario")
    violations = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:150]}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in SERIOUS
    ]
    assert violations == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_language_can_be_changed(page: Page, origin: str) -> None:
    page.goto(f"{origin}/.vocab/ns")
    page.goto(f"{origin}/.vocab/ns?lang=en")
    expect(page.get_by_role("heading", name="Our own terms")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
