"""WebIDs on other servers: linked by whoever controls the profile, logged in as, and unlinked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pods.authn.issuers import KEPT
from pods.client import SolidClient, SolidError, send_with_proof
from pods.identity import linked_sql
from pods.identity.linked_pages import CLAIM_SECONDS, MOST_LOOKS
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.conftest import SettableClock
from tests.http.test_account_pages import log_in, register, send
from tests.http.test_client_registration import CALLBACK, VERIFIER, asked
from tests.identity_host import IdentityHost, identity_host
from tests.serving import bound_socket, serving

PLACE = "/.account/webids"


@dataclass
class Elsewhere:
    """A server with the profile of Carla, who may write what she likes into it."""

    origin: str
    profile: str = ""
    media_type: str = "text/turtle"
    asked: list[str] = field(default_factory=list)

    @property
    def webid(self) -> str:
        return f"{self.origin}/carla/card#me"

    async def card(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return Response(self.profile, media_type=self.media_type)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    listener = bound_socket()
    server = Elsewhere(f"http://localhost:{listener.getsockname()[1]}")
    with serving(Starlette(routes=[Route("/carla/card", server.card)]), listener=listener):
        yield server


@pytest.fixture
async def host(tmp_path: Path, clock: SettableClock, elsewhere: Elsewhere) -> AsyncIterator[IdentityHost]:
    async with identity_host(tmp_path, clock, trusted=(elsewhere.origin.removeprefix("http://"),)) as opened:
        yield opened


@pytest.fixture
async def browser(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        client.headers.update({"accept": "text/html", "accept-language": "it"})
        await register(client)
        yield client


@pytest.fixture
async def http(host: IdentityHost) -> AsyncIterator[httpx.AsyncClient]:
    async with host.browser() as client:
        yield client


async def begin(browser: httpx.AsyncClient, webid: str) -> str:
    """Name a WebID, and return what is to be written into its profile."""
    page = await send(browser, PLACE, PLACE, webid=webid)
    assert page.status_code == 200, page.text
    found = re.search(r"<pre[^>]*><code>(.*?)</code>", page.text, re.DOTALL)
    assert found is not None
    return unescape(found[1])


async def check(browser: httpx.AsyncClient) -> httpx.Response:
    return await send(browser, PLACE, f"{PLACE}/check")


async def linked(browser: httpx.AsyncClient, elsewhere: Elsewhere) -> None:
    elsewhere.profile = await begin(browser, elsewhere.webid)
    assert "Il WebID è collegato" in (await check(browser)).text


async def credentials(browser: httpx.AsyncClient, webid: str) -> tuple[str, str]:
    page = await send(browser, "/.account/", "/.account/credentials", label="prova", webid=webid)
    client_id, secret = re.findall(r"<code[^>]*>([^<]+)</code>", page.text)[:2]
    return client_id, secret


async def test_a_webid_is_linked_by_what_its_profile_says_and_applications_act_as_it(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere
) -> None:
    await linked(browser, elsewhere)
    public = {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
    client_id = (await browser.post("/.oidc/register", json=public)).json()["client_id"]
    page = await browser.get(asked(client_id, CALLBACK), follow_redirects=True)
    assert f"altrove: {elsewhere.webid}" in page.text
    last = page.text[page.text.rindex('<form method="post"') :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', last)
    answer = await browser.post(
        "/.account/authorize",
        data={name: unescape(value) for name, value in hidden}
        | {"webid": elsewhere.webid, "decision": "allow"},
        headers={"origin": host.origin},
    )
    code = httpx.URL(answer.headers["location"]).params["code"]
    given = {"redirect_uri": CALLBACK, "code_verifier": VERIFIER, "client_id": client_id}
    form = {"grant_type": "authorization_code", "code": code, **given}
    token = await send_with_proof(
        *(browser, DpopKey.generate(), "POST", f"{host.origin}/.oidc/token"), clock=host.clock, data=form
    )
    assert token.status_code == 200, token.text
    for kind, typ in (("access_token", "at+jwt"), ("id_token", "JWT")):
        assert host.keys.verify(token.json()[kind], typ)["webid"] == elsewhere.webid


async def test_it_opens_what_is_shared_with_it(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere, http: httpx.AsyncClient
) -> None:
    await linked(browser, elsewhere)
    anna = SolidClient(http, host.credentials(http, host.add_account("anna")), clock=host.clock)
    note = f"{host.origin}/anna/note.ttl"
    rules = (
        "@prefix acl: <http://www.w3.org/ns/auth/acl#>."
        f"<#a> a acl:Authorization; acl:agent <{host.webid('anna')}>; acl:accessTo <{note}>;"
        " acl:mode acl:Read, acl:Write, acl:Control."
        f"<#b> a acl:Authorization; acl:agent <{elsewhere.webid}>; acl:accessTo <{note}>; acl:mode acl:Read."
    )
    for url, content in ((note, "<#it> <#is> 'shared'."), (f"{note}.acl", rules)):
        await anna.put(url, content, "text/turtle")
    client = await credentials(browser, elsewhere.webid)
    carla = SolidClient(http, host.credentials(http, client), clock=host.clock)
    assert "shared" in (await carla.request("GET", note)).text
    # The pod of the same account is another WebID's.
    assert (await carla.request("GET", f"{host.origin}/bruno/settings/")).status_code == 403


NOT_ENOUGH = (
    ("", "text/turtle", "manca la prima"),
    ("{issuer}", "text/turtle", "manca la seconda"),
    ("{token}", "text/turtle", "manca la prima"),
    # Of somebody else in the same document, or with a text of another account.
    ("{both_of_another}", "text/turtle", "manca la prima"),
    ("{issuer}\n{wrong_token}", "text/turtle", "manca la seconda"),
    ("this is no Turtle", "text/turtle", "non si può leggere"),
    ("{issuer}\n{token}", "text/html", "non si può leggere"),
)


async def test_a_profile_that_does_not_say_both_links_nothing(
    browser: httpx.AsyncClient, elsewhere: Elsewhere
) -> None:
    text = await begin(browser, elsewhere.webid)
    issuer, token = text.splitlines()
    for profile, media_type, problem in NOT_ENOUGH:
        elsewhere.profile = profile.format(
            issuer=issuer,
            token=token,
            both_of_another=text.replace("#me", "#you"),
            wrong_token=re.sub('"[^"]+"', '"another"', token),
        )
        elsewhere.media_type = media_type
        page = await check(browser)
        assert (page.status_code, problem in page.text) == (400, True), profile
    assert elsewhere.webid not in (await browser.get("/.account/")).text


NO_WEBIDS = (
    ("http://localhost:8080/anna/profile/card#me", "di questo servizio"),
    ("HTTP://LOCALHOST:8080/anna", "di questo servizio"),
    ("carla", "indirizzo web"),
    ("ftp://elsewhere.example/card", "indirizzo web"),
    ("https://elsewhere.example/a b", "indirizzo web"),
    ("https://a:b@elsewhere.example/", "indirizzo web"),
    ("https://elsewhere.example/" + "x" * 1000, "indirizzo web"),
    ("https://[::1", "indirizzo web"),
)


async def test_what_is_no_webid_elsewhere_is_not_begun(browser: httpx.AsyncClient) -> None:
    for webid, problem in NO_WEBIDS:
        page = await send(browser, PLACE, PLACE, webid=webid)
        assert (page.status_code, problem in page.text) == (400, True), webid
        assert "<pre" not in page.text


async def test_an_address_that_the_guard_refuses_is_not_asked(browser: httpx.AsyncClient) -> None:
    await begin(browser, "https://169.254.169.254/latest/meta-data/")
    page = await check(browser)
    assert (page.status_code, "non si può leggere" in page.text) == (400, True)


async def test_a_claim_ends_after_a_day_and_the_looks_of_an_account_are_counted(
    browser: httpx.AsyncClient, elsewhere: Elsewhere, clock: SettableClock
) -> None:
    await begin(browser, elsewhere.webid)
    pages = [await check(browser) for _ in range(MOST_LOOKS + 1)]
    assert [page.status_code for page in pages] == [400] * (MOST_LOOKS + 1)
    assert "Troppi tentativi" in pages[-1].text
    assert len(elsewhere.asked) == MOST_LOOKS
    clock.advance(CLAIM_SECONDS + 1)
    await log_in(browser, "bruno")
    assert "<pre" not in (await browser.get(PLACE)).text


async def test_nobody_checks_the_claim_of_another(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere
) -> None:
    elsewhere.profile = await begin(browser, elsewhere.webid)
    host.add_account("eva")
    async with host.browser() as other:
        other.headers.update({"accept": "text/html", "accept-language": "it"})
        await log_in(other, "eva")
        await begin(other, elsewhere.webid)  # she gets a text of her own, which is not in the profile
        assert "manca la seconda" in (await check(other)).text
    assert "Il WebID è collegato" in (await check(browser)).text


async def test_who_controls_the_profile_later_takes_the_webid_over(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere
) -> None:
    await linked(browser, elsewhere)
    before = await credentials(browser, elsewhere.webid)
    await host.credentials(browser, before).access_token()
    host.add_account("eva")
    async with host.browser() as other:
        other.headers.update({"accept": "text/html", "accept-language": "it"})
        await log_in(other, "eva")
        await linked(other, elsewhere)
        assert elsewhere.webid in (await other.get("/.account/")).text
    assert elsewhere.webid not in (await browser.get("/.account/")).text
    await refused(host, browser, before)


async def test_who_unlinks_a_webid_gets_no_more_tokens_for_it(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere
) -> None:
    await linked(browser, elsewhere)
    script = await credentials(browser, elsewhere.webid)
    token = await host.credentials(browser, script).access_token()
    assert jose.parse(token).claims["webid"] == elsewhere.webid
    page = await send(browser, PLACE, f"{PLACE}/unlink")
    assert "Il WebID è scollegato" in page.text
    assert elsewhere.webid not in (await browser.get("/.account/")).text
    await refused(host, browser, script)


async def test_a_profile_that_names_this_issuer_no_more_ends_the_tokens(
    host: IdentityHost, browser: httpx.AsyncClient, elsewhere: Elsewhere, clock: SettableClock
) -> None:
    await linked(browser, elsewhere)
    script = await credentials(browser, elsewhere.webid)
    elsewhere.profile = elsewhere.profile.splitlines()[0]  # the text may go
    await host.credentials(browser, script).access_token()
    looks = len(elsewhere.asked)
    await host.credentials(browser, script).access_token()
    assert len(elsewhere.asked) == looks, "a profile is believed for ten minutes"
    elsewhere.profile = ""
    clock.advance(KEPT + 1)
    await refused(host, browser, script)
    with host.store.reading() as tx:
        assert linked_sql.is_linked(tx, elsewhere.webid), "whether it stays linked is for the person to say"


async def refused(host: IdentityHost, browser: httpx.AsyncClient, script: tuple[str, str]) -> None:
    with pytest.raises(SolidError):
        await host.credentials(browser, script).access_token()
