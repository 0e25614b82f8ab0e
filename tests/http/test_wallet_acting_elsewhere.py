"""A delegate whose account and data are on another host acts here for somebody whose pod is here, under their own login."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import pytest_asyncio

from consent.delegation.appointments import Appointments
from consent.delegation.model import Kind, Power
from consent.model import GrantState
from pods.identity.tokens import access_token_claims
from pods.model import Agent
from pods.protocol import target
from pods.protocol.dpop import DpopKey
from pods.provision import card_of
from pods.relying_party import Session, SessionStore
from tests.conftest import SettableClock
from tests.consent_host import ROWS, declaration
from tests.identity_host import IdentityHost, identity_host
from tests.serving import bound_socket, serving
from tests.wallet_town import CLIENT, HOUR, WALLET, Browser, WalletTown, wallet_town
from wallet.discovery import Place


@dataclass(frozen=True, slots=True)
class Apart:
    """The town with anna's pod and the wallet, and the host of another issuer where carla lives."""

    town: WalletTown
    there: IdentityHost
    carla: Browser

    def name(self, **more: object) -> None:
        """Let the operator propose carla as anna's representative."""
        with self.town.core.store.writing() as tx:
            Appointments(self.town.origin).appoint(
                *(tx, self.town.pod("anna"), Kind.REPRESENTATIVE, self.there.webid("carla"), "file 9"),
                self.town.clock(),
                **more,  # type: ignore[arg-type]  # powers, where a test chooses them
            )

    async def acting(self) -> str:
        """Let carla accept and begin, on the pages; return the page that she sees then."""
        await self.carla.see("/people")
        await self.carla.send(self.carla.action(r"/people/\w+/accept"))
        return await self.carla.send(self.carla.action(r"/people/\w+/act"))


@pytest_asyncio.fixture
async def apart(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Apart]:
    """Both hosts over loopback; the other one knows nothing of consent."""
    listener = bound_socket()
    address = f"localhost:{listener.getsockname()[1]}"
    async with (
        identity_host(tmp_path / "there", clock, origin=f"http://{address}") as there,
        wallet_town(tmp_path / "here", clock, "anna", trusted=(address,)) as town,
    ):
        there.add_account("carla")
        with serving(there.app, listener=listener):
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(town.pages),
                base_url=WALLET,
                headers={"Accept": "text/html", "Origin": WALLET},
            ) as http:
                http.cookies.set("portico_wallet", session_of(there, town))
                yield Apart(town, there, Browser(http))


def session_of(there: IdentityHost, town: WalletTown) -> str:
    """Return the cookie of carla's session at the wallet, with tokens of her own issuer."""
    webid, key, now = there.webid("carla"), DpopKey.generate(), town.clock()
    claims = access_token_claims(there.issuer, webid, CLIENT, key.thumbprint(), "webid", now)
    session = Session(
        webid=webid,
        issuer=there.issuer,
        token_endpoint=f"{there.origin}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=there.keys.sign({**claims, "exp": int(now) + HOUR}, "at+jwt"),
        expires_at=now + HOUR,
    )
    place = Place(webid, "Carla", f"{there.origin}/carla/", {}, consent=False)
    store = SessionStore(town.folder / "wallet.sqlite", town.folder / "wallet.key", clock=town.clock)
    kept = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    return kept


async def test_she_is_told_accepts_and_answers_in_annas_name_and_annas_log_says_so(apart: Apart) -> None:
    purpose = await apart.town.asked(declaration([ROWS]))
    apart.name()
    assert "Per chi puoi agire" in await apart.carla.see("/")
    page = await apart.acting()
    assert "Stai agendo per" in page
    assert "Spesa di quartiere" in await apart.carla.see("/requests")
    await apart.carla.see(f"/requests/one?purpose={purpose.iri}")
    assert "Hai dato il tuo consenso." in await apart.carla.send(
        "/requests/answer", answer="all", period="180"
    )
    assert await apart.town.state("anna", purpose) is GrantState.GIVEN
    agents = {agent for agent, action, _reason in apart.town.logged("anna") if action.startswith("acted")}
    assert agents == {apart.there.webid("carla")}
    page = await apart.carla.send("/acting/end")
    assert "Ora agisci di nuovo per te." in page
    assert "Il tuo pod è presso un fornitore senza servizio di consenso" in await apart.carla.see("/")


async def test_what_she_was_not_given_she_does_not_do(apart: Apart) -> None:
    purpose = await apart.town.asked(declaration([ROWS]))
    apart.name(powers=frozenset({Power.SEE}))
    await apart.acting()
    page = await apart.carla.see(f"/requests/one?purpose={purpose.iri}")
    assert "Decidere non è tra i tuoi poteri." in page
    await apart.carla.see("/rights")
    assert apart.carla.status == 403


async def test_when_it_is_over_the_next_click_leads_back_to_her_own(apart: Apart) -> None:
    apart.name()
    await apart.acting()
    with apart.town.core.store.writing() as tx:
        Appointments(apart.town.origin).end_all(
            tx, apart.town.pod("anna"), apart.town.clock(), but=frozenset()
        )
    page = await apart.carla.see("/requests")
    assert "non è stata eseguita" in page
    assert "Per chi puoi agire" not in await apart.carla.see("/")


async def test_who_comes_from_an_issuer_that_her_profile_does_not_name_acts_for_nobody(apart: Apart) -> None:
    apart.name()
    with apart.there.store.writing() as tx:
        card = tx.get(card_of(target.canonical(b"/carla/")))
        assert card is not None
        other = card.content.replace(apart.there.issuer.encode(), b"https://idp.example/")
        tx.write(card.path, card.media_type, other, apart.town.clock())
    page = await apart.carla.see("/people")
    assert apart.carla.status == 200
    assert "Anna" not in page
    assert [where for where in apart.carla.forms() if where.startswith("/people/")] == []


async def test_a_delegation_is_given_up_from_elsewhere_too(apart: Apart) -> None:
    apart.name()
    with apart.town.core.store.writing() as tx:
        (made,) = apart.town.delegations("anna")
        Appointments(apart.town.origin).accept(
            tx, Agent(apart.there.webid("carla"), CLIENT), made.id, apart.town.clock()
        )
    await apart.carla.see("/people")
    await apart.carla.send(f"/people/{made.id}/end")
    assert [one.active(apart.town.clock()) for one in apart.town.delegations("anna")] == [False]
