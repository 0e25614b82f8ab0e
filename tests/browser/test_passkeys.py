"""Passkeys in a real browser with a virtual authenticator, recovery codes, further pods and deletion: narrow and wide."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from pods.main import application, open_core
from pods.settings import PodSettings
from tests.browser.test_account import PASSWORD, assert_fit_for_everybody, register
from tests.serving import bound_socket, serving

WIDTHS = (360, 768, 1280)


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    listener = bound_socket()
    url = f"http://localhost:{listener.getsockname()[1]}"
    core = open_core(PodSettings(data=tmp_path_factory.mktemp("pods"), pod_url=url), time.time)
    with serving(application(core), listener=listener):
        yield url


@pytest.fixture
def authenticator(page: Page) -> CDPSession:
    """A telephone that unlocks itself at once (WebAuthn domain of the DevTools protocol)."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def add_passkey(page: Page, origin: str, label: str) -> None:
    page.goto(f"{origin}/.account/security")
    form = page.locator('form[data-passkey="create"]')
    form.get_by_label("Nome della nuova passkey").fill(label)
    form.get_by_label("Password attuale").fill(PASSWORD)
    form.get_by_role("button", name="Aggiungi una passkey").click()


def log_out(page: Page) -> None:
    page.get_by_role("button", name="Esci", exact=True).click()
    expect(page.get_by_text("Hai chiuso la sessione")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_passkey_from_its_making_to_its_end(
    page: Page, authenticator: CDPSession, origin: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    register(page, origin, f"paola{width}")
    add_passkey(page, origin, "Telefono")
    expect(page.get_by_text("La passkey c’è.")).to_be_visible()
    expect(page.get_by_role("heading", name="Telefono")).to_be_visible()
    assert_fit_for_everybody(page)
    log_out(page)
    assert_fit_for_everybody(page)
    page.get_by_role("button", name="Usa una passkey").click()
    expect(page.get_by_role("heading", name="Il tuo account")).to_be_visible()
    page.goto(f"{origin}/.account/security")
    page.get_by_label("Nome della passkey").fill("Telefono vecchio")
    page.get_by_role("button", name="Cambia il nome").click()
    page.get_by_role("button", name="Rimuovi «Telefono vecchio»").click()
    expect(page.get_by_text("La passkey è stata rimossa")).to_be_visible()
    log_out(page)
    page.get_by_role("button", name="Usa una passkey").click()
    expect(page.get_by_text("La passkey non è stata accettata")).to_be_visible()


def test_no_passkey_is_added_with_a_wrong_password(
    page: Page, authenticator: CDPSession, origin: str
) -> None:
    register(page, origin, "piero")
    page.goto(f"{origin}/.account/security")
    form = page.locator('form[data-passkey="create"]')
    form.get_by_label("Nome della nuova passkey").fill("Altrui")
    form.get_by_label("Password attuale").fill("sbagliata")
    form.get_by_role("button", name="Aggiungi una passkey").click()
    expect(page.get_by_text("La password attuale non è giusta")).to_be_visible()
    expect(page.get_by_role("heading", name="Altrui")).to_have_count(0)


def test_without_an_authenticator_the_page_says_what_to_do(page: Page, origin: str) -> None:
    session = page.context.new_cdp_session(page)
    session.send(
        "WebAuthn.enable"
    )  # no authenticator: the request fails at once instead of waiting for a person
    page.goto(f"{origin}/.account/login")
    page.evaluate("() => { navigator.credentials.get = async () => { throw new Error('no'); }; }")
    page.get_by_role("button", name="Usa una passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Non è stata usata alcuna passkey")


@pytest.mark.parametrize("width", WIDTHS)
def test_recovery_codes_further_pods_and_deletion_without_scripts(
    browser: Browser, origin: str, width: int
) -> None:
    context = browser.new_context(
        locale="it-IT", java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    name = f"rita{width}"
    register(page, origin, name)
    page.goto(f"{origin}/.account/security")
    expect(page.get_by_text("Le passkey hanno bisogno di JavaScript")).to_be_visible()
    page.locator("#present-codes").fill(PASSWORD)
    page.get_by_role("button", name="Crea nuovi codici").click()
    code = page.locator("code").first.inner_text()
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code)
    page.goto(f"{origin}/.account/")
    log_out(page)
    page.get_by_role("link", name="Password dimenticata?").click()
    page.get_by_label("Nome o indirizzo e-mail").fill(name)
    page.get_by_label("Codice di recupero").fill(code.lower())
    page.get_by_label("Nuova password").fill("una password nuova")
    page.get_by_label("Ancora una volta la stessa password").fill("una password nuova")
    page.get_by_role("button", name="Imposta la nuova password").click()
    expect(page.get_by_text("La password è cambiata")).to_be_visible()

    page.get_by_role("link", name="I tuoi pod").click()
    page.get_by_label("Nome del pod").fill(f"{name}-lavoro")
    page.get_by_label("Nome che gli altri vedono").last.fill("Rita al lavoro")
    page.get_by_role("button", name="Crea il pod").click()
    expect(page.get_by_role("heading", name=f"{name}-lavoro")).to_be_visible()

    page.get_by_role("link", name=f"Cancella «{name}-lavoro» per sempre").click()
    page.get_by_label(f"Scrivi «{name}-lavoro»").fill(f"{name}-lavoro")
    page.get_by_label("Password attuale").fill("una password nuova")
    page.get_by_role("button", name="Cancella per sempre").click()
    expect(page.get_by_role("heading", name=f"{name}-lavoro")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", ["security", "pods", "delete", "recover"])
def test_the_pages_are_fit_for_everybody(page: Page, origin: str, width: int, path: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    register(page, origin, f"sara{width}{path}")
    page.goto(f"{origin}/.account/{path}")
    assert_fit_for_everybody(page)
