"""The wallet's answers as a browser without a person behind it sees them: locked, guarded, and clear when a pod fails."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest

from pods.model import WebId
from pods.protocol.dpop import DpopKey
from pods.relying_party import Session, SessionStore
from tests.conftest import SettableClock
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application
from wallet.settings import WalletSettings

ORIGIN = "http://localhost:8081"
PRIVATE = (
    "/requests/together?controller=x",
    *(
        "/requests",
        "/requests/one?purpose=x",
        "/grants",
        "/grants/1",
        "/grants/1/record",
        "/log",
        "/results",
        "/data",
    ),
    *(
        "/data/profile",
        "/data/purchases",
        "/data/purchases/2017-10",
        "/data/purchases/2017-10/x.ttl",
        "/data/value",
    ),
    *(
        "/data/raw?at=profile/card",
        "/data/export",
        "/receive",
        "/receive?url=https://x.example/r/1",
        "/ballots/1",
    ),
    *("/rights", "/rights/new", "/rights/access", "/rights/access/csv", "/rights/1"),
    *("/people", "/prepared", "/preferences/standing", "/preferences/standing/preview?choice=never"),
)
POSTED = (
    "/requests/answer",
    "/requests/together",
    "/grants/1/withdraw",
    *("/elsewhere/give", "/elsewhere/1/withdraw"),
    "/data/profile",
    "/receive",
    "/ballots/1",
    "/rights",
    "/rights/1/close",
    *("/people/name", "/people/code", "/people/session", "/people/1/accept", "/people/1/end"),
    *("/people/1/act", "/acting/end", "/prepared/confirm", "/prepared/discard", "/grants/1/renew"),
    *("/preferences/standing", "/preferences/standing/remove"),
    "/login",
    "/logout",
)


@pytest.fixture
def dead_pod(tmp_path: Path) -> str:
    """The origin of a pod host that is down."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://localhost:{probe.getsockname()[1]}"


@pytest.fixture
async def browser_like(
    tmp_path: Path, dead_pod: str, clock: SettableClock
) -> AsyncIterator[httpx.AsyncClient]:
    app = application(WalletSettings(data=tmp_path, wallet_url=ORIGIN, pod_url=dead_pod), clock)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, headers={"Accept": "text/html"}
    ) as client:
        yield client


@pytest.fixture
def logged_in(
    tmp_path: Path, dead_pod: str, clock: SettableClock, browser_like: httpx.AsyncClient
) -> httpx.AsyncClient:
    """The same with anna's session, whose pod host has gone down since she logged in."""
    storage = f"{dead_pod}/anna/"
    session = Session(
        webid=WebId(f"{storage}profile/card#me"),
        issuer=f"{dead_pod}/",
        token_endpoint=f"{dead_pod}/.oidc/token",
        dpop_jwk=DpopKey.generate().private_jwk(),
        access_token="a-live-token",
        expires_at=clock() + 3600,
    )
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(session.webid, "Anna Bianchi", storage, containers, consent=True)
    store = SessionStore(tmp_path / "wallet.sqlite", tmp_path / "wallet.key", clock=clock)
    name = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    browser_like.cookies.set("portico_wallet", name)
    return browser_like


@pytest.mark.parametrize("path", PRIVATE)
async def test_a_private_page_leads_to_the_login_and_knows_the_way_back(
    browser_like: httpx.AsyncClient, path: str
) -> None:
    answer = await browser_like.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?return_to=/")


@pytest.mark.parametrize("path", POSTED)
async def test_a_form_without_our_token_changes_nothing(logged_in: httpx.AsyncClient, path: str) -> None:
    answer = await logged_in.post(path, data={"purpose": "x"}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Il modulo non è stato accettato" in answer.text


@pytest.mark.parametrize("path", [path for path in PRIVATE if not path.startswith(("/receive", "/data/raw"))])
async def test_a_pod_that_is_down_is_said_in_words(logged_in: httpx.AsyncClient, path: str) -> None:
    answer = await logged_in.get(path)
    if path in ("/data", "/preferences"):  # what the wallet knows without asking the pod
        assert answer.status_code == 200
        return
    assert answer.status_code == 502
    assert "Il tuo pod non risponde" in answer.text
    assert "Traceback" not in answer.text
    assert "a-live-token" not in answer.text


async def test_a_provider_that_is_down_is_said_on_the_login_page(browser_like: httpx.AsyncClient) -> None:
    page = await browser_like.get("/login?return_to=/grants")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    answer = await browser_like.post("/login", data={"csrf": token, "return_to": "/grants", "provider": ""})
    assert answer.status_code == 422
    assert "Il tuo fornitore di pod non risponde" in answer.text
    assert 'value="/grants"' in answer.text


async def test_a_provider_in_a_private_network_is_not_asked(browser_like: httpx.AsyncClient) -> None:
    page = await browser_like.get("/login")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    for provider in ("http://10.0.0.1", "https://127.0.0.1", "file:///etc/passwd", "localhost:22"):
        answer = await browser_like.post("/login", data={"csrf": token, "provider": provider})
        assert answer.status_code == 422, provider


@pytest.mark.parametrize("path", ["/", "/login", "/about/privacy", "/data", "/nothing-here"])
async def test_every_page_is_kept_out_of_caches_and_frames(logged_in: httpx.AsyncClient, path: str) -> None:
    answer = await logged_in.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"


async def test_the_client_document_says_who_the_wallet_is(browser_like: httpx.AsyncClient) -> None:
    answer = await browser_like.get("/client.jsonld")
    document = answer.json()
    assert answer.headers["content-type"] == "application/ld+json"
    assert document["client_id"] == f"{ORIGIN}/client.jsonld"
    assert document["redirect_uris"] == [f"{ORIGIN}/callback"]
    assert document["@context"] == ["https://www.w3.org/ns/solid/oidc-context.jsonld"]


async def test_an_answer_to_no_login_is_refused(browser_like: httpx.AsyncClient) -> None:
    answer = await browser_like.get("/callback?code=c&state=s")
    assert answer.status_code == 400
    assert "L'accesso ha richiesto troppo tempo".replace("'", "&#39;") in answer.text


async def test_a_session_left_alone_ends(logged_in: httpx.AsyncClient, clock: SettableClock) -> None:
    assert (await logged_in.get("/data")).status_code == 200
    clock.advance(31 * 60)
    assert (await logged_in.get("/data")).status_code == 303


async def test_nothing_personal_is_logged(
    logged_in: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await logged_in.get("/data/profile")
        await logged_in.get("/log")
    ours = [
        record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]
    assert [message for message in ours if "anna" in message.lower() or "token" in message] == []
