"""Asking and deciding over HTTP: invitations, requests, giving, refusing, withdrawing."""

import io
import zipfile
from collections.abc import Awaitable, Callable, Iterable

import pytest
from pyoxigraph import BlankNode, NamedNode, Quad, RdfFormat, Triple, parse
from rdflib import Graph, Namespace

from consent import odrl
from consent.client import AccessRefused
from consent.model import DAY, REFUSAL_COOL_DOWN_DAYS, DataItem, GrantState, OutputMode
from pods.client import SolidError
from pods.model import Path
from tests.consent_host import ROWS, Town, declaration, item
from tests.pod_host import ORIGIN

DPV = Namespace("https://w3id.org/dpv#")
BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"


async def test_everybody_is_asked_once_and_organisations_are_not(host: Town) -> None:
    coop = await host.organisation("coop")
    host.person("bob")
    host.pod("forno", "organisation")
    purpose = await coop.service.publish(declaration([ROWS]))
    for _ in range(2):
        await coop.service.invite(purpose.iri)
    for name in ("anna", "bob"):
        assert [request.purpose.iri for request in await host.owner(name).requests()] == [purpose.iri]
        with host.core.store.reading() as tx:
            assert len(tx.children(Path(f"/{name}/inbox/"))) == 1
    with host.core.store.reading() as tx:
        assert tx.children(Path("/coop/inbox/")) == []
        assert tx.children(Path("/forno/inbox/")) == []


async def test_the_offer_in_the_inbox_names_who_asks_and_for_what(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await coop.service.invite(purpose.iri)
    anna = host.person("anna")
    with host.core.store.reading() as tx:
        path = tx.children(Path("/anna/inbox/"))[0].path
    graph = Graph().parse(data=(await anna.get(path, accept="text/turtle")).content, format="turtle")
    activity = Namespace("https://www.w3.org/ns/activitystreams#")
    assert [str(one) for one in graph.objects(None, activity.object)] == [purpose.iri]
    assert [str(one) for one in graph.objects(None, activity.actor)] == [coop.webid]


async def test_giving_writes_a_record_a_receipt_and_an_agreement_into_the_pod(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    answer = await host.person("anna").get(given.record)
    graph = Graph().parse(data=answer.content, format="turtle", publicID=given.record)
    assert (None, None, DPV.ConsentGiven) in graph
    assert (None, None, DPV.ConsentReceipt) in graph
    policy = given.record + "#agreement"
    agreed = odrl.read(
        policy_of(parse(answer.content, RdfFormat.TURTLE, base_iri=given.record), policy), policy
    )
    assert agreed.items == given.items
    assert agreed.purpose == purpose.iri
    assert agreed.expires_at == given.expires_at


def policy_of(quads: Iterable[Quad], policy: str) -> list[Triple]:
    """Return what a record says about the policy and the nodes that hang on it."""
    triples = [quad.triple for quad in quads]
    found: list[Triple] = []
    nodes: list[NamedNode | BlankNode] = [NamedNode(policy)]
    while nodes:
        subject = nodes.pop()
        about = [triple for triple in triples if triple.subject == subject]
        found += about
        nodes += [triple.object for triple in about if isinstance(triple.object, BlankNode)]
    return found


async def test_a_double_click_on_giving_changes_nothing(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    first = await host.give("anna", purpose)
    second = await host.give("anna", purpose)
    assert first == second
    with host.core.store.reading() as tx:
        assert tx.execute("SELECT count(*) FROM consent_event")[0][0] == 1


async def test_withdrawing_stops_the_next_read_and_twice_is_as_good_as_once(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200
    for _ in range(2):
        await host.owner("anna").withdraw(given.id)
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    (own,) = await host.owner("anna").grants()
    assert own.state is GrantState.WITHDRAWN
    graph = Graph().parse(data=(await host.person("anna").get(own.record)).content, format="turtle")
    assert {DPV.ConsentGiven, DPV.ConsentWithdrawn} <= set(graph.objects())


async def test_attack_32_withdrawing_takes_one_step_as_giving_does(host: Town) -> None:
    """Attack 32, dark patterns: one request gives, one request withdraws, and neither needs a form of its own."""
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    anna = host.person("anna")
    answer = await anna.delete(f"/.consent/grants/{given.id}")
    assert answer.status_code == 204


async def test_attack_32_nobody_is_asked_again_within_the_cool_down(host: Town) -> None:
    """Attack 32, dark patterns: a refusal holds for every version of the purpose, and so does a withdrawal."""
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS], valid_until="2030-01-01"))
    await coop.service.invite(first.iri)
    anna = host.owner("anna")
    await anna.refuse(first.iri)
    await anna.refuse(first.iri)
    second = await coop.service.publish(declaration([ROWS], version=2, valid_until="2030-01-01"))
    await coop.service.invite(second.iri)
    assert await anna.requests() == []
    host.clock.advance(REFUSAL_COOL_DOWN_DAYS * DAY + 1)
    await coop.service.invite(second.iri)
    assert [request.purpose.iri for request in await anna.requests()] == [second.iri]


async def test_a_newer_version_supersedes_the_grant_once_it_is_given(host: Town) -> None:
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", first)
    second = await coop.service.publish(declaration([ROWS], version=2, revision_of=first.iri))
    assert (await coop.service.read(BASKET, first.iri)).status_code == 200
    await host.give("anna", second)
    states = {grant.purpose.version: grant.state for grant in await host.owner("anna").grants()}
    assert states == {1: GrantState.SUPERSEDED, 2: GrantState.GIVEN}
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, first.iri)


