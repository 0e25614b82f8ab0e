"""An organisation with its account on another host is a controller here: its issuer vouches, its profile says so."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio

from consent import controllers
from consent.client import PurposeKey, ServiceClient
from consent.client.uma import ID_TOKEN_FORMAT
from pods.identity.keys import SigningKeys
from pods.identity.tokens import id_token_claims
from pods.protocol import target
from pods.protocol.dpop import DpopKey
from pods.provision import card_of
from tests.conftest import SettableClock
from tests.consent_host import ROWS, Organisation, Town, declaration, town
from tests.http.consent.test_uma import BASKET, Exchange, denied
from tests.identity_host import IdentityHost, identity_host
from tests.pod_host import ORIGIN
from tests.serving import bound_socket, serving


@dataclass(frozen=True, slots=True)
class Abroad:
    """A town of ours, and the host of another issuer where the association has its account."""

    town: Town
    there: IdentityHost
    by: Organisation
    spare: socket.socket
    """On it nobody listens yet; our host may fetch from there."""


@pytest_asyncio.fixture
async def abroad(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Abroad]:
    """Both hosts; the other one is reached over the network, as any issuer is."""
    listener, spare = bound_socket(), bound_socket()
    trusted = [f"localhost:{one.getsockname()[1]}" for one in (listener, spare)]
    origin = f"http://localhost:{listener.getsockname()[1]}"
    async with (
        identity_host(tmp_path / "there", clock, origin=origin) as there,
        town(tmp_path / "here", clock, trusted=tuple(trusted)) as here,
        httpx.AsyncClient(
            transport=Routed(httpx.ASGITransport(here.app), httpx.AsyncHTTPTransport())
        ) as http,
    ):
        with serving(there.app, listener=listener):
            credentials = there.credentials(http, there.add_account("assoc"))
            key = PurposeKey.generate()
            service = ServiceClient(http, credentials, key, clock=clock, host=ORIGIN)
            await service.register("Assoc", "association", "info@a.example", "dpo@a.example")
            webid = there.webid("assoc")
            with here.core.store.writing() as tx:
                controllers.approve(tx, webid)
            yield Abroad(here, there, Organisation(webid, service, credentials, key), spare)
            spare.close()


class Routed(httpx.AsyncBaseTransport):
    """Our host in this process, everything else over the network."""

    def __init__(self, ours: httpx.AsyncBaseTransport, others: httpx.AsyncBaseTransport) -> None:
        self._ours = ours
        self._others = others

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        chosen = self._ours if str(request.url).startswith(ORIGIN) else self._others
        return await chosen.handle_async_request(request)

    async def aclose(self) -> None:
        await self._others.aclose()


async def test_a_controller_with_an_account_elsewhere_reads_under_its_grant(abroad: Abroad) -> None:
    purpose = await abroad.by.service.publish(declaration([ROWS]))
    await abroad.town.give("anna", purpose)
    answer = await abroad.by.service.read(BASKET, purpose.iri)
    assert answer.status_code == 200
    assert b"12.40" in answer.content
    line = (await abroad.town.owner("anna").log())[0]
    assert (line.permitted, line.agent, line.agent_name) == (True, abroad.by.webid, "Assoc")


async def test_its_token_ends_with_the_withdrawal_as_any_other(abroad: Abroad) -> None:
    purpose = await abroad.by.service.publish(declaration([ROWS]))
    given = await abroad.town.give("anna", purpose)
    token = await Exchange(abroad.town, abroad.by).token(purpose.iri)
    await abroad.town.owner("anna").withdraw(given.id)
    assert (await Exchange(abroad.town, abroad.by).use(token)).status_code == 401


async def pushed(abroad: Abroad, keys: SigningKeys, **changes: Any) -> httpx.Response:
    """Push an ID token for the association's key with some claims changed."""
    exchange = Exchange(abroad.town, abroad.by)
    claims = id_token_claims(
        abroad.there.issuer, abroad.by.webid, "assoc-app", exchange.key.thumbprint(), abroad.town.clock()
    )
    token = keys.sign({**claims, **changes}, "JWT")
    return await exchange.push(await exchange.ticket(), ID_TOKEN_FORMAT, token)


async def test_an_unchanged_token_is_taken(abroad: Abroad) -> None:
    assert (await pushed(abroad, abroad.there.keys)).json()["error"] == "need_info"


async def test_attack_17_another_issuer_does_not_speak_for_people_of_this_host(abroad: Abroad) -> None:
    """Attack 17: even if it signs well."""
    answer = await pushed(abroad, abroad.there.keys, webid=f"{ORIGIN}/anna/profile/card#me")
    assert denied(answer)
    assert "a WebID of this host" in answer.json()["error_description"]


async def test_attack_17_an_issuer_that_the_profile_does_not_name_is_refused(abroad: Abroad) -> None:
    """Attack 17: the profile decides who may speak for its owner (Solid-OIDC section 5)."""
    with abroad.there.store.writing() as tx:
        card = tx.get(card_of(target.canonical(b"/assoc/")))
        assert card is not None
        other = card.content.replace(abroad.there.issuer.encode(), b"https://idp.example/")
        tx.write(card.path, card.media_type, other, abroad.town.clock())
    abroad.town.clock.advance(601)  # profiles are believed for so long
    answer = await pushed(abroad, abroad.there.keys)
    assert denied(answer)
    assert "does not name the token's issuer" in answer.json()["error_description"]


async def test_a_token_that_its_issuer_did_not_sign_is_refused(abroad: Abroad) -> None:
    assert denied(await pushed(abroad, abroad.town.core.keys))


async def test_a_token_that_has_expired_or_is_for_others_is_refused(abroad: Abroad) -> None:
    assert denied(await pushed(abroad, abroad.there.keys, exp=int(abroad.town.clock())))
    assert denied(await pushed(abroad, abroad.there.keys, aud=["assoc-app"]))
    assert denied(await pushed(abroad, abroad.there.keys, iat=int(abroad.town.clock()) + 3600))


async def test_attack_16_a_token_for_another_key_makes_us_fetch_nothing(abroad: Abroad) -> None:
    """Attack 16: whoever cannot prove the token's key does not choose what our host asks for."""
    asked: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.close()

    listening = await asyncio.start_server(note, sock=abroad.spare)
    port = listening.sockets[0].getsockname()[1]
    thumbprint = DpopKey.generate().thumbprint()
    async with listening:
        answer = await pushed(
            abroad, abroad.there.keys, iss=f"http://localhost:{port}/", cnf={"jkt": thumbprint}
        )
    assert denied(answer)
    assert asked == []
