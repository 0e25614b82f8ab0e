"""A web server's app on `@inrupt/solid-client-authn-node`: its person logs in with a browser, it goes on later."""

from typing import Any

from playwright.sync_api import Page

from tests.interop.stage import Someone, told_after


def test_it_gets_a_code_for_its_person_and_goes_on_with_refresh_tokens(
    anna: Someone, bruno: Someone, page: Page
) -> None:
    def log_in(address: str) -> None:
        page.goto(address)
        page.fill("[name=login]", anna.name)
        page.fill("[name=password]", anna.password)
        page.get_by_role("button", name="Accedi", exact=True).click()
        page.get_by_role("button", name="Accetto", exact=True).click()

    seen: dict[str, Any] = told_after("inrupt_server_app.mjs", log_in, anna=anna, bruno=bruno)
    assert seen == {
        "webId": anna.webid,
        "text": "from a server",
        "later": [anna.webid, "from a server"],
    }
