"""What the identity provider needs of the pod host, and the addresses it has there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import httpx

from pods.authn.verifier import Verifier
from pods.identity.accounts import Accounts
from pods.identity.keys import SigningKeys
from pods.model import Clock, WebId
from pods.settings import PodSettings
from pods.storage.base import Commits, Store


class Host(Protocol):
    """The parts of a pod host that the provider works with; `pods.main.Core` is one."""

    @property
    def settings(self) -> PodSettings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def store(self) -> Store: ...
    @property
    def commits(self) -> Commits: ...
    @property
    def keys(self) -> SigningKeys: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def verifier(self) -> Verifier: ...
    @property
    def http(self) -> httpx.AsyncClient:
        """The guarded client, for client-id documents."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The provider's addresses below the host's origin, and the name by which tokens and profiles call it."""

    origin: str
    issuer: str

    @property
    def authorize(self) -> str:
        return self.origin + "/.oidc/authorize"

    @property
    def token(self) -> str:
        return self.origin + "/.oidc/token"

    @property
    def jwks(self) -> str:
        return self.origin + "/.oidc/jwks"

    @property
    def register(self) -> str:
        return self.origin + "/.oidc/register"

    @property
    def logout(self) -> str:
        return self.origin + "/.oidc/logout"

    @property
    def revoke(self) -> str:
        return self.origin + "/.oidc/revoke"

    @property
    def userinfo(self) -> str:
        return self.origin + "/.oidc/userinfo"

    def webid(self, pod: str) -> WebId:
        """Return the WebID of the person who owns the pod of this name."""
        return WebId(f"{self.origin}/{pod}/profile/card#me")
