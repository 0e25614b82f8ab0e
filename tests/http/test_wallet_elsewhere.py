"""The wallet over a plain Solid server: a second host on loopback holds the data, the first one has the register."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx
import orjson
import pytest_asyncio
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from consent import controllers
from consent.client import PurposeKey, ServiceClient
from consent.declarations import notice_digests
from consent.foreign import LIMITS, ForeignGrant
from consent.foreign.notes import FOLDER, Notes
from consent.main import extension, schemas
from consent.model import ServiceGrant
from pods.client import ClientCredentials, SolidClient
from pods.main import Core, application, open_core
from pods.model import Path as PodPath
from pods.model import WebId
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.consent_host import ORDER, ROWS, declaration, item
from tests.serving import bound_socket, serving
from tests.wallet_session import COOKIE, WALLET, start_session
from wallet.main import application as wallet
from wallet.settings import WalletSettings

APPEND = item("ValueShare", ("programme", "period", "share", "issuedAt"), "append")
ORDERS = (
    "/anna/purchases/2017-10/b77.ttl",
    "/anna/purchases/2017-10/b78.ttl",
    "/anna/purchases/2017-11/b90.ttl",
)


@dataclass
class Stubborn:
    """A server that answers 503 to every change of an access control list while `refuses` is set."""

    app: ASGIApp
    refuses: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        changes = scope["type"] == "http" and scope["method"] in ("PUT", "DELETE")
        if self.refuses and changes and scope["path"].endswith(".acl"):
            await Response("not now", 503)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Two:
    """The register's origin, the other server's, and what tests need of them."""

    register: str
    there: str
    server: Stubborn
    purpose: str
    shares: str
    secret: tuple[str, str] = field(repr=False)
    person: tuple[str, str] = field(repr=False)
    """Credentials of anna's at the other server."""
    key: PurposeKey = field(repr=False)
    session: str = field(repr=False)
    folder: Path

    async def status(self, path: str) -> int:
        """Return the status that the organisation's service gets at the other server, with its ordinary token."""
        async with self.service() as service:
            return (await service.read(self.there + path, self.purpose)).status_code

    async def listed(self) -> list[ServiceGrant]:
        """Return the grants that the organisation finds for its purpose."""
        async with self.service() as service:
            return await service.grants(self.purpose)

    @asynccontextmanager
    async def service(self) -> AsyncIterator[ServiceClient]:
        """The client of the organisation's service."""
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = ClientCredentials(http, self.register + "/", *self.secret, clock=time.time)
            yield ServiceClient(http, tokens, self.key, clock=time.time, host=self.register)

    @asynccontextmanager
    async def solid(self) -> AsyncIterator[SolidClient]:
        """A client of anna's with her own tokens."""
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = ClientCredentials(http, self.there + "/", *self.person, clock=time.time)
            yield SolidClient(http, tokens, clock=time.time)


def host(folder: Path, origin: str, trusted: tuple[str, ...]) -> Core:
    settings = PodSettings(
        data=folder, pod_url=origin, trusted_hosts=trusted, consent_clients=(f"{WALLET}/client.jsonld",)
    )
    return open_core(settings, time.time, schemas=schemas())


def account(core: Core, name: str, kind: str) -> WebId:
    webid = webid_for(core.settings.pod_url, name)
    with core.store.writing() as tx:
        create_pod(
            *(tx, name, webid),
            base=core.settings.pod_url,
            issuer=core.settings.issuer,
            display_name=name.title(),
            at=time.time(),
            kind=kind,  # type: ignore[arg-type]  # one of two literals
        )
        core.accounts.create(tx, name, password="x" * 20, webid=webid)
    return webid


