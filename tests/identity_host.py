"""An identity provider on its own: real store, keys and verifier, and a client that is in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette

from pods.authn.issuers import Issuers
from pods.authn.replay import ReplayGuard
from pods.authn.verifier import Verifier
from pods.client import ClientCredentials
from pods.guard import guarded_client
from pods.identity.accounts import Accounts
from pods.identity.host import Addresses
from pods.identity.keys import SigningKeys
from pods.identity.routes import identity_routes
from pods.identity.schema_sql import IDENTITY_1
from pods.model import Clock, WebId
from pods.settings import PodSettings
from pods.storage.commits import CommitQueue
from pods.storage.sqlite import SqliteStore

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class IdentityHost:
    """What `pods.identity.host.Host` asks for, and the application with the provider's routes."""

    settings: PodSettings
    clock: Clock
    store: SqliteStore
    commits: CommitQueue
    keys: SigningKeys
    accounts: Accounts
    verifier: Verifier

    @property
    def origin(self) -> str:
        return self.settings.pod_url

    @property
    def issuer(self) -> str:
        return self.origin + "/"

    def webid(self, name: str) -> WebId:
        return Addresses(self.origin).webid(name)

    def application(self) -> Starlette:
        return Starlette(routes=identity_routes(self))

    def browser(self) -> httpx.AsyncClient:
        """Return a client with a cookie jar, connected to the application in process."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.application()), base_url=self.origin)

    def add_account(self, name: str, password: str | None = PASSWORD) -> tuple[str, str]:
        """Add an account with client credentials; return their id and secret."""
        with self.store.writing() as tx:
            account = self.accounts.create(
                tx, name, email=f"{name}@example.org", password=password, webid=self.webid(name)
            )
            return self.accounts.credentials(tx, account.webid, "test")

    def credentials(self, http: httpx.AsyncClient, client: Sequence[str]) -> ClientCredentials:
        return ClientCredentials(http, self.issuer, client[0], client[1], clock=self.clock)


@asynccontextmanager
async def identity_host(
    folder: Path, clock: Clock, *, origin: str = "http://localhost:8080", trusted: tuple[str, ...] = ()
) -> AsyncIterator[IdentityHost]:
    """Open a provider whose data are in the folder; close it at the end."""
    settings = PodSettings(data=folder, pod_url=origin, trusted_hosts=trusted)
    store = SqliteStore(folder / "pods.sqlite", [IDENTITY_1])
    commits = CommitQueue(store)
    keys = SigningKeys.open(folder / "issuer-keys.json", clock=clock)
    replay = ReplayGuard(folder / "replay.sqlite")
    http = guarded_client(trusted)
    verifier = Verifier(keys, replay, Issuers(http, clock=clock), issuer=origin + "/", clock=clock)
    try:
        yield IdentityHost(settings, clock, store, commits, keys, Accounts(clock=clock), verifier)
    finally:
        await http.aclose()
        commits.close()
        replay.close()
        store.close()
