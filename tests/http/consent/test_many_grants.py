"""A pod with more grants than one look takes in: what is decided about some of them does not hang on the others."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from consent.client.uma import challenge_of
from consent.model import DataItem, OutputMode
from pods.client import SolidClient
from tests.consent_host import ROWS, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN

BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"
MANY = 45  # more than twice as many as are read at a time
COUNTED = item("Purchase", ("seller",), "claim")


async def grants_of(host: Town, coop: Organisation, count: int) -> None:
    """Let anna give as many grants for claims."""
    for number in range(count):
        purpose = await coop.service.publish(declaration([COUNTED], identifier=f"counted-{number}"))
        await host.give("anna", purpose)


async def refused(host: Town, coop: Organisation) -> tuple[int, bool]:
    """Read without a token of a grant; return the status, and whether a ticket comes with it."""
    answer = await SolidClient(host.http, coop.credentials, clock=host.clock).request("GET", BASKET)
    return answer.status_code, challenge_of(answer) is not None


async def test_among_many_grants_the_one_for_rows_leads_a_service_in(host: Town) -> None:
    coop = await host.organisation("coop")
    await grants_of(host, coop, MANY)
    assert await refused(host, coop) == (403, False)
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    assert await refused(host, coop) == (401, True)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200
    await host.owner("anna").withdraw(given.id)
    assert await refused(host, coop) == (403, False)


async def test_a_list_of_grants_comes_in_pages_that_lose_none_and_repeat_none(host: Town) -> None:
    coop = await host.organisation("coop")
    await grants_of(host, coop, 5)  # all at one moment: their names decide
    host.clock.advance(60)
    for number in range(5, 8):
        await host.give(
            "anna", await coop.service.publish(declaration([COUNTED], identifier=f"late-{number}"))
        )
        host.clock.advance(60)
    anna = host.owner("anna")
    whole = [grant.id for grant in await anna.grants()]
    assert len(whole) == len(set(whole)) == 8
    for limit in (1, 2, 3, 8, 9):
        pages, further = [], ""
        while True:
            page = await anna.grants_page(after=further, limit=limit)
            pages.append([grant.id for grant in page.grants])
            if page.further is None:
                break
            further = page.further
        assert [name for found in pages for name in found] == whole, limit
        assert all(len(found) <= limit for found in pages)
    times = [grant.changed_at for grant in (await anna.grants_page(limit=4)).grants]
    assert times == sorted(times, reverse=True)


async def test_a_question_that_waits_is_no_decision_in_the_list(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([COUNTED]))
    await coop.service.invite(purpose.iri)
    (waiting,) = await host.owner("anna").requests()
    assert waiting.purpose.iri == purpose.iri
    assert await host.owner("anna").grants() == []


async def test_one_grant_is_told_to_its_owner_alone(host: Town) -> None:
    coop = await host.organisation("coop")
    given = await host.give("anna", await coop.service.publish(declaration([COUNTED])))
    assert await host.owner("anna").grant(given.id) == given
    assert await host.owner("bob").grant(given.id) is None
    assert await host.owner("anna").grant("none") is None


@pytest.mark.parametrize("after", ["", "x", "1_", "_", "1_..", "one_abc", "1_a/b"])
async def test_a_place_in_the_list_that_is_none_is_refused(host: Town, after: str) -> None:
    answer = await host.person("anna").get(f"/.consent/grants?{urlencode({'after': after})}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_grant_for_rows_of_another_service_leads_nobody_else_in(host: Town) -> None:
    coop, shop = await host.organisation("coop"), await host.organisation("shop")
    await host.give("anna", await coop.service.publish(declaration([ROWS])))
    await host.give("anna", await shop.service.publish(declaration([COUNTED], identifier="counted")))
    assert await refused(host, shop) == (403, False)
    assert await refused(host, coop) == (401, True)


async def test_a_grant_of_which_rows_were_left_out_leads_nobody_in(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS, COUNTED]))
    await host.give("anna", purpose, [DataItem("Purchase", ("seller",), OutputMode.CLAIM)])
    assert await refused(host, coop) == (403, False)
    await host.give("anna", purpose)
    assert await refused(host, coop) == (401, True)


async def test_a_grant_for_rows_that_ran_out_leads_nobody_in(host: Town) -> None:
    coop = await host.organisation("coop")
    await host.give("anna", await coop.service.publish(declaration([ROWS])), days=1)
    assert await refused(host, coop) == (401, True)
    host.clock.advance(86_401)
    assert await refused(host, coop) == (403, False)
