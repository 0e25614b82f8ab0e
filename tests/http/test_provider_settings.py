"""What the provider says of itself, and its settings: nonces, the issuer's name, revocation, userinfo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pods.authn.nonces import WINDOW
from pods.client import ClientCredentials, RefreshedTokens, SolidClient, SolidError
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.http.test_code_flow import (  # the application of that module, and its way through the pages
    authorised,
    client_origin,
    exchange,
)
from tests.identity_host import IdentityHost, identity_host

__all__ = ["client_origin"]
TOKEN = "http://localhost:8080/.oidc/token"


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock, client_origin: str) -> AsyncIterator[IdentityHost]:
    trusted = (client_origin.removeprefix("http://"),)
    async with identity_host(tmp_path, clock, trusted=trusted) as opened:
        opened.add_account("anna")
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers.update({"accept": "text/html", "accept-language": "it"})
        yield client


async def test_every_endpoint_that_discovery_names_is_there(
    host: IdentityHost, browser: httpx.AsyncClient
) -> None:
    for place in ("openid-configuration", "oauth-authorization-server"):
        found = (await browser.get(f"/.well-known/{place}")).json()
        assert found["issuer"] == "http://localhost:8080/"
        endpoints = [value for name, value in found.items() if name.endswith(("_endpoint", "jwks_uri"))]
        assert len(endpoints) == 7
        for endpoint in endpoints:
            answers = [(await browser.get(endpoint)).status_code, (await browser.post(endpoint)).status_code]
            assert set(answers) - {404, 405}, endpoint
        assert found["scopes_supported"] == ["openid", "webid", "profile", "offline_access"]
        assert "client_credentials" in found["grant_types_supported"]
        assert found["authorization_response_iss_parameter_supported"] is True


async def test_discovery_is_found_behind_the_issuer_with_its_slash(browser: httpx.AsyncClient) -> None:
    found = await browser.get("http://localhost:8080//.well-known/openid-configuration")
    assert (found.status_code, found.json()["issuer"]) == (200, "http://localhost:8080/")


async def test_a_host_without_the_slash_calls_itself_so_everywhere(
    tmp_path: Path, clock: SettableClock
) -> None:
    async with identity_host(tmp_path, clock, issuer_slash=False) as host, host.browser() as http:
        client = host.add_account("anna")
        found = (await http.get("/.well-known/openid-configuration")).json()
        assert found["issuer"] == "http://localhost:8080"
        card = await http.get("/anna/profile/card", headers={"accept": "text/turtle"})
        assert "oidcIssuer <http://localhost:8080>" in card.text
        tokens = host.credentials(http, client)
        claims = host.keys.verify(await tokens.access_token(), "at+jwt")
        assert claims["iss"] == "http://localhost:8080"
        pod = SolidClient(http, tokens, clock=clock)
        assert (await pod.request("GET", "http://localhost:8080/anna/settings/prefs.ttl")).status_code == 200


async def test_with_nonces_on_a_client_gets_one_and_goes_on(tmp_path: Path, clock: SettableClock) -> None:
    async with identity_host(tmp_path, clock, dpop_nonces=True) as host, host.browser() as http:
        client = host.add_account("anna")
        asked: list[httpx.Response] = []

        async def note(answer: httpx.Response) -> None:
            asked.append(answer)

        http.event_hooks["response"].append(note)
        pod = SolidClient(http, host.credentials(http, client), clock=clock)
        url = "http://localhost:8080/anna/settings/prefs.ttl"
        assert (await pod.request("GET", url)).status_code == 200
        refused = [one for one in asked if "dpop-nonce" in one.headers]
        assert [(one.request.url.path, one.status_code) for one in refused] == [
            ("/.oidc/token", 400),
            ("/anna/settings/prefs.ttl", 401),
        ]
        assert refused[0].json()["error"] == "use_dpop_nonce"
        assert 'error="use_dpop_nonce"' in refused[1].headers["www-authenticate"]


@pytest.mark.parametrize(("age", "status"), [(0, 200), (WINDOW, 200), (3 * WINDOW, 401)])
async def test_a_nonce_is_good_for_minutes(
    tmp_path: Path, clock: SettableClock, age: float, status: int
) -> None:
    async with identity_host(tmp_path, clock, dpop_nonces=True) as host, host.browser() as http:
        tokens = host.credentials(http, host.add_account("anna"))
        url = "http://localhost:8080/anna/settings/prefs.ttl"
        token = await tokens.access_token()
        first = await http.get(url, headers=proved(tokens, token, url, clock, None))
        nonce = first.headers["dpop-nonce"]
        clock.advance(age)
        token = await tokens.access_token()
        answer = await http.get(url, headers=proved(tokens, token, url, clock, nonce))
        assert answer.status_code == status


def proved(
    tokens: ClientCredentials, token: str, url: str, clock: SettableClock, nonce: str | None
) -> dict[str, str]:
    proof = tokens.key.proof("GET", url, at=clock(), access_token=token, nonce=nonce)
    return {"authorization": f"DPoP {token}", "dpop": proof}


async def test_with_nonces_off_a_proof_that_holds_one_is_taken(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock
) -> None:
    with host.store.writing() as tx:
        client = host.accounts.credentials(tx, host.webid("anna"), "nonces")
    tokens = host.credentials(browser, client)
    url = "http://localhost:8080/anna/settings/prefs.ttl"
    headers = proved(tokens, await tokens.access_token(), url, clock, "of-another-time")
    assert (await browser.get(url, headers={**headers, "accept": "text/turtle"})).status_code == 200


async def tokens_of(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str, key: DpopKey
) -> dict[str, Any]:
    code = await authorised(browser, client_origin)
    found: dict[str, Any] = (await exchange(browser, clock, client_origin, key, code)).json()
    return found


async def test_a_revoked_refresh_token_gives_nothing_more(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    token = await tokens_of(browser, clock, client_origin, key)
    revoked = await browser.post("/.oidc/revoke", data={"token": token["refresh_token"]})
    assert revoked.status_code == 200

    async def keep(_: str) -> None:
        raise AssertionError("no token came")

    refreshed = RefreshedTokens(
        *(browser, "http://localhost:8080/", f"{client_origin}/client.jsonld", token["refresh_token"], key),
        keep=keep,
        clock=clock,
    )
    with pytest.raises(SolidError, match="invalid_grant"):
        await refreshed.access_token()
    assert (await browser.post("/.oidc/revoke", data={"token": "unknown"})).status_code == 200
    assert (await browser.post("/.oidc/revoke", data={})).status_code == 400


async def test_userinfo_says_the_webid_and_only_to_who_has_a_token(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    token = (await tokens_of(browser, clock, client_origin, key))["access_token"]
    url = "http://localhost:8080/.oidc/userinfo"
    proof = key.proof("GET", url, at=clock(), access_token=token)
    answer = await browser.get(url, headers={"authorization": f"DPoP {token}", "dpop": proof})
    assert answer.json() == {"sub": host.webid("anna"), "webid": host.webid("anna")}
    refused = await browser.get(url)
    assert refused.status_code == 401
    assert "DPoP" in refused.headers["www-authenticate"]
