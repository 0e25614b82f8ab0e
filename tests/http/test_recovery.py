"""Back into an account: recovery codes, the operator's link, sessions that end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pods.identity import recovery_sql
from pods.identity.accounts import MOST_FAILURES
from tests.conftest import SettableClock
from tests.http.test_account_pages import log_in, send
from tests.identity_host import PASSWORD, IdentityHost, identity_host

NEW = "una password nuova"
WRONG = "Il nome o il codice non è giusto"


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        opened.add_account("anna")
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers.update({"accept": "text/html", "accept-language": "it"})
        yield client


async def codes(browser: httpx.AsyncClient) -> list[str]:
    await log_in(browser)
    page = await send(browser, "/.account/security", "/.account/security/codes", present=PASSWORD)
    return re.findall(r"<code>([A-Z2-7-]+)</code>", page.text)


async def recover(
    browser: httpx.AsyncClient, code: str, *, login: str = "anna", password: str = NEW
) -> httpx.Response:
    browser.cookies.clear()
    return await send(
        *(browser, "/.account/recover", "/.account/recover"),
        login=login,
        code=code,
        password=password,
        again=password,
    )


async def test_a_code_sets_a_new_password_once(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    made = await codes(browser)
    assert len(set(made)) == recovery_sql.CODES
    assert "La password è cambiata" in (await recover(browser, made[0].lower().replace("-", " "))).text
    assert (await log_in(browser, password=NEW)).status_code == 200
    again = await recover(browser, made[0])
    assert again.status_code == 400
    assert WRONG in again.text
    assert "Codici rimasti: 7" in (await back_in(browser)).text


async def back_in(browser: httpx.AsyncClient) -> httpx.Response:
    browser.cookies.clear()
    await log_in(browser, password=NEW)
    return await browser.get("/.account/security")


async def test_recovery_ends_every_session_of_the_old_password(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    made = await codes(browser)
    async with host.browser() as other:
        other.headers.update({"accept": "text/html", "accept-language": "it"})
        await log_in(other)
        await recover(browser, made[0])
        assert (await other.get("/.account/")).status_code == 303


async def test_new_codes_void_the_old_ones(browser: httpx.AsyncClient) -> None:
    old = await codes(browser)
    await codes(browser)
    assert WRONG in (await recover(browser, old[0])).text


async def test_a_code_of_somebody_else_is_no_code(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    host.add_account("bob")
    made = await codes(browser)
    assert WRONG in (await recover(browser, made[0], login="bob")).text


async def test_guessing_codes_is_slowed_down_and_tells_no_names(browser: httpx.AsyncClient) -> None:
    for name in ("anna", "nobody"):
        for _ in range(MOST_FAILURES["pair"]):
            assert WRONG in (await recover(browser, "AAAA-AAAA-AAAA-AAAA", login=name)).text
        assert "Troppi" in (await recover(browser, "AAAA-AAAA-AAAA-AAAA", login=name)).text


async def test_a_link_of_the_operator_is_good_once_and_for_a_day(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    with host.store.writing() as tx:
        account = host.accounts.by_login(tx, "anna")
        assert account is not None
        recovery_sql.add_link(tx, account.id, "first-secret", clock())
        recovery_sql.add_link(tx, account.id, "second-secret", clock())
    page = "/.account/recover?link="
    fields = {"login": "anna", "password": NEW, "again": NEW}
    assert WRONG in (await send(browser, page + "first-secret", "/.account/recover", **fields)).text
    assert "cambiata" in (await send(browser, page + "second-secret", "/.account/recover", **fields)).text
    browser.cookies.clear()
    assert WRONG in (await send(browser, page + "second-secret", "/.account/recover", **fields)).text
    with host.store.writing() as tx:
        recovery_sql.add_link(tx, account.id, "third-secret", clock())
    clock.advance(recovery_sql.LINK_SECONDS + 1)
    assert WRONG in (await send(browser, page + "third-secret", "/.account/recover", **fields)).text


async def test_codes_are_made_only_by_who_knows_the_password(browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    page = await send(browser, "/.account/security", "/.account/security/codes", present="wrong")
    assert page.status_code == 400
    assert "<code>" not in page.text


async def test_no_code_is_stored_as_it_is(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    made = await codes(browser)
    with host.store.reading() as tx:
        rows = repr(tx.execute("SELECT * FROM recovery_code"))
    assert not any(code in rows or code.replace("-", "") in rows for code in made)


async def test_one_session_is_ended_from_another(host: IdentityHost, browser: httpx.AsyncClient) -> None:
    await log_in(browser)
    async with host.browser() as other:
        other.headers.update({"accept": "text/html", "accept-language": "it", "user-agent": "Altro"})
        await log_in(other)
        page = await browser.get("/.account/security")
        assert "Altro" in page.text
        await send(browser, "/.account/security", "/.account/sessions/end")
        assert (await other.get("/.account/")).status_code == 303
    assert (await browser.get("/.account/")).status_code == 200


async def test_logging_out_everywhere_ends_this_browser_too(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    await log_in(browser)
    async with host.browser() as other:
        other.headers.update({"accept": "text/html", "accept-language": "it"})
        await log_in(other)
        await send(browser, "/.account/security", "/.account/sessions/end-all")
        assert (await other.get("/.account/")).status_code == 303
    assert (await browser.get("/.account/")).status_code == 303
