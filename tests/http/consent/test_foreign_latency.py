"""How long a withdrawal takes on another server: at once where it looks at its lists, one token life at the most.

A server may decide once for a token, and answer by that until the token ends. The worst of them is made here, out of
a real host and a memory before it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from consent.foreign import ForeignGrants
from pods.client import ClientCredentials, SolidClient
from pods.protocol import jose
from tests.conftest import SettableClock
from tests.identity_host import IdentityHost, identity_host

PURPOSE = "https://host.example/.consent/purposes/mobility/1"
NOTE = "notes/one.ttl"


@dataclass
class Remembering(httpx.AsyncBaseTransport):
    """A server that decided about a token once and goes by that until the token ends."""

    inner: httpx.AsyncBaseTransport
    clock: SettableClock
    allowed: dict[tuple[str, str], tuple[float, bytes]] = field(default_factory=dict)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").partition(" ")[2]
        key = (token, str(request.url))
        until, content = self.allowed.get(key, (0.0, b""))
        if request.method == "GET" and self.clock() < until:
            return httpx.Response(200, content=content)
        answer = await self.inner.handle_async_request(request)
        content = await answer.aread()
        if request.method == "GET" and answer.status_code == 200 and token:
            self.allowed[key] = (float(jose.parse(token).claims["exp"]), content)
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A server with anna's data, the service that reads there, and anna's grants."""

    host: IdentityHost
    credentials: ClientCredentials
    service: SolidClient
    grants: ForeignGrants
    clock: SettableClock

    async def reads(self) -> int:
        answer = await self.service.request("GET", f"{self.host.origin}/anna/{NOTE}")
        return answer.status_code


@asynccontextmanager
async def elsewhere(
    folder: Path,
    clock: SettableClock,
    before: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport],
) -> AsyncIterator[Elsewhere]:
    async with identity_host(folder, clock, origin="http://there.example") as host:
        straight = httpx.ASGITransport(host.app)
        async with (
            httpx.AsyncClient(transport=straight) as http,
            httpx.AsyncClient(transport=before(straight)) as seen,
        ):
            anna = SolidClient(http, host.credentials(http, host.add_account("anna")), clock=clock)
            credentials = host.credentials(seen, host.add_account("service"))
            service = SolidClient(seen, credentials, clock=clock)
            await anna.put(f"{host.origin}/anna/{NOTE}", "<#it> <#says> 'hello'.", "text/turtle")
            yield Elsewhere(
                host, credentials, service, ForeignGrants(anna, f"{host.origin}/anna/", clock=clock), clock
            )


async def given(there: Elsewhere) -> str:
    place = f"{there.host.origin}/anna/{NOTE}"
    agent = str(there.host.webid("service"))
    return (await there.grants.give(PURPOSE, agent, [place], there.clock() + 86_400)).id


async def test_a_server_that_looks_at_its_lists_refuses_the_next_read(
    tmp_path: Path, clock: SettableClock
) -> None:
    async with elsewhere(tmp_path, clock, lambda straight: straight) as there:
        grant = await given(there)
        assert await there.reads() == 200
        await there.grants.withdraw(grant)
        assert await there.reads() == 403


async def test_a_server_that_decides_once_for_a_token_serves_until_it_ends_and_no_longer(
    tmp_path: Path, clock: SettableClock
) -> None:
    async with elsewhere(tmp_path, clock, lambda straight: Remembering(straight, clock)) as there:
        grant = await given(there)
        token = await there.credentials.access_token()
        life = int(jose.parse(token).claims["exp"]) - int(clock())
        assert 0 < life <= 600
        assert await there.reads() == 200
        await there.grants.withdraw(grant)
        assert await there.reads() == 200, "this server would have to look again, and it does not"
        clock.advance(life)
        # Whatever it remembers is over, and a new token is decided about by the list as it is now.
        assert await there.reads() == 403
