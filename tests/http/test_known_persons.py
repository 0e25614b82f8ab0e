"""An application that has tokens of a person already: it gets further ones for that person, and keeps its log-in."""

from __future__ import annotations

import httpx

from pods.client import send_with_proof
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.http.test_code_flow import (  # the application of that module, and its way through the pages
    TOKEN_URL,
    asked,
    authorised,
    browser,
    client_origin,
    exchange,
    follow,
    host,
    log_in,
    returned,
    submit,
    token_of,
)
from tests.identity_host import IdentityHost

__all__ = ("browser", "client_origin", "host")


async def test_a_client_that_asks_for_less_once_stays_logged_in(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    code = await authorised(browser, client_origin)
    token = (await exchange(browser, clock, client_origin, key, code)).json()
    for scope, given in (("webid", "webid"), ("openid webid", "openid webid"), (None, token["scope"])):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": token["refresh_token"],
            "client_id": f"{client_origin}/client.jsonld",
            **({"scope": scope} if scope else {}),
        }
        token = (await send_with_proof(browser, key, "POST", TOKEN_URL, clock=clock, data=form)).json()
        assert (token["scope"], "id_token" in token) == (given, "openid" in given)


async def test_an_application_that_knows_its_person_gets_nobody_else(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    host.add_account("bob")
    page = await log_in(browser, asked(client_origin))
    token = await token_of(browser, clock, client_origin, await submit(browser, page, decision="allow"))
    clock.advance(3600)
    for more in ({}, {"prompt": "none"}):
        again = asked(client_origin, id_token_hint=token["id_token"], **more)
        assert "code" in returned(await follow(browser, await browser.get(again)), client_origin)
    nonsense = asked(client_origin, id_token_hint="x.y.z", prompt="none")
    answer = await follow(browser, await browser.get(nonsense))
    assert returned(answer, client_origin)["error"] == "login_required"
    browser.cookies.clear()
    page = await log_in(browser, asked(client_origin), "bob")
    await submit(browser, page, decision="allow")
    for more in ({}, {"prompt": "none"}):
        again = asked(client_origin, id_token_hint=token["id_token"], **more)
        answer = await follow(browser, await browser.get(again))
        assert returned(answer, client_origin)["error"] == "login_required"
