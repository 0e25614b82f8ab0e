"""Every purpose claim that is not right is refused, and the person reads in the log who tried and why it failed."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from consent.purpose_claim import CLAIM_FORMAT, CLAIM_SECONDS, PurposeKey, bound_hash
from pods.identity.tokens import access_token_claims
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from pods.provision import webid_for
from pods.relying_party import Session, SessionStore
from tests.consent_host import ROWS, WALLET, Town, declaration
from tests.http.consent.test_uma import Exchange, started
from tests.pod_host import ORIGIN
from vocab.shapes import SHAPES
from wallet.discovery import Place
from wallet.main import application as wallet
from wallet.settings import WalletSettings

Make = Callable[[Town, Exchange, str, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a claim is made that must not pass, what the log says of it, and what the wallet's page does."""

    make: Make
    reason: str
    italian: str


def changed(**changes: Any) -> Make:
    """Return a maker of a claim that is wrong in what is given."""

    async def make(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
        return await exchange.claim(purpose, ticket, **changes)

    return make


def aged(seconds: float) -> Make:
    async def make(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
        return await exchange.claim(purpose, ticket, at=host.clock() + seconds)

    return make


def about(purpose_of: Callable[[str], str]) -> Make:
    async def make(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
        return await exchange.claim(purpose_of(purpose), ticket)

    return make


async def unsigned(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    _, payload, _ = (await exchange.claim(purpose, ticket)).split(".")
    header = jose.encode_segment(b'{"alg":"none","typ":"purpose+jwt"}').decode()
    return f"{header}.{payload}."


async def under_anothers_name(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    """A claim that names the registered key and is signed by another one."""
    claims = jose.parse(await exchange.claim(purpose, ticket)).claims
    header = {"alg": "EdDSA", "typ": "purpose+jwt", "kid": exchange.by.key.jwks()["keys"][0]["kid"]}
    return jose.sign(claims, header, PurposeKey.generate()._key)


async def replayed(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    """The id of a claim that was used, in a claim that is right otherwise."""
    first = await exchange.claim(purpose, earlier := await exchange.identified())
    assert (await exchange.push(earlier, CLAIM_FORMAT, first)).status_code == 200
    claims = {**jose.parse(first).claims, "ticket_hash": bound_hash(ticket.encode())}
    header = {"alg": "EdDSA", "typ": "purpose+jwt", "kid": exchange.by.key.jwks()["keys"][0]["kid"]}
    return jose.sign(claims, header, exchange.by.key._key)


async def of_another_controller(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    rival = await host.organisation("rival")
    theirs = await rival.service.publish(declaration([ROWS], identifier="theirs"))
    await host.give("anna", theirs)
    return await exchange.claim(theirs.iri, ticket)


async def superseded(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    newer = await exchange.by.service.publish(declaration([ROWS], version=2))
    await host.give("anna", newer)
    return await exchange.claim(purpose, ticket)


async def edited(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    with host.core.store.writing() as tx:
        tx.execute("UPDATE purpose SET document = replace(document, 'compra', 'vive')")
    return await exchange.claim(purpose, ticket)


async def ended(host: Town, exchange: Exchange, purpose: str, ticket: str) -> str:
    short = await exchange.by.service.publish(
        declaration([ROWS], identifier="short", valid_until="2026-03-01")
    )
    host.clock.advance(86_400)
    return await exchange.claim(short.iri, ticket)


FORGED = "non era firmata con la chiave registrata"
OTHERS = "era fatta per qualcos'altro"
NO_TIME = "era scaduta, o datata nel futuro"
NOT_HERE = "una finalità che qui non è pubblicata"

ATTEMPTS: Mapping[str, Attempt] = {
    "another key": Attempt(changed(key=PurposeKey.generate()), "kid names no key", FORGED),
    "under another's name": Attempt(under_anothers_name, "not that of the registered key", FORGED),
    "no signature": Attempt(unsigned, "purpose claim", FORGED),
    "another audience": Attempt(changed(audience="https://elsewhere.example/"), "aud is not", OTHERS),
    "another client": Attempt(changed(client_id="another"), "iss is not", OTHERS),
    "another agent": Attempt(changed(webid="https://another.example/#me"), "sub is not", OTHERS),
    "another ticket": Attempt(changed(bound=("ticket_hash", bound_hash(b"x"))), "ticket_hash is not", OTHERS),
    "expired": Attempt(aged(-CLAIM_SECONDS), "not valid now", NO_TIME),
    "from the future": Attempt(aged(3600), "not valid now", NO_TIME),
    "replayed": Attempt(replayed, "used before", "una dichiarazione di finalità già usata"),
    "of another controller": Attempt(
        of_another_controller, "another controller", "è di un'altra organizzazione"
    ),
    "broader": Attempt(about(lambda _: "https://w3id.org/dpv#PublicBenefit"), "no such purpose", NOT_HERE),
    "all versions": Attempt(about(lambda iri: iri.rpartition("/")[0]), "no such purpose", NOT_HERE),
    "a version to come": Attempt(about(lambda iri: iri[:-1] + "2"), "no such purpose", NOT_HERE),
    "superseded": Attempt(superseded, "superseded", "una vecchia versione della sua finalità"),
    "edited in place": Attempt(edited, "text was changed", "il cui testo è stato cambiato"),
    "ended": Attempt(ended, "has ended", "La finalità indicata è terminata"),
}


def browser(host: Town, folder: Path) -> httpx.AsyncClient:
    """Return a browser in which anna is logged in at her wallet, which speaks to the host."""
    storage, webid, key = f"{ORIGIN}/anna/", webid_for(ORIGIN, "anna"), DpopKey.generate()
    now = host.clock()
    claims = access_token_claims(ORIGIN + "/", webid, WALLET, key.thumbprint(), "webid", now)
    session = Session(
        webid=webid,
        issuer=ORIGIN + "/",
        token_endpoint=f"{ORIGIN}/.oidc/token",
        dpop_jwk=key.private_jwk(),
        access_token=host.core.keys.sign(claims, "at+jwt"),
        expires_at=now + 300,
    )
    containers = {shape.name: storage + shape.container for shape in SHAPES.values()}
    place = Place(webid, "Anna Bianchi", storage, containers, consent=True)
    store = SessionStore(folder / "wallet.sqlite", folder / "wallet.key", clock=host.clock)
    name = store.start({"session": asdict(session), "known": place.plain()})
    store.close()
    settings = WalletSettings(data=folder, wallet_url="http://localhost:8081", pod_url=ORIGIN)
    app = wallet(settings, host.clock, to_pods=httpx.ASGITransport(host.app))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://localhost:8081",
        headers={"Accept": "text/html", "Accept-Language": "it"},
    )
    client.cookies.set("portico_wallet", name)
    return client


@pytest.mark.parametrize("wrong", sorted(ATTEMPTS))
async def test_a_wrong_purpose_claim_is_refused_and_the_person_sees_it(
    host: Town, tmp_path: Path, wrong: str
) -> None:
    attempt = ATTEMPTS[wrong]
    exchange, purpose = await started(host)
    ticket = await exchange.identified()
    claim = await attempt.make(host, exchange, purpose, ticket)
    if wrong == "ended":  # the first ticket did not outlive the day
        ticket = await exchange.identified()
        said = str(jose.parse(claim).claims["purpose"])
        claim = await exchange.claim(said, ticket)
    answer = await exchange.push(ticket, CLAIM_FORMAT, claim)
    assert (answer.status_code, answer.json()["error"]) == (403, "request_denied")
    line = (await host.owner("anna").log())[0]
    assert (line.permitted, line.action) == (False, "ask to read")
    assert line.agent == exchange.by.webid
    assert line.path == "/anna/purchases/2017-10/b77.ttl"
    assert attempt.reason in line.reason
    assert ORIGIN not in line.reason
    # Anna reads it in her wallet: who, what, that nothing went out, and why, in her language.
    async with browser(host, tmp_path) as anna:
        page = await anna.get("/log")
    newest = html.unescape(re.split(r"<li>", page.text.partition('<ol class="p-list p-log">')[2])[1])
    assert "<strong>Coop</strong> ha provato ad avere accesso: i tuoi acquisti, ottobre 2017" in newest
    assert "tentativo respinto" in newest
    assert "non è uscito nulla" in newest
    assert attempt.italian in newest


async def test_a_claim_for_a_purpose_that_was_refused_leaves_a_line_too(host: Town) -> None:
    exchange, _ = await started(host)
    other = await exchange.by.service.publish(declaration([ROWS], identifier="other"))
    await host.owner("anna").refuse(other.iri)
    ticket = await exchange.identified()
    await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(other.iri, ticket))
    line = (await host.owner("anna").log())[0]
    assert (line.permitted, line.purpose) == (False, other.iri)
    assert "no grant in force" in line.reason