@pytest_asyncio.fixture
async def two(tmp_path: Path) -> AsyncIterator[Two]:
    with ExitStack() as stack:
        sockets = bound_socket(), bound_socket()
        addresses = tuple(f"localhost:{one.getsockname()[1]}" for one in sockets)
        register, there = (f"http://{address}" for address in addresses)
        first = host(tmp_path / "register", register, addresses)
        second = host(tmp_path / "there", there, addresses)
        added = extension(first)
        coop, anna = account(first, "coop", "organisation"), account(second, "anna", "person")
        with second.store.writing() as tx:
            for place in ORDERS:
                tx.write(PodPath(place), "text/turtle", ORDER.encode(), time.time())
            person = second.accounts.credentials(tx, anna, "test")
        with first.store.writing() as tx:
            secret = first.accounts.credentials(tx, coop, "test")
        app = application(first, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
        server = Stubborn(application(second))
        stack.enter_context(serving(app, listener=sockets[0]))
        stack.enter_context(serving(server, listener=sockets[1]))
        key = PurposeKey.generate()
        purposes: list[str] = []
        async with httpx.AsyncClient(timeout=20) as http:
            tokens = ClientCredentials(http, register + "/", *secret, clock=time.time)
            service = ServiceClient(http, tokens, key, clock=time.time)
            await service.register(
                "Cooperativa Valore", "cooperative", "info@coop.example", "dpo@coop.example"
            )
            with first.store.writing() as tx:
                controllers.approve(tx, coop)
            for name, items in (("spesa", [ROWS, APPEND]), ("quote", [APPEND])):
                document = {**declaration(items, identifier=name), "valid_until": "2040-01-01"}
                purposes.append((await service.publish(document)).iri)
        session = start_session(tmp_path, second, anna, "anna", consent=False)
        yield Two(register, there, server, purposes[0], purposes[1], secret, person, key, session, tmp_path)


@pytest_asyncio.fixture
async def anna(two: Two) -> AsyncIterator[httpx.AsyncClient]:
    """Anna's browser, at the wallet of the register's installation; the other server is none of its own."""
    trusted = (two.there.removeprefix("http://"),)
    app = wallet(
        WalletSettings(data=two.folder, wallet_url=WALLET, pod_url=two.register, trusted_hosts=trusted),
        time.time,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=WALLET,
        headers={"Accept": "text/html", "Accept-Language": "it"},
        follow_redirects=True,
    ) as browser:
        browser.cookies.set(COOKIE, two.session)
        yield browser


@asynccontextmanager
async def later(two: Two, anna: httpx.AsyncClient, *, register: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """Anna's browser on another day, when the wallet was started anew; its register may be another one."""
    trusted = (two.there.removeprefix("http://"),)
    settings = WalletSettings(
        data=two.folder, wallet_url=WALLET, pod_url=register or two.register, trusted_hosts=trusted
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(wallet(settings, time.time)),
        base_url=WALLET,
        headers=anna.headers,
        follow_redirects=True,
    ) as browser:
        browser.cookies.set(COOKIE, two.session)
        yield browser


async def give(anna: httpx.AsyncClient, two: Two, *documents: str) -> httpx.Response:
    page = await anna.get(f"/elsewhere/one?purpose={quote(two.purpose)}")
    form = {"csrf": token(page), "purpose": two.purpose, "period": "90", "document": list(documents)}
    return await anna.post("/elsewhere/give", data=form)


async def withdraw(anna: httpx.AsyncClient) -> httpx.Response:
    page = await anna.get("/elsewhere")
    (action,) = re.findall(r'action="(/elsewhere/[0-9a-f]+/withdraw)"', page.text)
    return await anna.post(action, data={"csrf": token(page)})


def token(page: httpx.Response) -> str:
    return page.text.split('name="csrf" value="')[1].split('"')[0]


async def test_a_person_gives_sees_and_takes_back_documents_on_another_server(
    two: Two, anna: httpx.AsyncClient
) -> None:
    assert await two.status(ORDERS[0]) == 403
    given = await give(anna, two, "Purchase/2017-10")
    assert "L&#39;organizzazione può leggere ciò che hai scelto" in given.text
    assert "2 documenti" in given.text
    assert [await two.status(place) for place in ORDERS] == [200, 200, 403]
    gone = await withdraw(anna)
    assert "il permesso non è più nelle sue regole" in gone.text
    assert [await two.status(place) for place in ORDERS] == [403, 403, 403]


async def test_what_the_server_cannot_do_is_named_before_the_click(two: Two, anna: httpx.AsyncClient) -> None:
    page = await anna.get(f"/elsewhere/one?purpose={quote(two.purpose)}")
    before = page.text.partition('action="/elsewhere/give"')[0]
    for limit in LIMITS:
        assert limit.text["it"].replace("'", "&#39;") in before, limit.name
    assert "checked" not in page.text.partition('id="what"')[2].partition("Fino a quando")[0]


async def test_a_link_to_a_request_leads_there(two: Two, anna: httpx.AsyncClient) -> None:
    page = await anna.get(f"/requests/one?purpose={quote(two.purpose)}")
    assert page.url.path == "/elsewhere/one"
    assert "Che cosa il tuo server" in page.text


async def test_what_is_not_asked_to_be_read_is_never_opened(two: Two, anna: httpx.AsyncClient) -> None:
    page = await anna.get(f"/elsewhere/one?purpose={quote(two.shares)}")
    assert "Non si può rispondere a questa richiesta dal tuo server" in page.text
    assert 'action="/elsewhere/give"' not in page.text
    both = await anna.get(f"/elsewhere/one?purpose={quote(two.purpose)}")
    assert "non si apre nulla di più ampio" in both.text


async def test_only_documents_of_the_page_can_be_given(two: Two, anna: httpx.AsyncClient) -> None:
    for documents in ((), ("Profile/card",), ("/anna/settings/",), ("Purchase/2018-01",)):
        page = await give(anna, two, *documents)
        assert page.status_code == 422
    assert await two.status(ORDERS[0]) == 403


async def test_a_purpose_of_another_register_is_not_known(two: Two, anna: httpx.AsyncClient) -> None:
    for iri in (f"{two.there}/.consent/purposes/spesa/1", "http://10.0.0.1/x", two.purpose + "?a", ""):
        page = await anna.get(f"/elsewhere/one?purpose={quote(iri)}")
        assert page.status_code == 404, iri


async def test_a_removal_that_fails_is_shown_and_tried_until_it_is_gone(
    two: Two, anna: httpx.AsyncClient
) -> None:
    await give(anna, two, "Purchase/2017-11")
    two.server.refuses = True
    failed = await withdraw(anna)
    assert "Qualcosa non è ancora stato tolto" in failed.text
    assert "non ancora tolto" in failed.text
    assert await two.status(ORDERS[2]) == 200  # and so the page does not call it gone
    again = await anna.get("/elsewhere")
    assert "Qualcosa non è ancora stato tolto" in again.text
    two.server.refuses = False
    done = await anna.get("/elsewhere")
    assert "Qualcosa non è ancora stato tolto" not in done.text
    assert await two.status(ORDERS[2]) == 403


async def test_any_page_of_a_later_visit_takes_away_what_was_left(two: Two, anna: httpx.AsyncClient) -> None:
    await give(anna, two, "Purchase/2017-11")
    two.server.refuses = True
    await withdraw(anna)
    two.server.refuses = False
    assert await two.status(ORDERS[2]) == 200
    async with later(two, anna) as again:
        assert (await again.get("/data")).status_code == 200
    assert await two.status(ORDERS[2]) == 403


async def test_a_gift_that_breaks_off_leaves_nothing(two: Two, anna: httpx.AsyncClient) -> None:
    two.server.refuses = True
    page = await give(anna, two, "Purchase/2017-10")
    two.server.refuses = False
    assert "Hai dato" not in page.text
    shown = await anna.get("/elsewhere")
    assert "in vigore" not in shown.text
    assert await two.status(ORDERS[0]) == 403


async def test_the_register_may_be_down_and_what_was_given_can_be_taken_back(
    two: Two, anna: httpx.AsyncClient
) -> None:
    await give(anna, two, "Purchase/2017-10")
    with bound_socket() as nobody:
        dead = f"http://localhost:{nobody.getsockname()[1]}"
    async with later(two, anna, register=dead) as other:
        assert "Il registro di questo portafoglio non risponde" in (await other.get("/elsewhere")).text
        assert "il permesso non è più nelle sue regole" in (await withdraw(other)).text
    assert await two.status(ORDERS[0]) == 403


async def test_the_notice_is_shown_in_the_readers_language_and_the_note_keeps_which(
    two: Two, anna: httpx.AsyncClient
) -> None:
    anna.headers["Accept-Language"] = "de, en;q=0.5"
    page = await anna.get(f"/elsewhere/one?purpose={quote(two.purpose)}")
    english = declaration([ROWS])
    assert f"<h1>{english['title']['en']}</h1>" in page.text
    assert english["text"]["en"] in page.text
    assert english["text"]["it"] not in page.text
    assert (await give(anna, two, "Purchase/2017-10")).status_code == 200
    async with two.solid() as solid:
        (note,) = await Notes(solid, f"{two.there}/anna/").all()
    assert (note.language, note.read) == ("en", notice_digests(english)["en"])
    listed = await anna.get("/elsewhere")
    assert "Notice read in: English" in listed.text
    assert note.read in listed.text


async def test_a_note_from_before_languages_were_kept_is_still_listed(
    two: Two, anna: httpx.AsyncClient
) -> None:
    await give(anna, two, "Purchase/2017-10")
    async with two.solid() as solid:
        (note,) = await Notes(solid, f"{two.there}/anna/").all()
        plain = {name: getattr(note, name) for name in ForeignGrant.__slots__}
        old = {name: value for name, value in plain.items() if name not in ("language", "read")}
        await solid.put(f"{two.there}/anna/{FOLDER}{note.id}", orjson.dumps(old), "application/json")
    page = await anna.get("/elsewhere")
    assert "in vigore" in page.text
    assert "Informativa letta in" not in page.text
