"""A question about everybody states its purpose too: for this question, once, and for a purpose of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from consent.client import ServiceClient
from consent.declarations import canonical_json
from consent.purpose_claim import CLAIM_SECONDS, PurposeKey, bound_hash
from pods.client import ClientCredentials, SolidClient, SolidError
from pods.protocol import jose
from tests.consent_host import PROGRAMME, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN

QUERIES = f"{ORIGIN}/.consent/queries"
SELLERS = item("Purchase", ("seller", "orderedAt"), "aggregateOnly")


@dataclass(frozen=True, slots=True)
class Asking:
    """A controller with a programme, and the question that it asks."""

    host: Town
    by: Organisation
    purpose: str
    question: Mapping[str, Any]

    async def claim(self, *, about: Any = None, key: PurposeKey | None = None, **changes: Any) -> str:
        """Return a claim for a question, right unless changed."""
        said: dict[str, Any] = {
            "client_id": jose.parse(await self.by.credentials.access_token()).claims["client_id"],
            "webid": self.by.webid,
            "audience": ORIGIN + "/",
            "at": self.host.clock(),
            "bound": ("request_hash", bound_hash(canonical_json(about or self.question))),
        }
        purpose = changes.pop("purpose", self.purpose)
        return (key or self.by.key).claim(purpose, **{**said, **changes})

    async def ask(self, claim: str) -> httpx.Response:
        solid = SolidClient(self.host.http, self.by.credentials, clock=self.host.clock)
        body = orjson.dumps({"query": self.question, "purpose_claim": claim})
        return await solid.request(
            "POST", QUERIES, headers={"content-type": "application/json"}, content=body
        )


async def asking(host: Town, name: str = "comune") -> Asking:
    by = await host.organisation(name)
    document = declaration([SELLERS], identifier=name, programme=PROGRAMME)
    purpose = await by.service.publish(document)
    question = {
        "programme": purpose.programme,
        "measure": {"function": "people"},
        "group_by": ["Purchase.seller"],
        "where": [],
        "period": {"from": "2017-01", "to": "2017-12"},
        "rho": 0.05,
    }
    return Asking(host, by, purpose.iri, question)


async def test_a_right_statement_of_purpose_leads_to_the_question_itself(host: Town) -> None:
    found = await asking(host)
    answer = await found.ask(await found.claim())
    while answer.status_code == httpx.codes.ACCEPTED:  # the first question of a process loads its engine
        answer = await found.ask(await found.claim())
    # Nobody takes part, so that noise alone says whether that is enough; the claim was taken either way.
    assert "people take part" in answer.text or answer.status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("for another question", "request_hash"),
        ("used before", "used before"),
        ("of another controller", "none of yours"),
        ("by another key", "kid names no key"),
        ("expired", "not valid now"),
        ("for another host", "aud is not"),
    ],
)
async def test_a_question_with_a_wrong_statement_of_purpose_is_refused(
    host: Town, wrong: str, reason: str
) -> None:
    found = await asking(host)
    match wrong:
        case "for another question":
            claim = await found.claim(about={**found.question, "rho": 0.01})
        case "used before":
            await found.ask(claim := await found.claim())
        case "of another controller":
            claim = await found.claim(purpose=(await asking(host, "regione")).purpose)
        case "by another key":
            claim = await found.claim(key=PurposeKey.generate())
        case "expired":
            claim = await found.claim(at=host.clock() - CLAIM_SECONDS)
        case _:
            claim = await found.claim(audience="https://elsewhere.example/")
    answer = await found.ask(claim)
    assert (answer.status_code, reason in answer.json()["detail"]) == (403, True), answer.text


class ChangingHands(httpx.AsyncBaseTransport):
    """Reaches the host, whose process for questions changes: as often as said, a question meets the wrong one."""

    def __init__(self, host: Town, refusals: int, code: str = "answered-elsewhere") -> None:
        self._inner = httpx.ASGITransport(host.app)
        self.left = refusals
        self._code = code

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if str(request.url) == QUERIES and self.left:
            self.left -= 1
            kind = f"https://w3id.org/portico/problems#{self._code}"
            fields = {"retry-after": "0", "content-type": "application/problem+json"}
            return httpx.Response(503, headers=fields, json={"type": kind, "title": "Soon", "status": 503})
        return await self._inner.handle_async_request(request)


async def asked_through(found: Asking, way: ChangingHands) -> str:
    """Return what the service is told in the end."""
    async with httpx.AsyncClient(transport=way) as http:
        credentials = ClientCredentials(
            http, ORIGIN + "/", *found.by.credentials._credentials, clock=found.host.clock
        )
        service = ServiceClient(http, credentials, found.by.key, clock=found.host.clock)
        try:
            return str(await service.query(found.question, found.purpose))
        except SolidError as error:
            return error.code


async def test_a_service_asks_again_while_another_process_takes_over(host: Town) -> None:
    way = ChangingHands(host, refusals=3)
    said = await asked_through(await asking(host), way)
    assert said == "too-few-participants" or "cells" in said, "noise alone says which"
    assert way.left == 0


async def test_a_service_does_not_ask_for_ever(host: Town) -> None:
    assert await asked_through(await asking(host), ChangingHands(host, refusals=100)) == "answered-elsewhere"


async def test_a_service_does_not_pay_again_for_a_question_that_was_lost(host: Town) -> None:
    way = ChangingHands(host, refusals=1, code="question-lost")
    assert await asked_through(await asking(host), way) == "question-lost"
