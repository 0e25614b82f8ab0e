"""UMA 2.0 Grant, section by section: each answer of the token endpoint with its status, and what it must hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from consent.client.uma import GRANT_TYPE, ID_TOKEN_FORMAT, challenge_of
from consent.model import RPT_SECONDS
from consent.purpose_claim import CLAIM_FORMAT
from consent.uma import POLL_SECONDS
from pods.protocol import jose
from tests.conftest import SettableClock
from tests.consent_host import ROWS, Town, declaration, town
from tests.http.consent.test_uma import BASKET, TOKEN, Exchange, started
from tests.pod_host import ORIGIN

WELL_KNOWN = "/.well-known/uma2-configuration"


@dataclass(frozen=True, slots=True)
class Stage:
    """An organisation that asks, with one purpose that was granted and one that was not."""

    exchange: Exchange
    granted: str
    other: str

    async def posted(self, **form: str) -> httpx.Response:
        """Send a form to the token endpoint with a good proof."""
        proof = self.exchange.key.proof("POST", TOKEN, at=self.exchange.host.clock())
        return await self.exchange.host.http.post(TOKEN, data=form, headers={"dpop": proof})

    async def claimed(self, purpose: str) -> httpx.Response:
        """Go the whole way with a purpose."""
        ticket = await self.exchange.identified()
        return await self.exchange.push(ticket, CLAIM_FORMAT, await self.exchange.claim(purpose, ticket))


@pytest_asyncio.fixture
async def stage(host: Town) -> Stage:
    exchange, granted = await started(host)
    other = await exchange.by.service.publish(declaration([ROWS], identifier="other"))
    return Stage(exchange, granted, other.iri)


async def no_grant_type(at: Stage) -> httpx.Response:
    return await at.posted(ticket=await at.exchange.ticket())


async def no_ticket(at: Stage) -> httpx.Response:
    return await at.posted(grant_type=GRANT_TYPE)


async def another_grant_type(at: Stage) -> httpx.Response:
    return await at.posted(grant_type="client_credentials", ticket=await at.exchange.ticket())


async def a_claim_without_its_format(at: Stage) -> httpx.Response:
    return await at.posted(grant_type=GRANT_TYPE, ticket=await at.exchange.ticket(), claim_token="x")


async def a_format_without_a_claim(at: Stage) -> httpx.Response:
    ticket = await at.exchange.ticket()
    return await at.posted(grant_type=GRANT_TYPE, ticket=ticket, claim_token_format=ID_TOKEN_FORMAT)


async def an_unknown_ticket(at: Stage) -> httpx.Response:
    return await at.posted(grant_type=GRANT_TYPE, ticket="016f84e8-f9b9-11e0-bd6f-0021cc6004de")


async def a_used_ticket(at: Stage) -> httpx.Response:
    ticket = await at.exchange.ticket()
    await at.posted(grant_type=GRANT_TYPE, ticket=ticket)
    return await at.posted(grant_type=GRANT_TYPE, ticket=ticket)


async def a_scope_that_the_resource_has_not(at: Stage) -> httpx.Response:
    return await at.posted(grant_type=GRANT_TYPE, ticket=await at.exchange.ticket(), scope="read write")


async def no_claim_yet(at: Stage) -> httpx.Response:
    return await at.posted(grant_type=GRANT_TYPE, ticket=await at.exchange.ticket(), scope="read")


async def an_unknown_format(at: Stage) -> httpx.Response:
    return await at.exchange.push(await at.exchange.ticket(), "urn:other:format", "x")


async def an_identity_alone(at: Stage) -> httpx.Response:
    exchange = at.exchange
    return await exchange.push(
        await exchange.ticket(), ID_TOKEN_FORMAT, await exchange.by.credentials.id_token()
    )


async def no_identity(at: Stage) -> httpx.Response:
    return await at.exchange.push(await at.exchange.ticket(), ID_TOKEN_FORMAT, "no.id.token")


async def a_purpose_that_is_none(at: Stage) -> httpx.Response:
    return await at.claimed(ORIGIN + "/.consent/purposes/none/1")


async def a_purpose_that_waits_for_the_person(at: Stage) -> httpx.Response:
    return await at.claimed(at.other)


async def a_purpose_that_was_granted(at: Stage) -> httpx.Response:
    return await at.claimed(at.granted)


Step = Callable[[Stage], Awaitable[httpx.Response]]
ANSWERS: dict[Step, tuple[int, str | None, set[str]]] = {
    # RFC 6749, 5.2
    no_grant_type: (400, "invalid_request", set()),
    no_ticket: (400, "invalid_request", set()),
    another_grant_type: (400, "unsupported_grant_type", set()),
    # UMA grant, 3.3.1
    a_claim_without_its_format: (400, "invalid_request", set()),
    a_format_without_a_claim: (400, "invalid_request", set()),
    # UMA grant, 3.3.6, in its order
    an_unknown_ticket: (400, "invalid_grant", set()),
    a_used_ticket: (400, "invalid_grant", set()),
    a_scope_that_the_resource_has_not: (400, "invalid_scope", set()),
    no_claim_yet: (403, "need_info", {"ticket", "required_claims"}),
    an_unknown_format: (403, "need_info", {"ticket", "required_claims"}),
    an_identity_alone: (403, "need_info", {"ticket", "required_claims"}),
    no_identity: (403, "request_denied", set()),
    a_purpose_that_is_none: (403, "request_denied", set()),
    a_purpose_that_waits_for_the_person: (403, "request_submitted", {"ticket", "interval"}),
    # UMA grant, 3.3.5: no scope, no persisted claims, nothing upgraded
    a_purpose_that_was_granted: (200, None, {"access_token", "token_type", "expires_in"}),
}
EXPLAINED = {"error", "error_description"}


@pytest.mark.parametrize("step", ANSWERS, ids=lambda step: step.__name__)
async def test_the_token_endpoint_answers_as_the_grant_says(stage: Stage, step: Step) -> None:
    status, code, members = ANSWERS[step]
    answer = await step(stage)
    body = answer.json()
    assert (answer.status_code, body.get("error")) == (status, code)
    assert set(body) == members | (EXPLAINED if code is not None else set())
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"  # RFC 6749, 5.1


@pytest.mark.parametrize("step", [no_claim_yet, an_identity_alone])
async def test_who_lacks_a_claim_is_told_which_by_format_type_name_and_issuer(
    stage: Stage, step: Step
) -> None:
    (wanted,) = (await step(stage)).json()["required_claims"]
    assert {"claim_token_format", "claim_type", "friendly_name", "name"} <= set(wanted)
    identity = wanted["claim_token_format"] == [ID_TOKEN_FORMAT]
    assert wanted.get("issuer") == ([ORIGIN + "/"] if identity else None)


@pytest.mark.parametrize("step", [no_claim_yet, an_identity_alone, a_purpose_that_waits_for_the_person])
async def test_each_answer_with_a_ticket_has_a_new_one(stage: Stage, step: Step) -> None:
    """3.3.6: "The value MUST NOT be the same as the one the client used to make its request"; 5.6: good once."""
    tickets = [(await step(stage)).json()["ticket"] for _ in range(2)]
    assert len(set(tickets)) == 2
    again = [await stage.posted(grant_type=GRANT_TYPE, ticket=tickets[0]) for _ in range(2)]
    assert again[0].json().get("error") != "invalid_grant"
    assert again[1].json()["error"] == "invalid_grant"
    assert again[0].json()["ticket"] not in tickets


async def test_who_polls_sends_the_ticket_alone_until_the_person_answered(host: Town, stage: Stage) -> None:
    answer = await stage.claimed(stage.other)
    for _ in range(2):
        assert answer.json()["interval"] == POLL_SECONDS
        answer = await stage.posted(grant_type=GRANT_TYPE, ticket=answer.json()["ticket"])
        assert answer.json()["error"] == "request_submitted"
    await host.give("anna", await stage.exchange.by.service.purpose(stage.other))
    answer = await stage.posted(grant_type=GRANT_TYPE, ticket=answer.json()["ticket"])
    assert answer.status_code == 200


async def test_the_token_is_bound_to_the_key_and_lives_for_a_minute_at_most(stage: Stage) -> None:
    body = (await stage.claimed(stage.granted)).json()
    claims = jose.parse(body["access_token"]).claims
    assert body["token_type"] == "DPoP"
    assert body["expires_in"] == claims["exp"] - claims["iat"] <= RPT_SECONDS == 60
    assert claims["cnf"] == {"jkt": stage.exchange.key.thumbprint()}
    assert claims["iss"] == (await found(stage))["issuer"]


async def test_the_resource_answers_a_bad_token_as_if_there_were_none(stage: Stage) -> None:
    """3.6: a request that fails with a token is answered "as if the request were unaccompanied"."""
    token = (await stage.claimed(stage.granted)).json()["access_token"]
    stage.exchange.host.clock.advance(RPT_SECONDS)
    late = challenge_of(await stage.exchange.use(token))
    without = challenge_of(await stage.exchange.host.http.get(BASKET))
    assert late is not None
    assert without is not None
    assert late.as_uri == without.as_uri
    assert late.ticket != without.ticket


async def found(stage: Stage, place: str = ORIGIN + WELL_KNOWN) -> dict[str, Any]:
    answer = await stage.exchange.host.http.get(place)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    document: dict[str, Any] = answer.json()
    return document


async def test_the_resource_names_the_issuer_of_the_discovery_document(stage: Stage) -> None:
    """3.2.1: `as_uri` is "the issuer URI from the authorization server's discovery document"."""
    challenge = challenge_of(await stage.exchange.host.http.get(BASKET))
    assert challenge is not None
    document = await found(stage)
    assert challenge.as_uri == document["issuer"]
    # 2: the well-known string is appended to the issuer; RFC 8414 section 3.1 takes a slash at the end away.
    assert await found(stage, challenge.as_uri + WELL_KNOWN) == document
    assert await found(stage, challenge.as_uri.rstrip("/") + WELL_KNOWN) == document


async def test_the_discovery_document_has_what_rfc_8414_requires(stage: Stage) -> None:
    document = await found(stage)
    required = {"issuer": str, "token_endpoint": str, "response_types_supported": list}
    assert {name: type(document[name]) for name in required} == required
    assert document["issuer"].startswith("http")
    assert "?" not in document["issuer"]
    assert "#" not in document["issuer"]
    assert document["grant_types_supported"] == [GRANT_TYPE]
    assert document["uma_profiles_supported"] == [ID_TOKEN_FORMAT, CLAIM_FORMAT]
    assert set(document["dpop_signing_alg_values_supported"]) >= {"ES256"}
    # RFC 8414 section 2: endpoints that are not there are not named, so no other resource server registers here.
    assert not {"introspection_endpoint", "permission_endpoint", "resource_registration_endpoint"} & set(
        document
    )


@pytest_asyncio.fixture
async def workers(host: Town, tmp_path: Any, clock: SettableClock) -> AsyncIterator[tuple[Town, Town]]:
    """The host twice: two workers with one database, one set of keys and one memory of proofs."""
    async with town(tmp_path, clock) as second:
        yield host, second


async def test_attack_7_a_ticket_is_good_once_for_all_workers(workers: tuple[Town, Town]) -> None:
    first, second = workers
    exchange, purpose = await started(first)
    ticket = await exchange.identified()
    claim = await exchange.claim(purpose, ticket)
    form = {"grant_type": GRANT_TYPE, "ticket": ticket, "claim_token": claim}

    async def at(host: Town) -> httpx.Response:
        proof = exchange.key.proof("POST", TOKEN, at=host.clock())
        fields = {**form, "claim_token_format": CLAIM_FORMAT}
        return await host.http.post(TOKEN, data=fields, headers={"dpop": proof})

    answers = await asyncio.gather(at(first), at(second), at(second), at(first))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    (given,) = (answer for answer in answers if answer.status_code == 200)
    # What one worker gave, the other takes; and what it took, the first does not take again.
    token = str(given.json()["access_token"])
    proof = exchange.key.proof("GET", BASKET, at=first.clock(), access_token=token)
    fields = {"authorization": f"DPoP {token}", "dpop": proof}
    assert (await second.http.get(BASKET, headers=fields)).status_code == 200
    assert (await first.http.get(BASKET, headers=fields)).status_code == 401


async def test_attack_8_a_proof_is_good_for_one_push_at_all_workers(workers: tuple[Town, Town]) -> None:
    first, second = workers
    exchange, _ = await started(first)
    proof = exchange.key.proof("POST", TOKEN, at=first.clock())
    codes = []
    for host in (first, second):
        form = {"grant_type": GRANT_TYPE, "ticket": await exchange.ticket()}
        codes.append((await host.http.post(TOKEN, data=form, headers={"dpop": proof})).json()["error"])
    assert codes == ["need_info", "invalid_dpop_proof"]
