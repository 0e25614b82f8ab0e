"""A new version of a purpose: what it says of itself, what it does to grants, and what the host does not believe."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from rdflib import RDF, Graph, URIRef

from consent import declarations, registry_sql
from consent.changes import changes
from consent.client import AccessRefused
from consent.model import About, GrantState
from pods.client import SolidError
from tests.consent_host import PROGRAMME, ROWS, Organisation, Town, declaration, item
from tests.pod_host import ORIGIN
from vocab.terms import DPV

BASKET = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"
LESS = item("Purchase", ("orderedAt", "total"), "rows")
MORE: dict[str, dict[str, Any]] = {
    "property": {"items": [item("Purchase", ("orderedAt", "total", "category", "description"), "rows")]},
    "mode": {"items": [ROWS, item("Purchase", ("total",), "claim")]},
    "recipient": {"recipients": ["Comune", "Regione"]},
    "retention": {"retention_days": 31},
    "basis": {"legal_basis": "gdpr:A6-1-e"},
    "text": {"text": {"it": "Vogliamo vendere la tua spesa.", "en": "We want to see where people shop."}},
}


def second(items: list[Any] | None = None, **changed: Any) -> dict[str, Any]:
    return declaration(items or [ROWS], version=2, **changed)


async def consented(host: Town) -> Organisation:
    """Return an organisation that may read anna's purchases under version 1."""
    coop = await host.organisation("coop")
    await host.give("anna", await coop.service.publish(declaration([ROWS])))
    return coop


async def states(host: Town) -> dict[int, GrantState]:
    return {grant.purpose.version: grant.state for grant in await host.owner("anna").grants()}


async def test_a_version_that_says_nothing_leaves_grants_as_they_are(host: Town) -> None:
    coop = await consented(host)
    await coop.service.publish(second(retention_days=300))
    assert await states(host) == {1: GrantState.GIVEN}


async def test_a_smaller_version_carries_the_grant_over_and_the_service_reads_on(host: Town) -> None:
    coop = await consented(host)
    (before,) = await host.owner("anna").grants()
    newer = await coop.service.publish(second([LESS], material_change="carry_over"))
    assert await states(host) == {1: GrantState.SUPERSEDED, 2: GrantState.GIVEN}
    after = next(grant for grant in await host.owner("anna").grants() if grant.purpose.version == 2)
    assert (after.given_at, after.expires_at) == (before.given_at, before.expires_at)
    assert [one.properties for one in after.items] == [("orderedAt", "total")]
    assert (await coop.service.read(BASKET, newer.iri)).status_code == 200
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, declaration_iri(1))
    actions = [line.action for line in await host.owner("anna").log()]
    assert "consent carried over" in actions


@pytest.mark.parametrize("what", list(MORE))
async def test_attack_11_a_version_that_grew_is_not_carried_over_whatever_it_says(
    host: Town, what: str
) -> None:
    """Attack 11, purpose drift: the host computes the difference; the controller's word does not count."""
    coop = await consented(host)
    with pytest.raises(SolidError) as refused:
        await coop.service.publish(second(material_change="carry_over", **MORE[what]))
    assert (refused.value.status, what in refused.value.detail) == (422, True)
    assert await states(host) == {1: GrantState.GIVEN}


async def test_a_new_budget_for_statistics_is_not_carried_over(host: Town) -> None:
    coop = await host.organisation("coop")
    counted = item("Purchase", ("orderedAt", "seller"), "aggregateOnly")
    await coop.service.publish(declaration([counted], programme=PROGRAMME))
    with pytest.raises(SolidError, match="programme"):
        await coop.service.publish(second([counted], programme=PROGRAMME, material_change="carry_over"))


async def test_a_material_change_suspends_until_the_person_answers(host: Town) -> None:
    coop = await consented(host)
    newer = await coop.service.publish(second(material_change="suspend", retention_days=300))
    assert await states(host) == {1: GrantState.SUSPENDED}
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, declaration_iri(1))
    await host.give("anna", newer)
    assert await states(host) == {1: GrantState.SUPERSEDED, 2: GrantState.GIVEN}
    assert (await coop.service.read(BASKET, newer.iri)).status_code == 200


async def test_whose_consent_rests_is_asked_by_the_version_that_made_it_rest(host: Town) -> None:
    coop = await consented(host)
    host.pod("bruno", "person")
    newer = await coop.service.publish(second(material_change="suspend", retention_days=300))
    assert [request.purpose.iri for request in await host.owner("anna").requests()] == [newer.iri]
    assert await host.owner("bruno").requests() == []
    third = await coop.service.publish(declaration([ROWS], version=3, material_change="suspend"))
    assert [request.purpose.iri for request in await host.owner("anna").requests()] == [third.iri]


async def test_the_record_names_who_carried_a_consent_over_and_not_the_person(host: Town) -> None:
    coop = await consented(host)
    await coop.service.publish(second([LESS], material_change="carry_over"))
    after = next(grant for grant in await host.owner("anna").grants() if grant.purpose.version == 2)
    graph = Graph().parse(data=(await host.person("anna").get(after.record)).text, publicID=after.record)
    (status,) = graph.objects(URIRef(after.record + "#record"), DPV.hasConsentStatus)
    assert list(graph.objects(status, RDF.type)) == [DPV.ConsentGiven]
    assert list(graph.objects(status, DPV.isIndicatedBy)) == [URIRef(coop.webid)]


