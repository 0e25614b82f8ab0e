"""No grant yet: the person is asked, the service waits, and its answer is no oracle (UMA grant, 3.3.6)."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from consent.client import AccessRefused, ServiceClient
from consent.model import REFUSAL_COOL_DOWN_DAYS, PurposeDeclaration
from consent.purpose_claim import CLAIM_FORMAT
from consent.states import Suspension
from consent.uma import POLL_SECONDS, POLLING_SECONDS
from pods.protocol import jose
from pods.protocol.dpop import DpopKey
from tests.consent_host import ROWS, Town, declaration, item
from tests.http.consent.test_uma import BASKET, TOKEN, Exchange
from tests.pod_host import ORIGIN

ANSWER_KEYS = {"error", "error_description", "ticket", "interval"}


async def asked(host: Town, **changes: Any) -> tuple[Exchange, PurposeDeclaration]:
    """Return an organisation's exchange and its purpose, which nobody granted."""
    coop = await host.organisation("coop")
    return Exchange(host, coop), await coop.service.publish(declaration([ROWS], **changes))


async def come(exchange: Exchange, purpose: str, url: str = BASKET) -> httpx.Response:
    """Push identity and purpose; return the answer."""
    ticket = await exchange.identified(url)
    return await exchange.push(ticket, CLAIM_FORMAT, await exchange.claim(purpose, ticket))


async def poll(exchange: Exchange, ticket: str, key: DpopKey | None = None) -> httpx.Response:
    """Come back with the ticket alone."""
    proof = (key or exchange.key).proof("POST", TOKEN, at=exchange.host.clock())
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:uma-ticket", "ticket": ticket}
    return await exchange.host.http.post(TOKEN, data=form, headers={"dpop": proof})


async def test_whoever_comes_without_a_grant_lets_the_person_be_asked(host: Town) -> None:
    exchange, purpose = await asked(host)
    answer = await come(exchange, purpose.iri)
    assert (answer.status_code, answer.json()["error"]) == (403, "request_submitted")
    assert answer.json()["interval"] == POLL_SECONDS
    (request,) = await host.owner("anna").requests()
    assert request.purpose.iri == purpose.iri


async def test_the_service_gets_its_token_once_the_person_said_yes(host: Town) -> None:
    exchange, purpose = await asked(host)
    ticket = (await come(exchange, purpose.iri)).json()["ticket"]
    waiting = await poll(exchange, ticket)
    assert waiting.json()["error"] == "request_submitted"
    assert waiting.json()["ticket"] != ticket
    await host.give("anna", purpose)
    answer = await poll(exchange, waiting.json()["ticket"])
    assert answer.status_code == 200
    token = answer.json()["access_token"]
    assert jose.parse(token).claims["purpose"] == purpose.iri
    assert (await exchange.use(token)).status_code == 200


async def test_polling_asks_once_and_leaves_one_line(host: Town) -> None:
    exchange, purpose = await asked(host)
    answer = await come(exchange, purpose.iri)
    for _ in range(4):
        answer = await poll(exchange, answer.json()["ticket"])
    assert len(await host.owner("anna").requests()) == 1
    lines = [line for line in await host.owner("anna").log() if line.action == "ask to read"]
    assert [(line.permitted, line.purpose) for line in lines] == [(False, purpose.iri)]


async def test_a_polling_ticket_is_good_once_and_for_its_client_only(host: Town) -> None:
    """Attack 7, in the waiting state."""
    exchange, purpose = await asked(host)
    ticket = (await come(exchange, purpose.iri)).json()["ticket"]
    await host.give("anna", purpose)
    stolen = await poll(exchange, ticket, DpopKey.generate())
    assert stolen.json()["error"] == "request_denied"
    again = await poll(exchange, ticket)
    assert again.json()["error"] == "invalid_grant"


async def test_a_ticket_that_proved_no_purpose_cannot_poll(host: Town) -> None:
    exchange, _ = await asked(host)
    answer = await poll(exchange, await exchange.identified())
    assert answer.json()["error"] == "need_info"
    assert answer.json()["required_claims"][0]["claim_token_format"] == [CLAIM_FORMAT]


async def test_polling_ends_with_a_denial(host: Town) -> None:
    exchange, purpose = await asked(host)
    answer = await come(exchange, purpose.iri)
    end = host.clock() + POLLING_SECONDS
    while host.clock() + 250 < end:
        host.clock.advance(250)
        answer = await poll(exchange, answer.json()["ticket"])
        assert answer.json()["error"] == "request_submitted"
    host.clock.now = end
    assert (await poll(exchange, answer.json()["ticket"])).json()["error"] == "request_denied"


async def refused(host: Town, purpose: PurposeDeclaration) -> str:
    await host.owner("anna").refuse(purpose.iri)
    return BASKET


async def withdrew(host: Town, purpose: PurposeDeclaration) -> str:
    given = await host.give("anna", purpose)
    await host.owner("anna").withdraw(given.id)
    return BASKET


