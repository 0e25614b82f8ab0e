"""Clients that have no document register themselves (RFC 7591)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pods.client import send_with_proof
from pods.errors import BadContent
from pods.identity import codes_sql
from pods.identity.clients import Client, require_redirect_uri
from pods.identity.oauth import REGISTERED_SECONDS
from pods.identity.site import form_targets, way_back
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.identity_host import PASSWORD, IdentityHost, identity_host

CALLBACK = "http://127.0.0.1:3000/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        opened.add_account("anna")
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers["accept"] = "text/html"
        yield client


async def register(browser: httpx.AsyncClient, **metadata: Any) -> httpx.Response:
    return await browser.post("/.oidc/register", json={"redirect_uris": [CALLBACK], **metadata})


async def post_form(browser: httpx.AsyncClient, page: httpx.Response, **fields: str) -> httpx.Response:
    text = re.sub(r"<form[^>]* data-passkey=.*?</form>", "", page.text, flags=re.DOTALL)
    form = text[text.rindex('<form method="post"') :]
    action = re.search(r'action="([^"]+)"', form)
    assert action is not None
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    data = {name: unescape(value) for name, value in hidden} | fields
    answer = await browser.post(action[1], data=data, headers={"origin": "http://localhost:8080"})
    while answer.headers.get("location", "").startswith("/"):
        answer = await browser.get(answer.headers["location"])
    return answer


def asked(client_id: str, redirect_uri: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return "/.account/authorize?" + urlencode(parameters)


async def log_in(
    host: IdentityHost, browser: httpx.AsyncClient, client_id: str, redirect: str
) -> dict[str, Any]:
    """Return the tokens that a public client gets when Anna lets it in."""
    page = await browser.get(asked(client_id, redirect), follow_redirects=True)
    page = await post_form(browser, page, login="anna", password=PASSWORD)
    answer = await post_form(browser, page, decision="allow")
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": parse_qs(urlsplit(answer.headers["location"]).query)["code"][0],
        "redirect_uri": redirect,
        "code_verifier": VERIFIER,
    }
    token = await send_with_proof(
        *(browser, DpopKey.generate(), "POST", f"{host.origin}/.oidc/token"), clock=host.clock, data=form
    )
    assert token.status_code == 200, token.text
    return dict(token.json())


def signed_with(token: str) -> str:
    return jose.parse(token).header.alg


async def test_a_registered_client_gets_tokens_and_is_shown_as_not_verified(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    client = (
        await register(browser, client_name="Ufficio <b>Tributi</b>", grant_types=["authorization_code"])
    ).json()
    # RFC 8252, 7.3: a program on the desktop listens on the port of loopback that is free.
    redirect = "http://127.0.0.1:45678/callback"
    page = await browser.get(asked(client["client_id"], redirect), follow_redirects=True)
    page = await post_form(browser, page, login="anna", password=PASSWORD)
    assert "Non verificata" in page.text
    assert "<b>Tributi" not in page.text
    answer = await post_form(browser, page, decision="allow")
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": VERIFIER,
    }
    token = await send_with_proof(
        browser,
        DpopKey.generate(),
        "POST",
        "http://localhost:8080/.oidc/token",
        clock=clock,
        data=form,
        auth=(client["client_id"], client["client_secret"]),
    )
    assert token.status_code == 200
    assert host.keys.verify(token.json()["access_token"], "at+jwt")["client_id"] == client["client_id"]
    again = await browser.get(asked(client["client_id"], redirect))
    assert "Non verificata" in again.text, "who listens on loopback may be another program this time"


@pytest.mark.parametrize(
    ("redirect", "told"),
    [("https://app.example/back", "code"), (CALLBACK, "error"), ("org.example.app:/back", "error")],
)
async def test_a_registered_app_comes_back_without_a_question_to_an_https_address_alone(
    browser: httpx.AsyncClient, redirect: str, told: str
) -> None:
    client = (await register(browser, redirect_uris=[redirect], token_endpoint_auth_method="none")).json()
    page = await browser.get(asked(client["client_id"], redirect), follow_redirects=True)
    page = await post_form(browser, page, login="anna", password=PASSWORD)
    await post_form(browser, page, decision="allow")
    silent = await browser.get(asked(client["client_id"], redirect) + "&prompt=none")
    answer = parse_qs(urlsplit(silent.headers["location"]).query)
    assert told in answer
    assert answer.get("error", ["consent_required"]) == ["consent_required"]


@pytest.mark.parametrize(
    ("wished", "given"),
    [
        # OpenID Connect Dynamic Client Registration, 2: "The default, if omitted, is RS256."
        ({}, "RS256"),
        ({"id_token_signed_response_alg": "RS256"}, "RS256"),
        ({"id_token_signed_response_alg": "ES256"}, "ES256"),
    ],
)
async def test_a_registration_says_how_id_tokens_are_signed_and_so_they_are(
    host: IdentityHost, browser: httpx.AsyncClient, wished: dict[str, str], given: str
) -> None:
    client = (await register(browser, token_endpoint_auth_method="none", **wished)).json()
    assert client["id_token_signed_response_alg"] == given
    token = await log_in(host, browser, client["client_id"], CALLBACK)
    assert signed_with(token["id_token"]) == given
    assert host.keys.verify(token["id_token"], "JWT")["webid"] == host.webid("anna")
    assert signed_with(token["access_token"]) == "ES256", "resource servers of Solid take it everywhere"


async def test_a_client_that_registered_before_there_was_a_choice_gets_what_it_was_told(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    metadata = f'{{"redirect_uris": ["{CALLBACK}"]}}'
    with host.store.writing() as tx:
        codes_sql.register_client(tx, "earlier", metadata, None, clock() + 600, clock())
    assert signed_with((await log_in(host, browser, "earlier", CALLBACK))["id_token"]) == "ES256"


async def test_a_public_client_gets_no_secret(browser: httpx.AsyncClient) -> None:
    answer = await register(browser, token_endpoint_auth_method="none")
    assert answer.status_code == 201
    assert "client_secret" not in answer.json()
    assert answer.headers["cache-control"] == "no-store"


async def test_a_registration_that_nobody_uses_expires(
    browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    client = (await register(browser)).json()
    assert client["client_secret_expires_at"] == clock() + REGISTERED_SECONDS
    page = asked(client["client_id"], CALLBACK)
    assert (await browser.get(page)).status_code == 303
    clock.advance(REGISTERED_SECONDS + 1)
    assert (await browser.get(page)).status_code == 400


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "nothing"}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example/cb"}, "invalid_redirect_uri"),
        ({"redirect_uris": [7]}, "invalid_redirect_uri"),
        ({"redirect_uris": {"a": 1}}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example/cb#here"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://bank.example@evil.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["data:text/html,x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ['https://app.example/"<script>']}, "invalid_redirect_uri"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
        ({"id_token_signed_response_alg": ["ES256"]}, "invalid_client_metadata"),
        ({"client_name": ["a", "list"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"], "response_types": ["id_token"]}, "invalid_client_metadata"),
        ({"grant_types": "x" * 70_000}, "invalid_client_metadata"),
    ],
)
async def test_metadata_that_will_not_do_are_refused(
    browser: httpx.AsyncClient, metadata: dict[str, Any], error: str
) -> None:
    answer = await register(browser, **metadata)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_what_is_no_json_object_is_refused(browser: httpx.AsyncClient) -> None:
    for body in ("", "[]", "{", "7"):
        assert (await browser.post("/.oidc/register", content=body)).status_code == 400


async def test_a_flood_of_registrations_is_stopped(browser: httpx.AsyncClient) -> None:
    statuses = [(await register(browser)).status_code for _ in range(101)]
    assert statuses == [201] * 100 + [429]


async def test_a_script_cannot_take_the_name_of_an_application(host: IdentityHost) -> None:
    taken = "http://localhost:8081/client.jsonld"
    with host.store.writing() as tx, pytest.raises(BadContent):
        host.accounts.credentials(tx, host.webid("anna"), "x", client_id=taken)


@given(st.text("/.account\\:?=&%evil@[] x", max_size=40))
def test_no_way_back_leaves_the_provider(asked_for: str) -> None:
    for way in (asked_for, "/.account/" + asked_for, "/" + asked_for):
        assert way_back(way).startswith("/.account/")
        assert "\\" not in way_back(way)
        form_targets(way + "?redirect_uri=" + asked_for)


@given(st.text(max_size=30))
@example("#")
@example("\n")
@example("?")
def test_an_address_that_was_not_registered_is_never_the_clients(addition: str) -> None:
    client = Client("id", "none", redirect_uris=("https://app.example/cb", "http://127.0.0.1:1/cb"))
    for asked_for in ("https://app.example/cb" + addition, addition, "http://127.0.0.1:1/cb" + addition):
        known = asked_for in client.redirect_uris
        assert client.check_redirect_uri(asked_for) is known


@pytest.mark.parametrize(
    "uri",
    ["https://app.example/cb?x=1", "http://localhost:3000/cb", "http://[::1]/cb", "org.example.app:/cb"],
)
def test_addresses_for_web_desktop_and_phone_are_fine(uri: str) -> None:
    require_redirect_uri(uri)


@pytest.mark.parametrize(
    ("redirect_uri", "sources"),
    [
        ("https://app.example/cb?x=1", ["https://app.example"]),
        ("http://localhost:3000/cb", ["http://localhost:3000"]),
        ("org.example.app:/cb", ["org.example.app:"]),
        ("https://app.example; script-src *", []),
        ("https://[", []),
        ("javascript:alert(1)", []),
        ("", []),
    ],
)
def test_only_a_plain_origin_enters_the_policy_of_a_page(redirect_uri: str, sources: list[str]) -> None:
    assert form_targets("/.account/authorize?" + urlencode({"redirect_uri": redirect_uri})) == sources
