"""A `rows` grant over HTTP: the whole exchange, what it shows, and what it never shows."""

import pytest
from rdflib import Graph, Literal, Namespace

from consent.client import AccessRefused, ServiceClient
from consent.model import DataItem, OutputMode
from tests.consent_host import ORDER, ROWS, Town, declaration, item
from tests.pod_host import ORIGIN

SCHEMA = Namespace("http://schema.org/")
BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"


async def test_a_service_reads_only_the_granted_properties(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    answer = await coop.service.read(BASKET, purpose.iri)
    assert answer.status_code == 200
    graph = Graph().parse(data=answer.content, format="turtle", publicID=BASKET)
    assert {str(predicate).rpartition("/")[2].rpartition("#")[2] for predicate in graph.predicates()} == {
        *("type", "orderDate", "price", "orderedItem", "category")
    }
    assert (None, SCHEMA.orderNumber, None) not in graph
    assert (None, SCHEMA.name, None) not in graph
    # The price of a line was not granted, the price of the order was: they share a predicate.
    assert [str(value) for value in graph.objects(None, SCHEMA.price)] == ["12.40"]
    assert Literal("Pane di segale") not in set(graph.objects())


async def test_without_a_grant_the_exchange_ends_with_a_refusal_that_anna_sees(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    with pytest.raises(AccessRefused) as refused:
        await coop.service.read(BASKET, purpose.iri)
    assert refused.value.error == "request_submitted"
    line = (await host.owner("anna").log())[0]
    assert not line.permitted
    assert line.agent_name == "Coop"
    assert line.purpose_title["it"] == "Spesa di quartiere"


async def test_a_listing_shows_covered_members_only(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    host.write("/anna/purchases/2017-10/diary.ttl", "<#it> <http://schema.org/name> 'secret' .")
    answer = await coop.service.read(f"{ORIGIN}/anna/purchases/2017-10/", purpose.iri)
    assert answer.status_code == 200
    text = answer.text
    assert "b77.ttl" in text
    assert "b77.jws" not in text
    assert "diary" not in text


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("text/turtle", ORDER.replace("Parmigiano", "Pecorino")),
        ("application/ld+json", '{"@id": "#it", "@type": "http://schema.org/Order"}'),
    ],
)
async def test_attack_15_a_listing_does_not_tell_that_something_else_changed(
    host: Town, media_type: str, content: str
) -> None:
    """Attack 15, side channel: neither bytes nor tags nor times move with what is not granted, nor with a syntax."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    place = f"{ORIGIN}/anna/purchases/2017-10/"
    before = await coop.service.read(place, purpose.iri)
    host.clock.advance(3600)
    host.write("/anna/purchases/2017-10/diary.ttl", "<#it> <http://schema.org/name> 'secret' .")
    host.write("/anna/purchases/2017-10/b77.ttl", content, media_type)
    after = await coop.service.read(place, purpose.iri)
    assert before.content == after.content
    for name in ("etag", "last-modified", "content-length"):
        assert before.headers[name] == after.headers[name], name


@pytest.mark.parametrize(
    "path",
    [
        "/anna/",
        "/anna/.acl",
        "/anna/inbox/",
        "/anna/settings/prefs.ttl",
        "/anna/activity/",
        "/anna/consents/",
        "/anna/profile/private.ttl",
        "/anna/purchases/2017-10/b77.jws",
        "/anna/purchases/2017-10/b77.ttl.acl",
        "/anna/purchases/2017-10/b77.ttl.meta",
        "/anna/purchases/.acl",
        "/anna/purchases/2017-10/none.ttl",
        "/bob/purchases/2017-10/b77.ttl",
    ],
)
async def test_attack_14_a_grant_reaches_nothing_beside_its_shape(host: Town, path: str) -> None:
    """Attack 14, widening: siblings, auxiliary resources, signed bytes, what the host keeps, other pods."""
    host.person("bob")
    host.write("/bob/purchases/2017-10/b77.ttl", "<#it> a <http://schema.org/Order> .")
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    refusals = ("request_denied", "request_submitted", 401, 403)
    assert await outcome(coop.service, ORIGIN + path, purpose.iri) in refusals


async def outcome(service: ServiceClient, url: str, purpose: str) -> str | int:
    """Return the status of a read, or the error of the authorization server."""
    try:
        return (await service.read(url, purpose)).status_code
    except AccessRefused as refused:
        return refused.error


async def test_a_subset_of_the_properties_shows_less(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose, [DataItem("Purchase", ("total",), OutputMode.ROWS)])
    graph = Graph().parse(data=(await coop.service.read(BASKET, purpose.iri)).content, format="turtle")
    assert set(graph.predicates()) == {
        SCHEMA.price,
        Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#").type,
    }


async def test_profiles_are_filtered_to_the_owner_and_the_properties(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([item("Profile", ("birthYear",), "rows")]))
    await host.give("anna", purpose)
    answer = await coop.service.read(f"{ORIGIN}/anna/profile/private.ttl", purpose.iri)
    assert b"1984" in answer.content
    assert b"Bianchi" not in answer.content
    assert b"income" not in answer.content


async def test_without_a_line_in_the_log_there_is_no_answer(host: Town) -> None:
    """Design, rule 3: logged before it is served."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200
    with host.core.store.writing() as tx:
        tx.execute("ALTER TABLE access_line RENAME COLUMN sealed TO gone")
    answer = await coop.service.read(BASKET, purpose.iri)
    assert answer.status_code == 500
    assert b"12.40" not in answer.content
    with host.core.store.writing() as tx:
        tx.execute("ALTER TABLE access_line RENAME COLUMN gone TO sealed")


async def test_every_answer_has_its_line_and_every_line_its_answer(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    urls = [BASKET, f"{ORIGIN}/anna/purchases/", f"{ORIGIN}/anna/profile/private.ttl", BASKET]
    answered = [url for url in urls if await outcome(coop.service, url, purpose.iri) == 200]
    lines = [line for line in await host.owner("anna").log() if line.action == "read" and line.permitted]
    assert [ORIGIN + line.path for line in reversed(lines)] == answered
    assert {(line.grant, line.purpose, line.agent) for line in lines} == {
        (f"{ORIGIN}/.consent/grants/{given.id}", purpose.iri, coop.webid)
    }
