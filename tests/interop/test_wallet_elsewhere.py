"""The wallet with somebody whose data lies on a real Community Solid Server: given from its page, and taken back."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from urllib.parse import quote, urlsplit

import httpx
import pytest

from consent import controllers
from consent.client import PurposeKey, ServiceClient
from consent.main import extension
from pods.client import ClientCredentials, SolidClient
from pods.main import application
from pods.model import WebId
from pods.relying_party import Session, SessionStore
from tests.bench.peers import community_solid_server
from tests.bench.servers import Credentials
from tests.consent_host import ORDER, ROWS, declaration
from tests.http.test_wallet_elsewhere import account, host
from tests.interop.packages import SERVERS
from tests.serving import bound_socket, serving
from tests.wallet_session import COOKIE, WALLET
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

BASKET = "purchases/2017-10/b77.ttl"


@pytest.fixture(scope="module")
def there(packages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Credentials]:
    with community_solid_server(SERVERS / "node_modules", tmp_path_factory.mktemp("css")) as server:
        yield server


async def test_the_wallet_gives_and_takes_back_on_a_community_solid_server(
    there: Credentials, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, css = tmp_path_factory.mktemp("wallet"), urlsplit(there.issuer).netloc
    with ExitStack() as stack:
        listener = bound_socket()
        address = f"localhost:{listener.getsockname()[1]}"
        register = f"http://{address}"
        core = host(folder / "register", register, (address, css))
        added = extension(core)
        app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
        coop = account(core, "coop", "organisation")
        with core.store.writing() as tx:
            secret = core.accounts.credentials(tx, coop, "test")
        stack.enter_context(serving(app, listener=listener))
        async with httpx.AsyncClient(timeout=30) as http:
            tokens = ClientCredentials(http, register + "/", *secret, clock=time.time)
            service = ServiceClient(http, tokens, PurposeKey.generate(), clock=time.time, host=register)
            await service.register(
                "Cooperativa Valore", "cooperative", "info@coop.example", "dpo@coop.example"
            )
            with core.store.writing() as tx:
                controllers.approve(tx, coop)
            purpose = (await service.publish({**declaration([ROWS]), "valid_until": "2040-01-01"})).iri
            person = ClientCredentials(
                http, there.issuer, there.client_id, there.client_secret, clock=time.time
            )
            basket = there.storage + BASKET
            await SolidClient(http, person, clock=time.time).put(basket, ORDER, "text/turtle")
            session = Session(
                webid=WebId(f"{there.storage}profile/card#me"),
                issuer=there.issuer,
                token_endpoint=there.issuer,
                access_token=await person.access_token(),
                dpop_jwk=person.key.private_jwk(),
                expires_at=time.time() + 500,
            )
            containers = {shape.name: there.storage + shape.container for shape in SHAPES.values()}
            place = Place(session.webid, "Anna", there.storage, containers, consent=False)
            store = SessionStore(folder / "wallet.sqlite", folder / "wallet.key", clock=time.time)
            cookie = store.start({"session": asdict(session), "known": place.plain()})
            store.close()
            settings = WalletSettings(data=folder, wallet_url=WALLET, pod_url=register, trusted_hosts=(css,))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(wallet(settings, time.time)),
                base_url=WALLET,
                headers={"Accept": "text/html", "Accept-Language": "it"},
                follow_redirects=True,
                timeout=60,
            ) as browser:
                browser.cookies.set(COOKIE, cookie)
                assert (await service.read(basket, purpose)).status_code == 403
                page = await browser.get(f"/elsewhere/one?purpose={quote(purpose)}")
                token = page.text.split('name="csrf" value="')[1].split('"')[0]
                form = {"csrf": token, "purpose": purpose, "period": "90", "document": "Purchase/2017-10"}
                given = await browser.post("/elsewhere/give", data=form)
                assert "in vigore" in given.text
                assert (await service.read(basket, purpose)).status_code == 200
                (told,) = await service.grants(purpose)
                assert (told.elsewhere, told.resources) == (True, (basket,))
                (action,) = re.findall(r'action="(/elsewhere/[0-9a-f]+/withdraw)"', given.text)
                gone = await browser.post(action, data={"csrf": token})
                assert "il permesso non è più nelle sue regole" in gone.text
                assert await service.grants(purpose) == [], "who may not read any more is told so"
                assert (await service.read(basket, purpose)).status_code == 403
