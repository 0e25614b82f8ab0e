"""A script gets tokens with the client credentials of an account."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from pods.client import SolidError, send_with_proof
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.identity_host import IdentityHost, identity_host


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock) as opened:
        yield opened


@pytest.fixture
async def http(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        yield client


async def test_the_access_token_says_who_and_is_bound_to_the_key(
    host: IdentityHost, http: httpx.AsyncClient
) -> None:
    tokens = host.credentials(http, host.add_account("anna"))
    claims = host.keys.verify(await tokens.access_token(), "at+jwt")
    assert claims["webid"] == "http://localhost:8080/anna/profile/card#me"
    assert claims["iss"] == "http://localhost:8080/"
    assert claims["aud"] == ["solid"]
    assert claims["cnf"] == {"jkt": tokens.key.thumbprint()}
    assert claims["exp"] - claims["iat"] == 600


async def test_the_verifier_takes_the_token_with_a_proof_and_only_once(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    tokens = host.credentials(http, host.add_account("anna"))
    token = await tokens.access_token()
    url = "http://localhost:8080/anna/x"
    proof = tokens.key.proof("GET", url, at=clock(), access_token=token)
    agent = host.verifier.agent("GET", url, {"authorization": f"DPoP {token}", "dpop": proof})
    assert agent.webid == host.webid("anna")


async def test_the_id_token_is_for_the_client_and_for_solid(
    host: IdentityHost, http: httpx.AsyncClient
) -> None:
    client = host.add_account("anna")
    tokens = host.credentials(http, client)
    claims = host.keys.verify(await tokens.id_token(), "JWT")
    assert claims["aud"] == [client[0], "solid"]
    assert claims["azp"] == client[0]
    assert claims["webid"] == host.webid("anna")
    assert claims["cnf"] == {"jkt": tokens.key.thumbprint()}


async def test_no_scope_is_needed(host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock) -> None:
    client = host.add_account("anna")
    answer = await send_with_proof(
        http,
        DpopKey.generate(),
        "POST",
        "http://localhost:8080/.oidc/token",
        clock=clock,
        data={"grant_type": "client_credentials"},
        auth=client,
    )
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "DPoP"
    assert answer.headers["cache-control"] == "no-store"
    assert "id_token" not in answer.json()


async def test_the_secret_may_also_come_in_the_form(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    client_id, secret = host.add_account("anna")
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token_url = "http://localhost:8080/.oidc/token"
    answer = await send_with_proof(http, DpopKey.generate(), "POST", token_url, clock=clock, data=form)
    assert answer.status_code == 200


async def test_a_client_proves_itself_in_one_way_and_under_one_name(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    client_id, secret = host.add_account("anna")
    basic = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    token_url = "http://localhost:8080/.oidc/token"
    for further, status, error in (
        ({"client_id": client_id}, 200, None),
        ({"client_id": client_id, "client_secret": secret}, 400, "invalid_request"),
        ({"client_id": "another"}, 400, "invalid_request"),
    ):
        form = {"grant_type": "client_credentials", **further}
        headers = {"authorization": f"Basic {basic}"}
        answer = await send_with_proof(
            *(http, DpopKey.generate(), "POST", token_url), clock=clock, data=form, headers=headers
        )
        assert (answer.status_code, answer.json().get("error")) == (status, error)


async def test_a_wrong_secret_gets_401_and_no_token(host: IdentityHost, http: httpx.AsyncClient) -> None:
    client_id, _ = host.add_account("anna")
    with pytest.raises(SolidError, match="invalid_client") as caught:
        await host.credentials(http, (client_id, "wrong")).access_token()
    assert caught.value.status == 401


async def test_a_refused_client_is_told_how_to_prove_itself(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    client_id, secret = host.add_account("anna")
    token_url = "http://localhost:8080/.oidc/token"
    for given, status, challenge in (
        (secret, 200, None),
        ("wrong", 401, 'Basic realm="http://localhost:8080/", charset="UTF-8"'),
    ):
        basic = base64.b64encode(f"{client_id}:{given}".encode()).decode()
        # Names of media types and of schemes are compared without their case (RFC 9110, 8.3.1 and 11.1).
        headers = {
            "authorization": f"bAsIc {basic}",
            "content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        }
        form = {"grant_type": "client_credentials"}
        answer = await send_with_proof(
            *(http, DpopKey.generate(), "POST", token_url), clock=clock, data=form, headers=headers
        )
        assert (answer.status_code, answer.headers.get("www-authenticate")) == (status, challenge)


async def test_revoked_credentials_get_no_token(host: IdentityHost, http: httpx.AsyncClient) -> None:
    client = host.add_account("anna")
    with host.store.writing() as tx:
        account = host.accounts.by_login(tx, "anna")
        assert account is not None
        host.accounts.revoke_credential(tx, account, client[0])
    with pytest.raises(SolidError, match="invalid_client"):
        await host.credentials(http, client).access_token()


async def test_a_seed_may_bring_its_own_id_and_secret(host: IdentityHost, http: httpx.AsyncClient) -> None:
    host.add_account("anna")
    with host.store.writing() as tx:
        chosen = host.accounts.credentials(
            tx, host.webid("anna"), "seed", client_id="id with spaces+%", client_secret="secret: +%&"
        )
    assert chosen == ("id with spaces+%", "secret: +%&")
    assert await host.credentials(http, chosen).access_token()


async def test_a_token_request_without_a_proof_is_refused(
    host: IdentityHost, http: httpx.AsyncClient
) -> None:
    answer = await http.post(
        "/.oidc/token", data={"grant_type": "client_credentials"}, auth=host.add_account("anna")
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_a_proof_for_another_address_is_refused(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    proof = DpopKey.generate().proof("POST", "http://evil.example/.oidc/token", at=clock())
    answer = await http.post(
        "/.oidc/token",
        data={"grant_type": "client_credentials"},
        auth=host.add_account("anna"),
        headers={"dpop": proof},
    )
    assert answer.json()["error"] == "invalid_dpop_proof"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ("grant_type=password&username=anna", "unsupported_grant_type"),
        ("grant_type=%22%5C%C3%A0", "unsupported_grant_type"),
        ("", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=refresh_token", "invalid_request"),
        ("grant_type=authorization_code&code=x&client_id=unknown", "invalid_client"),
    ],
)
async def test_requests_that_cannot_be_served_say_why(
    http: httpx.AsyncClient, clock: SettableClock, form: str, error: str
) -> None:
    url = "http://localhost:8080/.oidc/token"
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "dpop": DpopKey.generate().proof("POST", url, at=clock()),
    }
    answer = await http.post(url, content=form, headers=headers)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error


async def test_the_token_is_renewed_shortly_before_it_ends(
    host: IdentityHost, http: httpx.AsyncClient, clock: SettableClock
) -> None:
    tokens = host.credentials(http, host.add_account("anna"))
    first = await tokens.access_token()
    clock.advance(560)
    assert await tokens.access_token() == first
    clock.advance(20)
    assert await tokens.access_token() != first


async def test_discovery_and_keys_let_another_server_check_our_tokens(
    host: IdentityHost, http: httpx.AsyncClient
) -> None:
    discovery = (await http.get("/.well-known/openid-configuration")).json()
    assert discovery["issuer"] == "http://localhost:8080/"
    assert "webid" in discovery["scopes_supported"]
    assert discovery["code_challenge_methods_supported"] == ["S256"]
    published = (await http.get(discovery["jwks_uri"])).json()["keys"]
    jws = jose.parse(await host.credentials(http, host.add_account("anna")).access_token())
    key = jose.public_key(next(jwk for jwk in published if jwk["kid"] == jws.header.kid))
    assert key.verifies(jws.header.alg, jws.signing_input, jws.signature)
    assert all("d" not in jwk for jwk in published)
