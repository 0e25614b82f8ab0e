"""What a worker keeps of filtered documents gives nobody a right, and never shows what was, or more than is granted."""

import httpx
import pytest
from rdflib import Graph, Namespace

from consent.client import AccessRefused
from consent.model import DataItem, OutputMode
from tests.consent_host import ORDER, ROWS, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN

SCHEMA = Namespace("http://schema.org/")
PATH = "/anna/purchases/2017-10/b77.ttl"
BASKET = ORIGIN + PATH


async def shown(coop: Organisation, purpose: str) -> httpx.Response:
    """Read the purchase."""
    return await coop.service.read(BASKET, purpose)


async def test_a_document_that_changed_is_shown_as_it_is_now(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    before = await shown(coop, purpose.iri)
    host.write(PATH, ORDER.replace("12.40", "99.90"))
    after = await shown(coop, purpose.iri)
    assert b"99.90" in after.content
    assert b"12.40" not in after.content
    assert before.headers["etag"] != after.headers["etag"]
    host.write(PATH, ORDER)
    again = await shown(coop, purpose.iri)
    assert (again.content, again.headers["etag"]) == (before.content, before.headers["etag"])


async def test_a_grant_that_was_narrowed_shows_less_at_once(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    assert b"2017-10-03" in (await shown(coop, purpose.iri)).content
    await host.give("anna", purpose, [DataItem("Purchase", ("total",), OutputMode.ROWS)])
    graph = Graph().parse(data=(await shown(coop, purpose.iri)).content, format="turtle", publicID=BASKET)
    assert [str(value) for value in graph.objects(None, SCHEMA.price)] == ["12.40"]
    assert not list(graph.objects(None, SCHEMA.orderDate))


async def test_two_services_are_shown_what_each_was_granted(host: Town) -> None:
    coop, shop = await host.organisation("coop"), await host.organisation("shop")
    wide = await coop.service.publish(declaration([ROWS]))
    narrow = await shop.service.publish(
        declaration([item("Purchase", ("total",), "rows")], identifier="totals")
    )
    for purpose in (wide, narrow):
        await host.give("anna", purpose)
    assert b"2017-10-03" in (await shown(coop, wide.iri)).content
    seen = await shown(shop, narrow.iri)
    assert b"2017-10-03" not in seen.content
    assert b"12.40" in seen.content


async def test_two_documents_that_say_the_same_are_shown_each_at_its_place(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    host.write(PATH.replace("b77", "b78"), ORDER)
    await host.give("anna", purpose)
    for url in (BASKET, BASKET.replace("b77", "b78")):
        answer = await coop.service.read(url, purpose.iri)
        graph = Graph().parse(data=answer.content, format="turtle", publicID=url)
        assert [str(order) for order in graph.subjects(SCHEMA.orderDate)] == [url + "#it"]


async def test_attack_3_after_a_withdrawal_what_is_kept_is_of_no_use(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    assert (await shown(coop, purpose.iri)).status_code == httpx.codes.OK
    await host.owner("anna").withdraw(given.id)
    with pytest.raises(AccessRefused):
        await shown(coop, purpose.iri)


async def test_a_large_document_is_filtered_off_the_event_loop_and_logged_once(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    notes = "".join(f'<#note-{number}> schema:name "{"x" * 50}" .\n' for number in range(2_000))
    host.write(PATH, ORDER + notes)
    before = len(await host.owner("anna").log())
    answer = await shown(coop, purpose.iri)
    assert b"12.40" in answer.content
    assert b"note" not in answer.content
    lines = (await host.owner("anna").log())[: -before or None]
    assert [line.action for line in lines if line.permitted] == ["read"]