async def rests(host: Town, purpose: PurposeDeclaration) -> str:
    given = await host.give("anna", purpose)
    with host.core.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        host.added.consents.suspend(tx, pod, given.id, Suspension.RESTRICTION, host.clock())
    return BASKET


async def undecided(host: Town, purpose: PurposeDeclaration) -> str:
    return BASKET


async def has_no_pod(host: Town, purpose: PurposeDeclaration) -> str:
    return f"{ORIGIN}/nobody/purchases/2017-10/b77.ttl"


async def has_no_such_resource(host: Town, purpose: PurposeDeclaration) -> str:
    return f"{ORIGIN}/anna/purchases/2017-10/none.ttl"


async def is_an_organisation(host: Town, purpose: PurposeDeclaration) -> str:
    return f"{ORIGIN}/coop/purchases/2017-10/b77.ttl"


@pytest.mark.parametrize(
    "case", [refused, withdrew, rests, undecided, has_no_pod, has_no_such_resource, is_an_organisation]
)
async def test_attacks_15_and_29_the_answer_tells_no_refusal_and_no_pod(host: Town, case: Any) -> None:
    """Attacks 15 and 29: all who give no consent look like somebody who has not answered yet, also when polled."""
    exchange, purpose = await asked(host)
    url = await case(host, purpose)
    answer = await come(exchange, purpose.iri, url)
    for found in (answer, await poll(exchange, answer.json()["ticket"])):
        assert found.status_code == 403
        assert found.json().keys() == ANSWER_KEYS
        assert found.json()["error"] == "request_submitted"
        assert found.json()["error_description"] == answer.json()["error_description"]
        assert found.json()["interval"] == POLL_SECONDS


async def test_attack_29_the_length_of_the_ticket_tells_the_address_only(host: Town) -> None:
    """Attack 29: what was refused and what does not exist have answers of the same length."""
    exchange, purpose = await asked(host)
    await host.owner("anna").refuse(purpose.iri)
    urls = [f"{ORIGIN}/{name}/purchases/2017-10/b77.ttl" for name in ("anna", "none")]
    lengths = {len((await come(exchange, purpose.iri, url)).content) for url in urls}
    assert len(lengths) == 1


async def test_who_refused_is_not_asked_within_the_cool_down(host: Town) -> None:
    exchange, purpose = await asked(host)
    await host.owner("anna").refuse(purpose.iri)
    await come(exchange, purpose.iri)
    assert await host.owner("anna").requests() == []
    host.clock.advance((REFUSAL_COOL_DOWN_DAYS + 1) * 86_400)
    await come(exchange, purpose.iri)
    assert len(await host.owner("anna").requests()) == 1


async def test_a_purpose_without_rows_asks_nobody_by_this_way(host: Town) -> None:
    coop = await host.organisation("coop")
    claims = item("Purchase", ("orderedAt",), "claim")
    purpose = await coop.service.publish(declaration([claims], identifier="other"))
    answer = await come(Exchange(host, coop), purpose.iri)
    assert answer.json()["error"] == "request_denied"
    assert await host.owner("anna").requests() == []


async def test_whoever_holds_a_grant_is_told_that_it_does_not_cover_a_place(host: Town) -> None:
    exchange, purpose = await asked(host)
    await host.give("anna", purpose)
    answer = await come(exchange, purpose.iri, f"{ORIGIN}/anna/profile/private.ttl")
    assert answer.json()["error"] == "request_denied"


async def test_the_client_asks_waits_and_reads_in_one_call(host: Town) -> None:
    exchange, purpose = await asked(host)
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        host.clock.advance(seconds)
        if len(waits) == 3:
            await host.give("anna", purpose)
        await asyncio.sleep(0)

    by = exchange.by
    service = ServiceClient(host.http, by.credentials, by.key, clock=host.clock, pause=pause)
    answer = await service.read(BASKET, purpose.iri, wait=3600)
    assert answer.status_code == 200
    assert waits == [30, 45, 67.5]


async def test_the_client_gives_up_in_time_and_says_that_nobody_said_no(host: Town) -> None:
    exchange, purpose = await asked(host)
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        host.clock.advance(seconds)

    by = exchange.by
    service = ServiceClient(host.http, by.credentials, by.key, clock=host.clock, pause=pause)
    with pytest.raises(AccessRefused) as failure:
        await service.read(BASKET, purpose.iri, wait=200)
    assert failure.value.error == "request_submitted"
    assert sum(waits) <= 200


async def test_after_a_withdrawal_the_client_tries_once_more_and_says_so(host: Town) -> None:
    exchange, purpose = await asked(host)
    given = await host.give("anna", purpose)
    service = exchange.by.service
    assert (await service.read(BASKET, purpose.iri)).status_code == 200
    await host.owner("anna").withdraw(given.id)
    with pytest.raises(AccessRefused, match="no grant in force"):
        await service.read(BASKET, purpose.iri)