@pytest.mark.parametrize("step", ["give", "refuse", "withdraw"])
async def test_only_a_consent_client_may_decide(host: Town, step: str) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    other_app = host.owner("anna", client="https://shop.example/app.jsonld")
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "give": lambda: other_app.give(purpose.iri, purpose.items, host.clock() + DAY),
        "refuse": lambda: other_app.refuse(purpose.iri),
        "withdraw": lambda: other_app.withdraw(given.id),
    }
    with pytest.raises(SolidError) as refused:
        await steps[step]()
    assert refused.value.status == 403
    assert "https://shop.example/app.jsonld" in refused.value.detail


async def test_nobody_withdraws_for_somebody_else(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    given = await host.give("anna", purpose)
    with pytest.raises(SolidError) as refused:
        await host.owner("bob").withdraw(given.id)
    assert refused.value.status == 404
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200


async def test_more_than_what_is_asked_cannot_be_given(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    for chosen in (
        DataItem("Purchase", ("total", "description"), OutputMode.ROWS),
        DataItem("Purchase", ("total",), OutputMode.CLAIM),
        DataItem("Profile", ("birthYear",), OutputMode.ROWS),
    ):
        with pytest.raises(SolidError) as refused:
            await host.give("anna", purpose, [chosen])
        assert refused.value.status == 422


async def test_a_grant_ends_within_the_declaration(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS], valid_until="2026-12-31"))
    for days in (0.0, -1.0, 400.0):
        with pytest.raises(SolidError) as refused:
            await host.give("anna", purpose, days=days)
        assert refused.value.status == 422


async def test_controllers_see_opaque_grants_and_only_their_own(host: Town) -> None:
    coop = await host.organisation("coop")
    rival = await host.organisation("rival")
    purpose = await coop.service.publish(declaration([item("Purchase", ("total",), "claim")]))
    given = await host.give("anna", purpose)
    (seen,) = await coop.service.grants(purpose.iri)
    assert (seen.id, seen.resources) == (given.id, ())
    assert "anna" not in repr(seen)
    with pytest.raises(SolidError) as refused:
        await rival.service.grants(purpose.iri)
    assert refused.value.status == 403


async def test_rows_grants_tell_where_to_read(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    (seen,) = await coop.service.grants(purpose.iri)
    assert seen.resources == (f"{ORIGIN}/anna/purchases/",)


async def test_pseudonyms_differ_between_controllers(host: Town) -> None:
    names = []
    for name in ("coop", "rival"):
        organisation = await host.organisation(name)
        purpose = await organisation.service.publish(declaration([ROWS], identifier=name))
        await host.give("anna", purpose)
        names.append((await organisation.service.grants(purpose.iri))[0].pairwise)
    assert len(set(names)) == 2
    assert all(len(name) == 32 for name in names)


async def test_an_organisation_that_waits_for_approval_cannot_publish(host: Town) -> None:
    coop = await host.organisation("coop", approved=False)
    with pytest.raises(SolidError) as refused:
        await coop.service.publish(declaration([ROWS]))
    assert refused.value.status == 403
    assert "approval" in refused.value.detail


async def test_a_published_version_never_changes(host: Town) -> None:
    coop = await host.organisation("coop")
    document = declaration([ROWS])
    first = await coop.service.publish(document)
    assert await coop.service.publish(document) == first
    with pytest.raises(SolidError) as refused:
        await coop.service.publish({**document, "retention_days": 31})
    assert refused.value.status == 409


async def test_a_declaration_with_unknown_properties_is_refused_with_its_place(host: Town) -> None:
    coop = await host.organisation("coop")
    with pytest.raises(SolidError) as refused:
        await coop.service.publish(declaration([item("Purchase", ("total", "diagnosis"), "rows")]))
    assert refused.value.status == 400
    assert "/items/0/properties/1" in refused.value.detail


async def test_the_export_holds_everything_and_its_explanation(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    await coop.service.read(BASKET, purpose.iri)
    archive = zipfile.ZipFile(io.BytesIO(await host.owner("anna").export()))
    names = set(archive.namelist())
    assert {"LEGGIMI.txt", "README.txt", "consensi.json", "registro.jsonl", "pod/.acl"} <= names
    assert archive.read("pod/purchases/2017-10/b77.jws") == b"signed.bytes.here"
    assert b"Parmigiano" in archive.read("pod/purchases/2017-10/b77.ttl")
    assert purpose.iri.encode() in archive.read("consensi.json")
    log = archive.read("registro.jsonl").splitlines()
    assert any(b'"read"' in line and b"Coop" in line for line in log)
    assert any(name.startswith("pod/consents/") for name in names)


async def test_the_log_is_paged_from_the_newest_back(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS]))
    await host.give("anna", purpose)
    for _ in range(5):
        await coop.service.read(BASKET, purpose.iri)
    anna = host.owner("anna")
    whole = await anna.log()
    assert [line.seq for line in whole] == sorted((line.seq for line in whole), reverse=True)
    first = await anna.log(limit=3)
    assert first + await anna.log(after=first[-1].seq) == whole
    assert whole[0].action == "read"
    assert whole[0].grant is not None
    assert whole[-1].action == "consent given"
