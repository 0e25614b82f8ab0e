"""openid-client, as it comes from npm: a certified relying party finds in our provider what the standards say."""

from typing import Any

from playwright.sync_api import Page

from tests.interop.stage import Someone, told_after


def test_it_registers_logs_in_refreshes_revokes_and_logs_out(anna: Someone, page: Page) -> None:
    def log_in(address: str) -> None:
        page.goto(address)
        page.fill("[name=login]", anna.name)
        page.fill("[name=password]", anna.password)
        page.get_by_role("button", name="Accedi", exact=True).click()
        page.get_by_role("button", name="Accetto", exact=True).click()
        page.wait_for_url("**/bye?*")

    seen: dict[str, Any] = told_after("openid_client.mjs", log_in, anna=anna)
    assert seen == {
        "claims": {"sub": anna.webid, "webid": anna.webid},
        "userinfo": anna.webid,
        "written": 201,
        "rotated": True,
        "read": "kept",
        "revoked": 400,
        "loggedOut": "left",
        "scripts": {"ES256": 200, "Ed25519": 200, "PS256": 200, "RS256": 200},
    }
