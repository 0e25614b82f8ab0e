"""The pages on which people open an account, log in and look after it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from pods.client import SolidError
from pods.identity import accounts
from pods.identity.accounts import WINDOW
from pods.identity.passwords import MAX_PASSWORD, MIN_PASSWORD
from tests.conftest import SettableClock
from tests.identity_host import PASSWORD, IdentityHost, identity_host

WRONG = "Il nome o la password non è giusto."


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers.update({"accept": "text/html", "accept-language": "it"})
        yield client


async def send(browser: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Open a page, fill in its form for `action`, send it and follow to the next page."""
    shown = await browser.get(page, follow_redirects=True)
    form = shown.text[shown.text.index(f'action="{action}"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")])
    data = {name: unescape(value) for name, value in hidden} | fields
    return await browser.post(
        action, data=data, headers={"origin": "http://localhost:8080"}, follow_redirects=True
    )


async def log_in(browser: httpx.AsyncClient, login: str = "anna", password: str = PASSWORD) -> httpx.Response:
    return await send(browser, "/.account/login", "/.account/login", login=login, password=password)


def registration(**changes: str) -> dict[str, str]:
    return {
        "name": "bruno",
        "display_name": "Bruno Neri",
        "email": "bruno@example.org",
        "password": PASSWORD,
        "again": PASSWORD,
        **changes,
    }


async def register(browser: httpx.AsyncClient, **changes: str) -> httpx.Response:
    return await send(browser, "/.account/register", "/.account/register", **registration(**changes))


async def test_who_registers_is_logged_in_and_has_a_pod_and_a_profile(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    home = await register(browser)
    assert home.status_code == 200
    assert "http://localhost:8080/bruno/profile/card#me" in home.text
    card = await browser.get("/bruno/profile/card", headers={"accept": "text/turtle"})
    assert "Bruno Neri" in card.text
    assert "oidcIssuer" in card.text


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Bruno"}, "lettere minuscole"),
        ({"name": "-bruno"}, "lettere minuscole"),
        ({"name": "b" * 64}, "lettere minuscole"),
        ({"name": "anna"}, "già in uso"),
        ({"email": "anna@example.org"}, "già in uso"),
        ({"email": "ANNA@example.org"}, "già in uso"),
        ({"email": "bruno"}, "e-mail"),
        ({"password": "short", "again": "short"}, "da 10 a 256"),
        ({"again": "something else"}, "diverse"),
        ({"display_name": " "}, "nome che gli altri"),
    ],
)
async def test_a_registration_that_will_not_do_says_why_and_leaves_nothing(
    host: IdentityHost, browser: httpx.AsyncClient, changes: dict[str, str], problem: str
) -> None:
    host.add_account("anna")
    answer = await register(browser, **changes)
    assert answer.status_code == 400
    assert problem in answer.text
    with host.store.reading() as tx:
        assert host.accounts.by_login(tx, "bruno") is None
        assert tx.pod("bruno") is None


async def test_a_name_that_only_the_pods_have_is_taken_too(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    with host.store.writing() as tx:
        tx.add_pod("bruno", host.webid("somebody"), host.clock())
    assert (await register(browser)).status_code == 400
    with host.store.reading() as tx:
        assert host.accounts.by_login(tx, "bruno") is None


async def test_many_registrations_from_one_address_are_slowed_down(browser: httpx.AsyncClient) -> None:
    for number in range(20):
        changes = {"name": f"n{number}", "email": ""}
        assert (await register(browser, **changes)).status_code == 200
        browser.cookies.clear()
    assert "troppi account" in (await register(browser)).text


async def test_one_logs_in_with_name_or_address(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    host.add_account("anna")
    for login in ("anna", "anna@example.org", "ANNA@EXAMPLE.ORG", " anna "):
        assert "Il tuo account" in (await log_in(browser, login)).text
        browser.cookies.clear()


async def test_an_unknown_name_a_wrong_password_and_no_password_get_the_same_answer(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    host.add_account("imported", password=None)
    answers = [
        await log_in(browser, login, "a wrong password") for login in ("anna", "nobody", "imported", "")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all(WRONG in answer.text for answer in answers)


async def test_five_failures_make_one_wait_even_with_the_right_password(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    host.add_account("anna")
    host.add_account("carla")
    for _ in range(5):
        assert (await log_in(browser, "anna", "a wrong password")).status_code == 401
    refused = await log_in(browser)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert (await log_in(browser, "carla")).status_code == 200
    browser.cookies.clear()
    clock.advance(WINDOW + 1)
    assert (await log_in(browser)).status_code == 200


async def test_of_many_guesses_sent_at_once_five_are_tried(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    page = await browser.get("/.account/login")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None
    data = {"csrf": token[1], "login": "anna", "password": "a wrong password"}
    headers = {"origin": "http://localhost:8080"}
    answers = await asyncio.gather(
        *(browser.post("/.account/login", data=data, headers=headers) for _ in range(20))
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 15


async def test_a_right_password_takes_back_the_failures_before_it(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    for _ in range(3):
        for _ in range(4):
            assert (await log_in(browser, "anna", "a wrong password")).status_code == 401
        assert (await log_in(browser)).status_code == 200
        browser.cookies.clear()


async def test_names_and_addresses_of_failures_are_forgotten_in_time(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    await log_in(browser, "somebody", "wrong password")
    clock.advance(WINDOW + 1)
    await log_in(browser, "another", "wrong password")
    with host.store.reading() as tx:
        left = {subject for (subject,) in tx.execute("SELECT subject FROM login_failure")}
    assert not any("somebody" in subject for subject in left)
    assert "account another" in left


async def test_names_that_do_not_exist_are_slowed_down_alike(browser: httpx.AsyncClient) -> None:
    answers = [await log_in(browser, "nobody", "a wrong password") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


async def test_the_session_cookie_is_not_for_scripts_nor_for_pods(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    page = await browser.get("/.account/login")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert token is not None
    data = {"csrf": token[1], "login": "anna", "password": PASSWORD}
    answer = await browser.post("/.account/login", data=data, headers={"origin": "http://localhost:8080"})
    cookie = next(value for value in answer.headers.get_list("set-cookie") if "portico_account=" in value)
    assert "HttpOnly" in cookie
    assert "Path=/.account/" in cookie
    assert "samesite=lax" in cookie.lower()
    assert "domain" not in cookie.lower()
    browser.cookies.clear()
    private = await browser.get("/anna/settings/prefs.ttl", headers={"cookie": cookie.partition(";")[0]})
    assert private.status_code == 401


async def test_over_tls_the_cookie_is_for_tls_only(tmp_path: Path, clock: SettableClock) -> None:
    async with (
        identity_host(tmp_path, clock, origin="https://pod.example") as host,
        host.browser() as browser,
    ):
        host.add_account("anna")
        page = await browser.get("/.account/login")
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token is not None
        data = {"csrf": token[1], "login": "anna", "password": PASSWORD}
        answer = await browser.post("/.account/login", data=data, headers={"origin": "https://pod.example"})
        cookie = next(value for value in answer.headers.get_list("set-cookie") if "account=" in value)
        assert cookie.startswith("__Secure-portico_account=")
        assert "Secure" in cookie.split("; ")


async def test_a_session_ends_by_log_out_and_by_time(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    host.add_account("anna")
    await log_in(browser)
    stolen = {"cookie": f"portico_account={browser.cookies['portico_account']}"}
    assert (await browser.get("/.account/", headers=stolen)).status_code == 200
    await send(browser, "/.account/", "/.account/logout")
    assert (await browser.get("/.account/", headers=stolen)).status_code == 303
    await log_in(browser)
    assert (await browser.get("/.account/")).status_code == 200
    clock.advance(13 * 3600)
    assert (await browser.get("/.account/")).status_code == 303


async def test_a_log_in_page_leads_on_only_within_the_provider(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    for evil in (
        "https://evil.example/",
        "//evil.example/.account/",
        "/\\evil.example/.account/",
        "/.account/\\..\\evil",
        "/anna/page.html",
        "javascript:alert(1)",
    ):
        page = await browser.get("/.account/login", params={"next": evil})
        assert 'name="next" value="/.account/"' in page.text


async def test_forms_are_not_taken_without_their_token_or_from_elsewhere(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    await log_in(browser)
    for path in (
        "logout",
        "password",
        "credentials",
        "credentials/revoke",
        "authorize",
        "leave",
        "login",
        "register",
    ):
        answer = await browser.post(f"/.account/{path}", data={"csrf": "guessed"})
        assert answer.status_code == 403, path


async def test_a_new_password_ends_every_other_session(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    async with host.browser() as other:
        other.headers.update(browser.headers)
        await log_in(other)
        await log_in(browser)
        change = {"present": PASSWORD, "password": "another long password", "again": "another long password"}
        answer = await send(browser, "/.account/password", "/.account/password", **change)
        assert "La password è cambiata" in answer.text
        assert (await browser.get("/.account/")).status_code == 200
        assert (await other.get("/.account/")).status_code == 303
        assert WRONG in (await log_in(other)).text
        assert "Il tuo account" in (await log_in(other, password="another long password")).text


async def test_the_password_is_changed_only_by_who_knows_the_present_one(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    await log_in(browser)
    change = {
        "present": "a wrong password",
        "password": "another long password",
        "again": "another long password",
    }
    answers = [await send(browser, "/.account/password", "/.account/password", **change) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
    browser.cookies.clear()


async def test_credentials_are_shown_once_work_and_can_be_revoked(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    host.add_account("anna")
    await log_in(browser)
    shown = await send(browser, "/.account/", "/.account/credentials", label="Copia <di> riserva")
    client_id, secret = re.findall(r"<code>([^<]+)</code>", shown.text)[:2]
    assert await host.credentials(browser, (client_id, secret)).access_token()
    home = await browser.get("/.account/")
    assert "Copia &lt;di&gt; riserva" in home.text
    assert secret not in home.text
    action = "/.account/credentials/revoke"
    await send(browser, "/.account/", action, client_id=client_id)
    with pytest.raises(SolidError, match="invalid_client"):
        await host.credentials(browser, (client_id, secret)).access_token()


async def test_nobody_revokes_anothers_credentials(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    host.add_account("anna")
    others = host.add_account("carla")
    await log_in(browser)
    answer = await send(browser, "/.account/", "/.account/credentials/revoke", client_id=others[0])
    assert answer.status_code == 404
    assert await host.credentials(browser, others).access_token()


async def test_pages_forbid_scripts_and_frames(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/.account/login")).headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_no_secret_is_stored_as_it_is(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    _, secret = host.add_account("anna")
    await log_in(browser)
    cookie = browser.cookies.get("portico_account")
    assert cookie is not None
    folder = host.core.settings.data
    files = [file for file in folder.rglob("*") if file.is_file()]
    everything = b"".join(file.read_bytes() for file in files)
    for private in (PASSWORD, secret, cookie):
        assert private.encode() not in everything


def test_the_limits_are_those_that_the_messages_say() -> None:
    assert f"{MIN_PASSWORD} to {MAX_PASSWORD}" in accounts.BAD_PASSWORD
    assert f"1 to {accounts.MAX_LABEL}" in accounts.BAD_LABEL
    assert f"at most {accounts.MAX_CREDENTIALS}" in accounts.TOO_MANY_CREDENTIALS
