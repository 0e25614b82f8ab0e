"""A person logs in to an application through the browser: authorization code with PKCE and DPoP."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pods.client import RefreshedTokens, SolidError, send_with_proof
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.identity_host import PASSWORD, IdentityHost, identity_host
from tests.serving import bound_socket, serving

TOKEN_URL = "http://localhost:8080/.oidc/token"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def client_origin() -> Iterator[str]:
    """The origin of an application that serves its client-id document."""
    listener = bound_socket()
    origin = f"http://localhost:{listener.getsockname()[1]}"

    async def document(request: Request) -> JSONResponse:
        content = {
            "@context": ["https://www.w3.org/ns/solid/oidc-context.jsonld"],
            "client_id": f"{origin}{request.url.path}",
            "client_name": "Il mio portafoglio",
            "redirect_uris": [f"{origin}/callback"],
            "post_logout_redirect_uris": [f"{origin}/bye"],
            "scope": "openid webid offline_access",
            "grant_types": ["authorization_code", "refresh_token"],
            **({"id_token_signed_response_alg": "RS256"} if request.url.path == "/rs256.jsonld" else {}),
        }
        return JSONResponse(content, media_type="application/ld+json")

    routes = [Route(place, document) for place in ("/client.jsonld", "/rs256.jsonld")]
    with serving(Starlette(routes=routes), listener=listener) as started:
        assert started == origin
        yield origin


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock, client_origin: str) -> AsyncIterator[IdentityHost]:
    trusted = (client_origin.removeprefix("http://"),)
    async with identity_host(tmp_path, clock, trusted=trusted) as opened:
        opened.add_account("anna")
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers["accept"] = "text/html"
        client.headers["accept-language"] = "it"
        yield client


def asked(client_origin: str, **changes: str) -> str:
    parameters = {
        "response_type": "code",
        "client_id": f"{client_origin}/client.jsonld",
        "redirect_uri": f"{client_origin}/callback",
        "scope": "openid webid offline_access",
        "state": "a state",
        "nonce": "a nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/.oidc/authorize?" + urlencode({name: value for name, value in parameters.items() if value})


async def follow(browser: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """Follow redirects as long as they stay on the provider."""
    while answer.has_redirect_location and answer.headers["location"].startswith("/"):
        answer = await browser.get(answer.headers["location"])
    return answer


async def submit(browser: httpx.AsyncClient, page: httpx.Response, **fields: str) -> httpx.Response:
    """Send the last form of a page that works without a script, with its hidden fields."""
    text = re.sub(r"<form[^>]* data-passkey=.*?</form>", "", page.text, flags=re.DOTALL)
    form = re.findall(r'<form method="post" action="([^"]+)".*?</form>', text, re.DOTALL)
    body = text[text.rindex("<form") :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body))
    data = {name: unescape(value) for name, value in hidden.items()}
    headers = {"origin": "http://localhost:8080"}
    return await follow(browser, await browser.post(form[-1], data={**data, **fields}, headers=headers))


async def log_in(browser: httpx.AsyncClient, url: str, login: str = "anna") -> httpx.Response:
    page = await follow(browser, await browser.get(url))
    assert "Accedi" in page.text
    return await submit(browser, page, login=login, password=PASSWORD)


def returned(answer: httpx.Response, client_origin: str) -> dict[str, str]:
    location = answer.headers["location"]
    assert location.startswith(f"{client_origin}/callback?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def authorised(browser: httpx.AsyncClient, client_origin: str, **changes: str) -> str:
    """Go through log-in and decision; return the code."""
    page = await log_in(browser, asked(client_origin, **changes))
    return returned(await submit(browser, page, decision="allow"), client_origin)["code"]


async def exchange(
    browser: httpx.AsyncClient,
    clock: SettableClock,
    client_origin: str,
    key: DpopKey,
    code: str,
    **changes: str,
) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{client_origin}/callback",
        "client_id": f"{client_origin}/client.jsonld",
        "code_verifier": VERIFIER,
        **changes,
    }
    return await send_with_proof(browser, key, "POST", TOKEN_URL, clock=clock, data=form)


async def test_the_whole_way_ends_with_tokens_for_the_person(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    page = await log_in(browser, asked(client_origin))
    assert "Il mio portafoglio" in page.text
    answer = returned(await submit(browser, page, decision="allow"), client_origin)
    assert answer["state"] == "a state"
    assert answer["iss"] == "http://localhost:8080/"
    key = DpopKey.generate()
    token = (await exchange(browser, clock, client_origin, key, answer["code"])).json()
    claims = host.keys.verify(token["id_token"], "JWT")
    client_id = f"{client_origin}/client.jsonld"
    assert claims["webid"] == claims["sub"] == host.webid("anna")
    assert claims["aud"] == [client_id, "solid"]
    assert (claims["azp"], claims["nonce"], claims["auth_time"]) == (client_id, "a nonce", clock())
    assert claims["cnf"]["jkt"] == key.thumbprint()
    access = host.keys.verify(token["access_token"], "at+jwt")
    assert (access["webid"], access["client_id"]) == (host.webid("anna"), client_id)


@pytest.mark.parametrize(
    ("document", "alg"),
    [
        # Clients with a document choose from discovery by themselves, ES256 first, and tell nobody.
        ("client.jsonld", "ES256"),
        ("rs256.jsonld", "RS256"),
    ],
)
async def test_a_document_says_how_id_tokens_are_signed(
    *,
    browser: httpx.AsyncClient,
    clock: SettableClock,
    client_origin: str,
    document: str,
    alg: str,
) -> None:
    client_id = f"{client_origin}/{document}"
    page = await log_in(browser, asked(client_origin, client_id=client_id))
    code = returned(await submit(browser, page, decision="allow"), client_origin)["code"]
    token = await exchange(browser, clock, client_origin, DpopKey.generate(), code, client_id=client_id)
    assert jose.parse(token.json()["id_token"]).header.alg == alg
    assert jose.parse(token.json()["access_token"]).header.alg == "ES256"


async def test_who_allowed_an_application_is_not_asked_again(
    browser: httpx.AsyncClient, client_origin: str
) -> None:
    await authorised(browser, client_origin)
    answer = await follow(browser, await browser.get(asked(client_origin)))
    assert returned(answer, client_origin)["code"]
    asked_again = await follow(browser, await browser.get(asked(client_origin, prompt="consent")))
    assert "Accetto" in asked_again.text


async def test_who_refuses_sends_the_application_away_without_a_code(
    browser: httpx.AsyncClient, client_origin: str
) -> None:
    page = await log_in(browser, asked(client_origin))
    answer = returned(await submit(browser, page, decision="deny"), client_origin)
    assert answer["error"] == "access_denied"
    assert answer["iss"] == "http://localhost:8080/"
    assert "code" not in answer


async def test_a_code_is_good_once_and_its_second_use_ends_the_tokens(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    code = await authorised(browser, client_origin)
    key = DpopKey.generate()
    token = (await exchange(browser, clock, client_origin, key, code)).json()
    second = await exchange(browser, clock, client_origin, key, code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token["refresh_token"],
        "client_id": f"{client_origin}/client.jsonld",
    }
    refreshed = await send_with_proof(browser, key, "POST", TOKEN_URL, clock=clock, data=form)
    assert refreshed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"redirect_uri": "http://localhost:1/callback"}, "invalid_grant"),
        ({"code": "guessed"}, "invalid_grant"),
    ],
)
async def test_a_code_with_the_wrong_company_is_worth_nothing(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str, changes: dict[str, str], error: str
) -> None:
    code = await authorised(browser, client_origin)
    answer = await exchange(browser, clock, client_origin, DpopKey.generate(), **{"code": code, **changes})
    assert answer.status_code == 400
    assert answer.json()["error"] == error


async def test_a_code_ends_after_a_minute(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    code = await authorised(browser, client_origin)
    clock.advance(61)
    answer = await exchange(browser, clock, client_origin, DpopKey.generate(), code)
    assert answer.json()["error"] == "invalid_grant"


async def test_a_code_asked_for_with_a_key_needs_that_key(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    code = await authorised(browser, client_origin, dpop_jkt=key.thumbprint())
    stolen = await exchange(browser, clock, client_origin, DpopKey.generate(), code)
    assert stolen.json()["error"] == "invalid_grant"
    assert (await exchange(browser, clock, client_origin, key, code)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
    ],
)
async def test_a_request_that_will_not_do_goes_back_with_its_error(
    browser: httpx.AsyncClient, client_origin: str, changes: dict[str, str], error: str
) -> None:
    answer = returned(
        await follow(browser, await browser.get(asked(client_origin, **changes))), client_origin
    )
    assert answer["error"] == error
    assert (answer["state"], answer["iss"]) == ("a state", "http://localhost:8080/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"redirect_uri": "https://evil.example/callback"}, "un indirizzo che non ha registrato"),
        ({"redirect_uri": ""}, "una richiesta a cui non si può rispondere"),
        ({"redirect_uri": 'https://evil.example/"<'}, "un indirizzo che non ha registrato"),
        ({"client_id": "unknown"}, "deve registrarsi di nuovo"),
        ({"client_id": "https://10.0.0.1/client.jsonld"}, "La descrizione dell’applicazione"),
        ({"client_id": ""}, "deve registrarsi di nuovo"),
    ],
)
async def test_no_browser_is_sent_to_an_address_that_is_not_the_clients(
    browser: httpx.AsyncClient, client_origin: str, changes: dict[str, str], said: str
) -> None:
    answer = await follow(browser, await browser.get(asked(client_origin, **changes)))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert said in unescape(answer.text)


async def test_the_decision_cannot_be_forged_from_another_site(
    browser: httpx.AsyncClient, client_origin: str
) -> None:
    await log_in(browser, asked(client_origin))
    query = urlsplit(asked(client_origin)).query
    data = {"query": query, "decision": "allow", "csrf": "guessed"}
    answer = await browser.post("/.account/authorize", data=data, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_prompt_login_and_max_age_ask_for_the_password_again(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    await authorised(browser, client_origin)
    for again in ({"prompt": "login"}, {"max_age": "60"}):
        clock.advance(120)
        page = await follow(browser, await browser.get(asked(client_origin, **again)))
        assert "Accedi" in page.text
        assert returned(await submit(browser, page, login="anna", password=PASSWORD), client_origin)["code"]


async def test_refresh_tokens_rotate_and_an_old_one_ends_them_all(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    token = (
        await exchange(browser, clock, client_origin, key, await authorised(browser, client_origin))
    ).json()
    kept: list[str] = []

    async def keep(refresh_token: str) -> None:
        kept.append(refresh_token)

    client_id = f"{client_origin}/client.jsonld"
    tokens = RefreshedTokens(
        browser, host.issuer, client_id, token["refresh_token"], key, keep=keep, clock=clock
    )
    first = await tokens.access_token()
    clock.advance(700)
    assert await tokens.access_token() != first
    assert len(set(kept)) == 2
    stolen = RefreshedTokens(
        browser, host.issuer, client_id, token["refresh_token"], key, keep=keep, clock=clock
    )
    with pytest.raises(SolidError, match="invalid_grant"):
        await stolen.access_token()
    clock.advance(700)
    with pytest.raises(SolidError, match="invalid_grant"):
        await tokens.access_token()


async def test_a_stolen_refresh_token_is_worth_nothing_without_the_key(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    code = await authorised(browser, client_origin)
    token = (await exchange(browser, clock, client_origin, DpopKey.generate(), code)).json()
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token["refresh_token"],
        "client_id": f"{client_origin}/client.jsonld",
    }
    answer = await send_with_proof(browser, DpopKey.generate(), "POST", TOKEN_URL, clock=clock, data=form)
    assert answer.json()["error"] == "invalid_grant"


async def test_an_application_that_is_shut_out_must_ask_again(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    key = DpopKey.generate()
    code = await authorised(browser, client_origin)
    token = (await exchange(browser, clock, client_origin, key, code)).json()
    home = await browser.get("/.account/")
    client_id = f"{client_origin}/client.jsonld"
    assert client_id in home.text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', home.text)[0]
    data = {"csrf": csrf, "client_id": client_id}
    headers = {"origin": "http://localhost:8080"}
    answer = await browser.post("/.account/applications/revoke", data=data, headers=headers)
    assert answer.status_code == 303
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], "client_id": client_id}
    refreshed = await send_with_proof(browser, key, "POST", TOKEN_URL, clock=clock, data=form)
    assert refreshed.json()["error"] == "invalid_grant"
    assert "Accetto" in (await follow(browser, await browser.get(asked(client_origin)))).text
    assert (
        await browser.post("/.account/applications/revoke", data=data, headers=headers)
    ).status_code == 404


async def test_an_application_logs_its_person_out(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    code = await authorised(browser, client_origin)
    token = (await exchange(browser, clock, client_origin, DpopKey.generate(), code)).json()
    wish = {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": f"{client_origin}/bye",
        "state": "s",
    }
    clock.advance(3600)
    answer = await follow(browser, await browser.get("/.oidc/logout?" + urlencode(wish)))
    assert answer.headers["location"] == f"{client_origin}/bye?state=s"
    home = await follow(browser, await browser.get("/.account/"))
    assert "Accedi" in home.text


async def test_logging_out_never_leads_to_an_address_not_registered(
    browser: httpx.AsyncClient, client_origin: str
) -> None:
    wish = {
        "client_id": f"{client_origin}/client.jsonld",
        "post_logout_redirect_uri": "https://evil.example/",
    }
    answer = await follow(browser, await browser.get("/.oidc/logout?" + urlencode(wish)))
    assert answer.status_code == 400


async def token_of(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str, answer: httpx.Response
) -> dict[str, str]:
    code = returned(answer, client_origin)["code"]
    token: dict[str, str] = (await exchange(browser, clock, client_origin, DpopKey.generate(), code)).json()
    return token


async def test_who_has_several_webids_chooses_one_and_the_choice_is_remembered(
    host: IdentityHost, browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    work = host.add_pod("anna", "anna-work")
    page = await log_in(browser, asked(client_origin))
    assert "Come chi?" in page.text
    token = await token_of(
        browser, clock, client_origin, await submit(browser, page, decision="allow", webid=work)
    )
    assert host.keys.verify(token["access_token"], "at+jwt")["webid"] == work
    assert host.keys.verify(token["id_token"], "JWT")["sub"] == work
    again = await follow(browser, await browser.get(asked(client_origin)))
    token = await token_of(browser, clock, client_origin, again)
    assert host.keys.verify(token["access_token"], "at+jwt")["webid"] == work


async def test_a_login_hint_at_another_webid_asks_anew_with_that_one_chosen(
    host: IdentityHost, browser: httpx.AsyncClient, client_origin: str
) -> None:
    work = host.add_pod("anna", "anna-work")
    page = await log_in(browser, asked(client_origin))
    await submit(browser, page, decision="allow", webid=host.webid("anna"))
    page = await follow(browser, await browser.get(asked(client_origin, login_hint=work)))
    assert re.search(rf'value="{re.escape(work)}" checked', page.text)


async def test_nobody_acts_as_a_webid_that_is_not_theirs(
    host: IdentityHost, browser: httpx.AsyncClient, client_origin: str
) -> None:
    host.add_account("bob")
    page = await log_in(browser, asked(client_origin))
    answer = await submit(browser, page, decision="allow", webid=host.webid("bob"))
    assert answer.status_code == 400
    assert "Questo WebID non è tuo" in answer.text


async def test_max_age_zero_asks_for_one_log_in_and_not_for_ever(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    await authorised(browser, client_origin)
    clock.now += 30
    page = await follow(browser, await browser.get(asked(client_origin, max_age="0")))
    assert "Accedi" in page.text
    clock.now += 30
    answer = await submit(browser, page, login="anna", password=PASSWORD)
    assert returned(answer, client_origin)["code"]


async def test_a_wished_log_in_cannot_be_skipped_by_following_the_way_back(
    browser: httpx.AsyncClient, clock: SettableClock, client_origin: str
) -> None:
    await authorised(browser, client_origin)
    clock.now += 3600
    answer = await browser.get((await browser.get(asked(client_origin, prompt="login"))).headers["location"])
    way = parse_qs(urlsplit(answer.headers["location"]).query)["next"][0]
    page = await follow(browser, await browser.get(way))
    assert "Accedi" in page.text
