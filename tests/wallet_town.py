"""A pod host that answers and the wallet before it: people with browsers, organisations that ask, for tests of pages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from consent import controllers
from consent.client import OwnerClient, PurposeKey, ServiceClient
from consent.delegation import assistance_sql, delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.model import Delegation, Kind
from consent.main import Extension, extension, schemas
from consent.model import GrantState, PurposeDeclaration
from pods import activity
from pods.client import ClientCredentials, SolidClient
from pods.identity.tokens import access_token_claims
from pods.main import Core, application, open_core
from pods.model import Agent, WebId
from pods.protocol.dpop import DpopKey
from pods.provision import create_pod, webid_for
from pods.relying_party import Session, SessionStore
from pods.settings import PodSettings
from pods.storage.base import Pod
from tests.conftest import SettableClock
from tests.serving import bound_socket, serving
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

WALLET = "http://localhost:8081"
CLIENT = f"{WALLET}/client.jsonld"
HOUR = 3600
FORM = re.compile(r'<form method="(\w+)" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of somebody for the wallet, as the host's provider would give them."""

    town: WalletTown
    webid: WebId
    key: DpopKey

    async def access_token(self) -> str:
        """Return a fresh access token."""
        return self.town.token(self.webid, self.key)


class Browser:
    """A browser without scripts in which somebody is logged in: it sees pages and sends their forms."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page = ""
        self.status = 0

    async def see(self, path: str) -> str:
        """Open a page and return its text."""
        return self._kept(await self.http.get(path, follow_redirects=True))

    async def send(self, action: str, **fields: Any) -> str:
        """Send the form with this action of the page that is open, with its hidden fields; return the next page."""
        found = next((body for _method, where, body in FORM.findall(self.page) if where == action), None)
        assert found is not None, f"no form for {action} on this page: {self.forms()}"
        data = {**dict(HIDDEN.findall(found)), **fields}
        return self._kept(await self.http.post(action, data=data, follow_redirects=True))

    def forms(self) -> list[str]:
        """Return the actions of the forms on the page that is open."""
        return [where for _method, where, _body in FORM.findall(self.page)]

    def action(self, pattern: str) -> str:
        """Return the one action that fits, `/people/x/end` for `/people/\\w+/end`."""
        found = [where for where in self.forms() if re.fullmatch(pattern, where)]
        assert found, f"no form fits {pattern}: {self.forms()}"
        return found[0]

    def _kept(self, answer: httpx.Response) -> str:
        self.page, self.status = answer.text, answer.status_code
        return self.page


class WalletTown:
    """The host, the wallet, and everybody."""

    def __init__(
        self,
        core: Core,
        added: Extension,
        folder: Path,
        clock: SettableClock,
        clients: AsyncExitStack,
        trusted: tuple[str, ...] = (),
    ) -> None:
        self._clients = clients
        self.core = core
        self.added = added
        self.folder = folder
        self.clock = clock
        self.origin = core.settings.pod_url
        settings = WalletSettings(data=folder, wallet_url=WALLET, pod_url=self.origin, trusted_hosts=trusted)
        pages = wallet(settings, clock)
        assert isinstance(pages, Starlette)
        self.pages = pages

    def webid(self, name: str) -> WebId:
        """Return somebody's WebID."""
        return webid_for(self.origin, name)

    def pod(self, name: str) -> Pod:
        """Return somebody's pod."""
        with self.core.store.reading() as tx:
            found = tx.pod(name)
        assert found is not None
        return found

    def token(self, webid: WebId, key: DpopKey) -> str:
        """Return an access token of the host's provider."""
        now = self.clock()
        claims = access_token_claims(self.origin + "/", webid, CLIENT, key.thumbprint(), "webid", now)
        return self.core.keys.sign({**claims, "exp": int(now) + HOUR}, "at+jwt")

    def browser(self, name: str) -> Browser:
        """Return a browser in which somebody is logged in."""
        webid, key, storage = self.webid(name), DpopKey.generate(), f"{self.origin}/{name}/"
        session = Session(
            webid=webid,
            issuer=f"{self.origin}/",
            token_endpoint=f"{self.origin}/.oidc/token",
            dpop_jwk=key.private_jwk(),
            access_token=self.token(webid, key),
            expires_at=self.clock() + HOUR,
        )
        containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
        place = Place(webid, name.title(), storage, containers, consent=True)
        store = SessionStore(self.folder / "wallet.sqlite", self.folder / "wallet.key", clock=self.clock)
        kept = store.start({"session": asdict(session), "known": place.plain()})
        store.close()
        http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.pages),
            base_url=WALLET,
            headers={"Accept": "text/html", "Origin": WALLET},
        )
        http.cookies.set("portico_wallet", kept)
        self._clients.push_async_callback(http.aclose)
        return Browser(http)

    def owner(self, name: str) -> OwnerClient:
        """Return the consent client of somebody's wallet."""
        tokens = Tokens(self, self.webid(name), DpopKey.generate())
        return OwnerClient(SolidClient(self._http(), tokens, clock=self.clock), self.origin)

    def _http(self) -> httpx.AsyncClient:
        http = httpx.AsyncClient()
        self._clients.push_async_callback(http.aclose)
        return http

    async def organisation(self, name: str = "coop") -> ServiceClient:
        """Return the service of a registered organisation."""
        with self.core.store.writing() as tx:
            create_pod(
                *(tx, name, self.webid(name)),
                base=self.origin,
                issuer=self.origin + "/",
                display_name=name.title(),
                at=self.clock(),
                kind="organisation",
            )
            account = self.core.accounts.create(tx, name, webid=self.webid(name))
            client_id, secret = self.core.accounts.credentials(tx, account.webid, "service")
        http = self._http()
        credentials = ClientCredentials(http, self.origin + "/", client_id, secret, clock=self.clock)
        service = ServiceClient(http, credentials, PurposeKey.generate(), clock=self.clock)
        await service.register(name.title(), "cooperative", f"info@{name}.example", f"dpo@{name}.example")
        with self.core.store.writing() as tx:
            controllers.approve(tx, self.webid(name))
        return service

    async def asked(self, document: Mapping[str, Any], name: str = "coop") -> PurposeDeclaration:
        """Let an organisation publish a purpose and ask everybody."""
        service = await self.organisation(name)
        purpose = await service.publish(document)
        await service.invite(purpose.iri)
        return purpose

    def appoint(self, delegate: str, kind: Kind = Kind.REPRESENTATIVE, **more: Any) -> Delegation:
        """Let the operator appoint somebody for anna, who has accepted."""
        with self.core.store.writing() as tx:
            life = Appointments(self.origin)
            made = life.appoint(
                tx, self.pod("anna"), kind, self.webid(delegate), "file 7", self.clock(), **more
            )
            return life.accept(tx, Agent(self.webid(delegate), CLIENT), made.id, self.clock())

    def admit(self, name: str) -> None:
        """Let the operator admit a community custodian."""
        with self.core.store.writing() as tx:
            assistance_sql.admit(tx, self.webid(name), "mandate 3", self.clock())

    async def state(self, name: str, purpose: PurposeDeclaration) -> GrantState | None:
        """Return what somebody decided about a purpose; None while they have not."""
        grants = await self.owner(name).grants()
        return next((grant.state for grant in grants if grant.purpose.iri == purpose.iri), None)

    def logged(self, name: str) -> list[tuple[str | None, str, str]]:
        """Return agent, action and reason of the newest lines of somebody's log."""
        with self.core.store.reading() as tx:
            lines = activity.newest(tx, self.pod(name).key, limit=50)
        return [(line.agent, line.action, line.reason) for line in lines]

    def delegations(self, name: str) -> list[Delegation]:
        """Return everybody who acts, acted or may act for somebody."""
        with self.core.store.reading() as tx:
            return delegations_sql.of_pod(tx, self.pod(name).key)


@asynccontextmanager
async def wallet_town(
    folder: Path, clock: SettableClock, *people: str, trusted: tuple[str, ...] = ()
) -> AsyncIterator[WalletTown]:
    """Serve a host with pods of these people, and a wallet that asks it over loopback, as it does the `trusted` ones."""
    listener = bound_socket()
    address = f"localhost:{listener.getsockname()[1]}"
    origin = f"http://{address}"
    settings = PodSettings(data=folder / "pods", pod_url=origin, trusted_hosts=(address, *trusted))
    core = open_core(settings, clock, schemas=schemas())
    added = extension(core)
    app = application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    with core.store.writing() as tx:
        for name in people:
            create_pod(
                *(tx, name, webid_for(origin, name)),
                base=origin,
                issuer=origin + "/",
                display_name=name.title(),
                at=clock(),
                kind="person",
            )
    with serving(app, listener=listener):
        async with AsyncExitStack() as clients:
            town = WalletTown(core, added, folder, clock, clients, trusted)
            await clients.enter_async_context(town.pages.router.lifespan_context(town.pages))
            yield town
