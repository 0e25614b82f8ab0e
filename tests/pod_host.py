"""A pod host in one folder with people on it who send real tokens and proofs, for tests over ASGI."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import httpx
from starlette.types import ASGIApp

from pods.main import Core, application, open_core
from pods.model import Clock, WebId
from pods.protocol.dpop import DpopKey
from pods.protocol.target import canonical
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from tests.databases import database_of

ORIGIN = "http://localhost:8080"
TOKEN_SECONDS = 3600


class Person:
    """Somebody with a WebID and a key, or a stranger with neither."""

    def __init__(
        self,
        core: Core,
        http: httpx.AsyncClient,
        webid: WebId | None,
        client: str | None = None,
        *,
        origin: str = ORIGIN,
    ) -> None:
        self._origin = origin
        self._core = core
        self._http = http
        self.webid = webid
        self._key = DpopKey.generate()
        self._client = client or "http://app.example/client.jsonld"
        self._token: str | None = None

    def token(self) -> str:
        """Return an access token as the host's own provider would give it."""
        if self._token is None:
            now = int(self._core.clock())
            claims = {
                "iss": f"{self._origin}/",
                "sub": self.webid,
                "webid": self.webid,
                "aud": ["solid"],
                "client_id": self._client,
                "cnf": {"jkt": self._key.thumbprint()},
                "iat": now,
                "exp": now + TOKEN_SECONDS,
                "jti": secrets.token_hex(8),
            }
            self._token = self._core.keys.sign(claims, "at+jwt")
        return self._token

    def credentials(self, method: str, url: str) -> dict[str, str]:
        """Return the header fields that prove who asks, once."""
        if self.webid is None:
            return {}
        proof = self._key.proof(method, url, at=self._core.clock(), access_token=self.token())
        return {"authorization": f"DPoP {self.token()}", "dpop": proof}

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request with a fresh proof."""
        url = path if path.startswith("http") else self._origin + path
        return await self._http.request(
            method, url, content=content, headers={**self.credentials(method, url), **(headers or {})}
        )

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read; `if_none_match=...` becomes If-None-Match."""
        return await self.request("GET", path, headers=_named(headers))

    async def put(
        self, path: str, content: bytes | str, media_type: str = "text/turtle", **headers: str
    ) -> httpx.Response:
        """Replace or create."""
        return await self.request(
            "PUT", path, content=content, headers={"content-type": media_type, **_named(headers)}
        )

    async def post(
        self, path: str, content: bytes | str, media_type: str = "text/turtle", **headers: str
    ) -> httpx.Response:
        """Create a member."""
        return await self.request(
            "POST", path, content=content, headers={"content-type": media_type, **_named(headers)}
        )

    async def patch(
        self, path: str, content: str, media_type: str = "text/n3", **headers: str
    ) -> httpx.Response:
        """Patch."""
        return await self.request(
            "PATCH", path, content=content, headers={"content-type": media_type, **_named(headers)}
        )

    async def delete(self, path: str, **headers: str) -> httpx.Response:
        """Delete."""
        return await self.request("DELETE", path, headers=_named(headers))


class PodHost:
    """A host with the people anna and bob; anna's pod is what tests work on."""

    def __init__(self, core: Core, app: ASGIApp, *, origin: str = ORIGIN) -> None:
        self.origin = origin
        self.core = core
        self.app = app
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app))
        self.anna = self.person("anna")
        self.bob = self.person("bob")
        self.stranger = Person(core, self.http, None, origin=origin)

    @classmethod
    def open(cls, folder: FilePath, clock: Clock, *, origin: str = ORIGIN, **more: Any) -> PodHost:
        """Open a host in a folder, with more settings where a test needs them."""
        core = open_core(
            PodSettings(data=folder, pod_url=origin, database=database_of(folder), **more), clock
        )
        return cls(core, application(core), origin=origin)

    def person(self, name: str) -> Person:
        """Return a person of this host, who gets a pod if there is none of this name."""
        webid = webid_for(self.origin, name)
        with self.core.store.writing() as tx:
            if tx.pod(name) is None:
                create_pod(
                    tx,
                    name,
                    webid,
                    base=self.origin,
                    issuer=f"{self.origin}/",
                    display_name=name.title(),
                    at=self.core.clock(),
                )
        return Person(self.core, self.http, webid, origin=self.origin)

    def write(self, path: str, content: bytes | str, media_type: str = "text/turtle") -> None:
        """Put a resource into the store, past all rights."""
        data = content.encode() if isinstance(content, str) else content
        with self.core.store.writing() as tx:
            tx.write(canonical(path.encode()), media_type, data, self.core.clock())

    async def aclose(self) -> None:
        """Close connections and files."""
        await self.http.aclose()
        await self.core.aclose()


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
