"""The account pages in a real browser: open an account, log in, credentials, password; narrow, wide, no script."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from pods.main import application, open_core
from pods.settings import PodSettings
from tests.serving import bound_socket, serving

PASSWORD = "cavallo corretto batteria"
WIDTHS = (360, 1280)
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def application_origin() -> Iterator[str]:
    """An application with a client-id document, to which the person comes back."""
    listener = bound_socket()
    url = f"http://localhost:{listener.getsockname()[1]}"

    async def document(request: Request) -> JSONResponse:
        content = {
            "@context": "https://www.w3.org/ns/solid/oidc-context.jsonld",
            "client_id": f"{url}/client.jsonld",
            "client_name": "Orto di quartiere",
            "redirect_uris": [f"{url}/callback"],
            "scope": "openid webid offline_access",
        }
        return JSONResponse(content, media_type="application/ld+json")

    async def callback(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.query_params.get("error", "a code came"))

    routes = [Route("/client.jsonld", document), Route("/callback", callback)]
    with serving(Starlette(routes=routes), listener=listener):
        yield url


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory, application_origin: str) -> Iterator[str]:
    listener = bound_socket()
    url = f"http://localhost:{listener.getsockname()[1]}"
    trusted = (application_origin.removeprefix("http://"),)
    settings = PodSettings(data=tmp_path_factory.mktemp("pods"), pod_url=url, trusted_hosts=trusted)
    core = open_core(settings, time.time)
    with serving(application(core), listener=listener):
        yield url


def register(page: Page, origin: str, name: str) -> None:
    page.goto(f"{origin}/.account/register")
    page.get_by_label("Il tuo nome").fill(f"{name.title()} Bianchi")
    page.get_by_label("Nome del pod").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Ancora una volta la stessa password").fill(PASSWORD)
    page.get_by_role("button", name="Apri l’account").click()


def assert_fit_for_everybody(page: Page) -> None:
    """Nothing serious from axe, and nothing wider than the screen."""
    violations = [
        f"{violation['id']}: {violation['help']}"
        for violation in Axe().run(page).response["violations"]
        if violation["impact"] in SERIOUS
    ]
    assert violations == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_account_from_its_opening_to_a_new_password(page: Page, origin: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    name = f"anna{width}"
    page.goto(f"{origin}/.account/register")
    assert_fit_for_everybody(page)
    register(page, origin, name)
    expect(page.get_by_role("heading", name="Il tuo account")).to_be_visible()
    expect(page.get_by_text(f"{origin}/{name}/profile/card#me")).to_be_visible()
    assert_fit_for_everybody(page)

    page.get_by_label("A che cosa servono?").fill("Copia di riserva")
    page.get_by_role("button", name="Crea credenziali").click()
    expect(page.get_by_text(re.compile("Copia subito il segreto"))).to_be_visible()
    assert_fit_for_everybody(page)
    page.get_by_role("link", name="L’ho copiato").click()
    page.get_by_role("button", name="Revoca «Copia di riserva»").click()
    expect(page.get_by_text("Le credenziali sono revocate")).to_be_visible()

    page.get_by_role("link", name="Cambia la password").click()
    assert_fit_for_everybody(page)
    page.get_by_label("Password attuale").fill(PASSWORD)
    page.get_by_label("Nuova password").fill("una password nuova")
    page.get_by_label("Ancora una volta la stessa password").fill("una password nuova")
    page.get_by_role("button", name="Cambia la password").click()
    expect(page.get_by_text("La password è cambiata")).to_be_visible()

    page.get_by_role("button", name="Esci").click()
    expect(page.get_by_text("Hai chiuso la sessione")).to_be_visible()
    page.get_by_label("Nome o indirizzo e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill("una password nuova")
    page.get_by_role("button", name="Accedi").click()
    expect(page.get_by_role("heading", name="Il tuo account")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_person_decides_whether_an_application_may_act_for_them(
    page: Page, origin: str, application_origin: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    register(page, origin, f"carla{width}")
    parameters = {
        "response_type": "code",
        "client_id": f"{application_origin}/client.jsonld",
        "redirect_uri": f"{application_origin}/callback",
        "scope": "openid webid offline_access",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    page.goto(f"{origin}/.oidc/authorize?{urlencode(parameters)}")
    expect(page.get_by_role("heading", name="Vuoi che «Orto di quartiere» agisca per te?")).to_be_visible()
    assert_fit_for_everybody(page)
    page.get_by_role("button", name="Non accetto").click()
    expect(page.get_by_text("access_denied")).to_be_visible()

    page.goto(f"{origin}/.oidc/authorize?{urlencode(parameters)}")
    page.get_by_role("button", name="Accetto", exact=True).click()
    expect(page.get_by_text("a code came")).to_be_visible()

    page.goto(f"{origin}/.account/")
    assert_fit_for_everybody(page)
    page.get_by_role("button", name="Escludi").click()
    expect(page.get_by_text("L’applicazione è esclusa")).to_be_visible()
    page.goto(f"{origin}/.oidc/logout")
    expect(page.get_by_role("heading", name="Vuoi uscire anche da qui?")).to_be_visible()
    assert_fit_for_everybody(page)


def test_a_mistake_is_said_at_the_top_and_keeps_what_was_typed(page: Page, origin: str) -> None:
    register(page, origin, "Maria")
    expect(page.get_by_role("status")).to_contain_text("lettere minuscole")
    expect(page.get_by_label("Il tuo nome")).to_have_value("Maria Bianchi")
    assert_fit_for_everybody(page)
    page.goto(f"{origin}/.account/login")
    page.get_by_label("Nome o indirizzo e-mail").fill("nessuno")
    page.get_by_label("Password", exact=True).fill("sbagliata")
    page.get_by_role("button", name="Accedi").click()
    expect(page.get_by_role("status")).to_contain_text("Il nome o la password non è giusto")
    assert_fit_for_everybody(page)


def test_the_pages_work_without_scripts(browser: Browser, origin: str) -> None:
    context = browser.new_context(locale="it-IT", java_script_enabled=False)
    page = context.new_page()
    register(page, origin, "senza-script")
    expect(page.get_by_role("heading", name="Il tuo account")).to_be_visible()
    context.close()


def test_the_pages_speak_english_too(page: Page, origin: str) -> None:
    page.goto(f"{origin}/.account/login?next=/.account/password")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert page.locator("input[name=next]").first.get_attribute("value") == "/.account/password"
    page.get_by_role("link", name="Open an account with a pod").click()
    expect(page.get_by_role("heading", name="Open an account with a pod")).to_be_visible()
