"""Consents that end without the person: by the operator, a court, or the organisation that gives up."""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef

from consent import controllers
from consent.client import AccessRefused
from consent.ending import Ending
from consent.model import GrantState, Revoker, Suspension
from pods.client import SolidClient, SolidError
from tests.consent_host import ROWS, Organisation, Town, declaration
from tests.pod_host import ORIGIN
from tests.rights_town import BASKET, grant_of, reader
from vocab.terms import DPV

PLACE = f"{ORIGIN}/.consent/renunciations"


async def renounce(host: Town, by: Organisation, grant: str, reason: str = "Il progetto è finito.") -> int:
    solid = SolidClient(host.http, by.credentials, clock=host.clock)
    answer = await solid.request(
        "POST",
        PLACE,
        headers={"content-type": "application/json"},
        content=(f'{{"grant": "{grant}", "reason": "{reason}"}}'.encode()),
    )
    return answer.status_code


async def test_an_organisation_gives_up_what_it_needs_no_more_and_the_person_sees_it(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    grant = await grant_of(host, purpose)
    assert await renounce(host, coop, grant) == 204
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    (mine,) = await host.owner("anna").grants()
    assert mine.state is GrantState.REVOKED
    line = next(one for one in await host.owner("anna").log() if one.action == "consent revoked")
    assert (line.agent, line.reason) == (coop.webid, "controller: Il progetto è finito.")
    graph = Graph().parse(data=(await host.person("anna").get(mine.record)).text, publicID=mine.record)
    (status,) = graph.subjects(None, DPV.ConsentRevoked)
    assert list(graph.objects(status, DPV.isIndicatedBy)) == [URIRef(coop.webid)]
    assert await renounce(host, coop, grant) == 204, "twice is as good as once"
    await host.give("anna", purpose)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200


async def test_nobody_gives_up_what_another_holds(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    rival = await host.organisation("rival")
    grant = await grant_of(host, purpose)
    assert await renounce(host, rival, grant) == 404
    assert await renounce(host, coop, "0" * 32) == 404
    assert await renounce(host, coop, grant, " ") == 422
    assert (await host.http.post(PLACE, json={"grant": grant, "reason": "x"})).status_code == 401
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200


@pytest.mark.parametrize("by", [Revoker.OPERATOR, Revoker.COURT])
async def test_what_the_operator_or_a_court_ended_stays_ended(host: Town, by: Revoker) -> None:
    coop, purpose = await reader(host, "coop")
    other, kept = await reader(host, "other")
    with host.core.store.writing() as tx:
        ending = Ending(ORIGIN, host.added.consents)
        assert ending.revoke_some(tx, coop.webid, by, "Ordinanza 12/2026", host.clock()) == (1, None)
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    with pytest.raises(SolidError, match="cannot be given again"):
        await host.give("anna", purpose)
    assert (await other.service.read(BASKET, kept.iri)).status_code == 200


async def test_what_is_ended_is_all_of_one_purpose_or_all_of_an_organisation_in_batches(
    host: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    coop, ended = await reader(host, "coop")
    goes_on = await coop.service.publish(declaration([ROWS], identifier="other"))
    host.person("bob")
    for name, purpose in (("bob", ended), ("anna", goes_on)):
        await host.give(name, purpose)
    rests = await grant_of(host, ended)
    monkeypatch.setattr("consent.ending.BATCH", 1)
    ending, after, count = Ending(ORIGIN, host.added.consents), "", 0
    with host.core.store.writing() as tx:
        anna = tx.pod("anna")
        assert anna is not None
        host.added.consents.suspend(tx, anna, rests, Suspension.RESTRICTION, host.clock())
        found: str | None = ""
        while found is not None:
            after = found
            some, found = ending.revoke_some(
                *(tx, coop.webid, Revoker.OPERATOR, "x", host.clock()), purpose=ended.iri, after=after
            )
            count += some
    assert count == 2
    states = {
        (name, one.purpose.iri): one.state
        for name in ("anna", "bob")
        for one in await host.owner(name).grants()
    }
    assert states == {
        ("anna", ended.iri): GrantState.REVOKED,
        ("bob", ended.iri): GrantState.REVOKED,
        ("anna", goes_on.iri): GrantState.GIVEN,
    }


async def test_an_approval_that_is_taken_back_stops_reading_and_asking_at_once(host: Town) -> None:
    coop, purpose = await reader(host, "coop")
    with host.core.store.writing() as tx:
        controllers.stop(tx, coop.webid)
    with pytest.raises(AccessRefused):
        await coop.service.read(BASKET, purpose.iri)
    with pytest.raises(SolidError, match="approval"):
        await coop.service.publish(declaration([ROWS], identifier="more"))
    with pytest.raises(SolidError, match="approval"):
        await coop.service.invite(purpose.iri)
    with host.core.store.writing() as tx:
        controllers.approve(tx, coop.webid)
    assert (await coop.service.read(BASKET, purpose.iri)).status_code == 200
