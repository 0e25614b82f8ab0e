"""A whole pod host in this process, with accounts and clients that are connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from pods import provision
from pods.authn.verifier import Verifier
from pods.client import ClientCredentials
from pods.identity.accounts import Accounts
from pods.identity.keys import SigningKeys
from pods.main import Core, application, open_core
from pods.model import Clock, WebId
from pods.settings import PodSettings
from pods.storage.base import Store
from tests.databases import database_of

PASSWORD = "correct horse battery"


@dataclass(frozen=True, slots=True)
class IdentityHost:
    """A pod host and what tests ask it for."""

    core: Core
    app: ASGIApp

    @property
    def clock(self) -> Clock:
        return self.core.clock

    @property
    def store(self) -> Store:
        return self.core.store

    @property
    def keys(self) -> SigningKeys:
        return self.core.keys

    @property
    def accounts(self) -> Accounts:
        return self.core.accounts

    @property
    def verifier(self) -> Verifier:
        return self.core.verifier

    @property
    def origin(self) -> str:
        return self.core.settings.pod_url

    @property
    def issuer(self) -> str:
        return self.core.settings.issuer

    def webid(self, name: str) -> WebId:
        return provision.webid_for(self.origin, name)

    def browser(self) -> httpx.AsyncClient:
        """Return a client with a cookie jar, connected to the application in process."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=self.origin)

    def add_account(self, name: str, password: str | None = PASSWORD) -> tuple[str, str]:
        """Add an account with a pod and client credentials; return their id and secret."""
        with self.store.writing() as tx:
            account = self.accounts.create(
                tx, name, email=f"{name}@example.org", password=password, webid=self.webid(name)
            )
            provision.create_pod(
                tx,
                name,
                account.webid,
                base=self.origin,
                issuer=self.issuer,
                display_name=name.title(),
                at=self.clock(),
            )
            return self.accounts.credentials(tx, account.webid, "test")

    def add_pod(self, account: str, name: str) -> WebId:
        """Give an account a further pod; return its WebID."""
        with self.store.writing() as tx:
            found = self.accounts.by_login(tx, account)
            assert found is not None
            webid = self.webid(name)
            self.accounts.add_identity(tx, found, webid, name)
            provision.create_pod(
                *(tx, name, webid),
                base=self.origin,
                issuer=self.issuer,
                display_name=name.title(),
                at=self.clock(),
            )
            return webid

    def credentials(self, http: httpx.AsyncClient, client: Sequence[str]) -> ClientCredentials:
        return ClientCredentials(http, self.issuer, client[0], client[1], clock=self.clock)


@asynccontextmanager
async def identity_host(
    folder: Path,
    clock: Clock,
    *,
    origin: str = "http://localhost:8080",
    trusted: tuple[str, ...] = (),
    issuer_slash: bool = True,
    dpop_nonces: bool = False,
) -> AsyncIterator[IdentityHost]:
    """Open a pod host whose data are in the folder; close it at the end."""
    settings = PodSettings(
        data=folder,
        pod_url=origin,
        trusted_hosts=trusted,
        issuer_slash=issuer_slash,
        dpop_nonces=dpop_nonces,
        database=database_of(folder),
    )
    core = open_core(settings, clock)
    try:
        yield IdentityHost(core, application(core))
    finally:
        await core.aclose()
