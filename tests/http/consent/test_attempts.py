"""Every purpose claim that is not right is refused, and the person reads in the log who tried and why it failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from consent.purpose_claim import CLAIM_FORMAT, CLAIM_SECONDS, PurposeKey, bound_hash
from pods.protocol import jose
from tests.consent_host import ROWS, Town, declaration
from tests.http.consent.test_uma import Exchange, started
from tests.pod_host import ORIGIN

Make = Callable[[Town, Exchange, str, str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a claim is made that must not pass, and what the log says of it."""

    make: Make
    reason: str


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


ATTEMPTS: Mapping[str, Attempt] = {
    "another key": Attempt(changed(key=PurposeKey.generate()), "kid names no key"),
    "no signature": Attempt(unsigned, "purpose claim"),
    "another audience": Attempt(changed(audience="https://elsewhere.example/"), "aud is not"),
    "another client": Attempt(changed(client_id="another"), "iss is not"),
    "another agent": Attempt(changed(webid="https://another.example/#me"), "sub is not"),
    "another ticket": Attempt(changed(bound=("ticket_hash", bound_hash(b"x"))), "ticket_hash is not"),
    "expired": Attempt(aged(-CLAIM_SECONDS), "not valid now"),
    "from the future": Attempt(aged(3600), "not valid now"),
    "replayed": Attempt(replayed, "used before"),
    "of another controller": Attempt(of_another_controller, "another controller"),
    "broader": Attempt(about(lambda _: "https://w3id.org/dpv#PublicBenefit"), "no such purpose"),
    "all versions": Attempt(about(lambda iri: iri.rpartition("/")[0]), "no such purpose"),
    "a version to come": Attempt(about(lambda iri: iri[:-1] + "2"), "no such purpose"),
    "superseded": Attempt(superseded, "superseded"),
    "edited in place": Attempt(edited, "text was changed"),
    "ended": Attempt(ended, "has ended"),
}


@pytest.mark.parametrize("wrong", sorted(ATTEMPTS))
async def test_a_wrong_purpose_claim_is_refused_and_the_person_sees_it(host: Town, wrong: str) -> None:
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


async def test_a_claim_for_a_purpose_that_was_refused_leaves_a_line_too(host: Town) -> None:
    exchange, _ = await started(host)
    other = await exchange.by.service.publish(declaration([ROWS], identifier="other"))
    await host.owner("anna").refuse(other.iri)
    ticket = await exchange.identified()
    await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(other.iri, ticket))
    line = (await host.owner("anna").log())[0]
    assert (line.permitted, line.purpose) == (False, other.iri)
    assert "no grant in force" in line.reason