async def test_two_versions_at_once_are_one_and_a_refusal(host: Town) -> None:
    """Two processes of an organisation publish: the versions stay without a gap, and grants follow the one."""
    coop = await consented(host)
    texts: tuple[dict[str, Any], ...] = ({"retention_days": 20}, {"retention_days": 10})
    answers = await asyncio.gather(
        *(coop.service.publish(second(material_change="carry_over", **one)) for one in texts),
        return_exceptions=True,
    )
    (newer,) = (one for one in answers if not isinstance(one, BaseException))
    (lost,) = (one for one in answers if isinstance(one, BaseException))
    assert isinstance(lost, SolidError)
    assert lost.status == 409
    assert await states(host) == {1: GrantState.SUPERSEDED, 2: GrantState.GIVEN}
    assert (await coop.service.read(BASKET, newer.iri)).status_code == 200


async def test_an_answer_and_a_new_version_at_once_leave_one_consent_in_force_at_most(host: Town) -> None:
    """Whichever commits first: nothing is in force under a version that made it rest."""
    coop = await host.organisation("coop")
    first = await coop.service.publish(declaration([ROWS]))
    newer, _ = await asyncio.gather(
        coop.service.publish(second(material_change="suspend", retention_days=300)),
        host.give("anna", first),
        return_exceptions=True,
    )
    assert not isinstance(newer, BaseException)
    assert GrantState.GIVEN not in (await states(host)).values()
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, first.iri)
    await host.give("anna", newer)
    assert (await states(host))[2] is GrantState.GIVEN
    assert (await coop.service.read(BASKET, newer.iri)).status_code == 200


async def test_saying_no_to_a_material_change_ends_what_was_suspended(host: Town) -> None:
    coop = await consented(host)
    newer = await coop.service.publish(second(material_change="suspend", retention_days=300))
    await host.owner("anna").refuse(newer.iri)
    assert await states(host) == {1: GrantState.SUPERSEDED, 2: GrantState.REFUSED}


async def test_a_version_that_invalidates_ends_the_grant_at_once_and_says_so_in_the_log(host: Town) -> None:
    coop = await consented(host)
    newer = await coop.service.publish(second(material_change="invalidate"))
    assert await states(host) == {1: GrantState.SUPERSEDED}
    line = (await host.owner("anna").log())[0]
    assert (line.agent, line.action, line.reason) == (coop.webid, "consent superseded", newer.iri)


async def test_a_first_version_changes_no_grant(host: Town) -> None:
    coop = await host.organisation("coop")
    with pytest.raises(SolidError, match="first version"):
        await coop.service.publish(declaration([ROWS], material_change="suspend"))


async def test_the_difference_is_public_and_the_wallet_reads_it(host: Town) -> None:
    coop = await consented(host)
    newer = await coop.service.publish(second([LESS], retention_days=60))
    answer = (await host.http.get(newer.iri + "/changes")).json()
    assert answer["grows"] is True
    assert [(one["about"], one["grows"]) for one in answer["changes"]] == [
        ("property", False),
        ("retention", True),
    ]
    told = await host.owner("anna").changes(newer)
    assert [(one.about, one.name, one.before, one.after) for one in told] == [
        (About.PROPERTY, "category", "rows", None),
        (About.RETENTION, None, 30, 60),
    ]
    assert (await host.http.get(declaration_iri(1) + "/changes")).status_code == 404


@pytest.mark.parametrize("what", list(MORE))
def test_each_growth_is_seen_and_its_opposite_is_none_unless_nobody_can_tell(what: str) -> None:
    before = declarations.declaration(declaration([ROWS]), "https://coop.example/#it", ORIGIN)
    after = declarations.declaration(second(**MORE[what]), before.controller, ORIGIN)
    assert [change.grows for change in changes(before, after)] == [True]
    back = [change.grows for change in changes(after, before)]
    assert back == [what in ("text", "basis")]


async def test_what_rests_on_a_contract_is_told_and_not_asked(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS], legal_basis="gdpr:A6-1-b"))
    with pytest.raises(SolidError, match="informed"):
        await coop.service.invite(purpose.iri)
    with pytest.raises(SolidError) as refused:
        await host.give("anna", purpose)
    assert (refused.value.status, "informed" in refused.value.detail) == (409, True)


async def test_an_administration_cannot_name_legitimate_interest(host: Town) -> None:
    coop = await host.organisation("coop")
    with host.core.store.writing() as tx:
        known = registry_sql.controller(tx, coop.webid)
        assert known is not None
        registry_sql.save_controller(tx, replace(known, kind="administration"))
    with pytest.raises(SolidError, match="legitimate interest"):
        await coop.service.publish(declaration([ROWS], legal_basis="gdpr:A6-1-f"))


async def test_what_rests_on_a_public_task_is_objected_to(host: Town) -> None:
    coop = await host.organisation("coop")
    purpose = await coop.service.publish(declaration([ROWS], legal_basis="gdpr:A6-1-e"))
    given = await host.give("anna", purpose)
    await host.owner("anna").withdraw(given.id)
    assert (await host.owner("anna").log())[0].reason == "objection (GDPR, article 21)"


async def test_texts_are_complete_in_every_language_that_they_name(host: Town) -> None:
    coop = await host.organisation("coop")
    document = declaration([ROWS], title={"it": "Spesa"})
    with pytest.raises(SolidError, match="en is not complete"):
        await coop.service.publish(document)
    only_italian = {name: {"it": "Testo."} for name in ("title", "text", "consequence_of_refusal")}
    purpose = await coop.service.publish({**document, **only_italian})
    page = await host.http.get(purpose.iri, headers={"accept": "text/html", "accept-language": "en"})
    assert "Testo." in page.text
    digests = (await host.http.get(purpose.iri)).json()["notice_digests"]
    assert digests == declarations.notice_digests(document | only_italian)
    assert list(digests) == ["it"]


def declaration_iri(version: int) -> str:
    return f"{ORIGIN}/.consent/purposes/mobility/{version}"
