"""Answers that a custodian prepares: within what is asked, by nobody who is party, for one pod, until the person answers."""

from __future__ import annotations

import pytest

from consent import wire
from consent.delegation import delegations_sql
from consent.model import DAY, DataItem, OutputMode
from tests.consent_host import ROWS, Town, declaration
from tests.people_town import ANNA, BOB, People, quoted

DRAFTS = "/delegations/drafts"


@pytest.fixture
async def people(host: Town) -> People:
    coop = await host.organisation("coop")
    people = People(host, coop, await coop.service.publish(declaration([ROWS])))
    assert (await people.session()).status_code == 201
    return people


async def drafts(people: People, name: str = "anna") -> list[str]:
    return [one["purpose"] for one in (await people.call(name, "GET", DRAFTS)).json()]


async def test_a_draft_is_gone_when_the_person_refuses(people: People) -> None:
    assert (await people.give("bob")).status_code == 202
    assert await drafts(people) == [people.purpose.iri]
    assert (
        await people.call("anna", "POST", "/refusals", {"purpose": people.purpose.iri})
    ).status_code == 204
    assert await drafts(people) == []


async def test_a_draft_holds_nothing_that_is_not_asked(people: People) -> None:
    wider = DataItem("Purchase", ("orderedAt", "seller"), OutputMode.ROWS)
    body = {
        "purpose": people.purpose.iri,
        "items": wire.items_json((wider,)),
        "expires_at": wire.timestamp(people.host.clock() + 90 * DAY),
    }
    assert (await people.call("bob", "POST", f"/grants?for={quoted(ANNA)}", body)).status_code == 422
    assert await drafts(people) == []


async def test_who_stands_on_the_side_of_the_organisation_prepares_nothing(people: People) -> None:
    with people.host.core.store.writing() as tx:
        delegations_sql.declare_interest(tx, BOB, people.coop.webid, people.host.clock())
    assert (await people.give("bob")).status_code == 403
    assert await drafts(people) == []


async def test_a_draft_is_seen_and_thrown_away_by_its_own_person_alone(people: People) -> None:
    people.host.pod("carl", "person")
    assert (await people.give("bob")).status_code == 202
    assert await drafts(people, "carl") == []
    await people.call("carl", "DELETE", f"{DRAFTS}?purpose={people.purpose.iri}")
    assert await drafts(people) == [people.purpose.iri]
