"""Apps in a browser on Inrupt's library: log-in through our pages, work in the pod, a reload, log-out."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.interop.app_server import application, bundled
from tests.interop.stage import Someone
from tests.serving import serving


@dataclass(frozen=True, slots=True)
class App:
    """Somebody else's application, and where it stands."""

    origin: str
    page: Page

    def open(self, issuer: str, client: str = "") -> None:
        """Visit the app as one who wants to work with a pod at this issuer."""
        self.page.goto(f"{self.origin}/?issuer={issuer}&client={client}")
        self.shows("who", "nobody")

    def shows(self, place: str, text: str) -> None:
        """Wait until the app says this."""
        expect(self.page.locator(f"#{place}")).to_have_text(text, timeout=15_000)

    def press(self, name: str) -> None:
        """Press a button of the app."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def log_in(self, one: Someone) -> None:
        """Log in as a person would, through our pages."""
        self.press("Log in")
        self.page.fill("[name=login]", one.name)
        self.page.fill("[name=password]", one.password)
        self.page.get_by_role("button", name="Accedi", exact=True).click()
        self.page.get_by_role("button", name="Accetto", exact=True).click()
        self.shows("who", one.webid)


@pytest.fixture(scope="module")
def origin(
    here: dict[str, Someone], page_listener: socket.socket, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The app's origin."""
    address = f"http://localhost:{page_listener.getsockname()[1]}"
    script = bundled("inrupt.js", tmp_path_factory.mktemp("bundle"))
    with serving(application(script, address), listener=page_listener):
        yield address


@pytest.fixture
def app(origin: str, page: Page) -> App:
    """The app in a fresh browser."""
    return App(origin, page)


@pytest.mark.parametrize("document", ["/client.jsonld", ""], ids=["with-a-document", "registered"])
def test_a_person_logs_in_and_the_app_works_in_the_pod(app: App, anna: Someone, document: str) -> None:
    app.open(anna.issuer, app.origin + document if document else "")
    app.log_in(anna)
    app.page.fill("#text", document or "itself")
    app.press("Write")
    app.shows("said", "written")
    app.press("Read")
    app.shows("said", f"written {document or 'itself'}")


def test_after_a_reload_the_app_is_logged_in_again_without_a_question(app: App, anna: Someone) -> None:
    app.open(anna.issuer, f"{app.origin}/client.jsonld")
    app.log_in(anna)
    app.page.reload()
    app.shows("who", anna.webid)
    app.press("Write")
    app.shows("said", "written")


def test_who_logs_out_of_the_app_can_do_nothing_there(app: App, anna: Someone) -> None:
    app.open(anna.issuer, f"{app.origin}/client.jsonld")
    app.log_in(anna)
    app.press("Log out here")
    app.shows("who", "nobody")
    app.page.reload()
    app.shows("who", "nobody")


def test_who_logs_out_everywhere_must_log_in_anew(app: App, anna: Someone) -> None:
    app.open(anna.issuer, f"{app.origin}/client.jsonld")
    app.log_in(anna)
    app.press("Log out everywhere")
    app.shows("who", "nobody")
    app.open(anna.issuer, f"{app.origin}/client.jsonld")
    app.press("Log in")
    expect(app.page.locator("[name=password]")).to_be_visible()
