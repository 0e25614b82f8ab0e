"""Pages of resources in a real browser: readable at every width, powerless, without a script."""

import time
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from pods.main import application, open_core
from pods.model import Path
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.serving import bound_socket, serving

SERIOUS = {"serious", "critical"}
PUBLIC = (
    b"@prefix acl: <http://www.w3.org/ns/auth/acl#>. @prefix foaf: <http://xmlns.com/foaf/0.1/>.\n"
    b"<#p> a acl:Authorization; acl:agentClass foaf:Agent; acl:accessTo <./>; acl:default <./>; acl:mode acl:Read."
)
HOSTILE = (
    '@prefix s: <http://schema.org/>. <#x> a s:Order; s:name "<script>document.title = 1</script>";'
    " s:url <javascript:document.title=1>; s:description "
    f'"{"parola" * 60}"; s:orderedItem [ s:name "Pane" ] .'
)
PATHS = ("/anna/profile/card", "/anna/hostile.ttl", "/anna/box/", "/anna/consents/", "/anna/nothing")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    listener = bound_socket()
    url = f"http://localhost:{listener.getsockname()[1]}"
    core = open_core(PodSettings(data=tmp_path_factory.mktemp("pods"), pod_url=url), time.time)
    now = time.time()
    with core.store.writing() as tx:
        whose = webid_for(url, "anna")
        create_pod(tx, "anna", whose, base=url, issuer=f"{url}/", display_name="Anna", at=now)
        tx.write(Path("/anna/.acl"), "text/turtle", PUBLIC, now)
        tx.write(Path("/anna/hostile.ttl"), "text/turtle", HOSTILE.encode(), now)
        for number in range(120):
            name = f"un-nome-di-documento-che-non-finisce-mai-{number:03}.ttl"
            tx.write(Path(f"/anna/box/{name}"), "text/turtle", b"<#a> <#b> <#c>.", now)
    with serving(application(core), listener=listener):
        yield url


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_every_page_fits_the_screen_and_has_no_serious_barrier(
    browser: Browser, origin: str, width: int
) -> None:
    # The tool that looks for barriers is a script: it runs only where the page's own policy is set aside.
    context = browser.new_context(locale="it-IT", bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    found = []
    for path in PATHS:
        page.goto(origin + path)
        found += [
            f"{path} {violation['id']}: {violation['nodes'][0]['html'][:120]}"
            for violation in Axe().run(page).response["violations"]
            if violation["impact"] in SERIOUS
        ]
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            found.append(f"{path} is wider than {width} pixels")
    context.close()
    assert found == []


def test_the_style_is_applied_and_nothing_hostile_runs(page: Page, origin: str) -> None:
    page.goto(f"{origin}/anna/hostile.ttl")
    expect(page.get_by_role("heading", level=1)).to_have_text("hostile.ttl")
    expect(page.locator("header").first).to_have_css("background-color", "rgb(23, 50, 77)")
    assert page.title() == "hostile.ttl · Portico"
    assert page.locator("a[href^='javascript:']").count() == 0


def test_a_person_leafs_through_a_container_and_saves_a_document(page: Page, origin: str) -> None:
    page.goto(f"{origin}/anna/box/")
    assert page.locator("tbody tr").count() == 100
    page.get_by_role("link", name="Pagina successiva").first.click()
    assert page.locator("tbody tr").count() == 20
    page.get_by_role("link", name="documento-che-non-finisce-mai-119.ttl").click()
    expect(page.get_by_role("navigation", name="Dove ti trovi")).to_contain_text("box")
    with page.expect_download() as download:
        page.get_by_role("link", name="Turtle").click()
    assert download.value.suggested_filename.endswith("119.ttl")
    page.get_by_role("link", name="anna", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("anna")


def test_who_may_not_look_finds_the_way_to_log_in(page: Page, origin: str) -> None:
    page.goto(f"{origin}/anna/consents/")
    page.get_by_role("link", name="Il tuo account su questo server").click()
    expect(page.get_by_role("button", name="Accedi")).to_be_visible()
