"""Rights, log, offers and "later" for somebody else over HTTP: the power is asked for, and both logs tell of it."""

from __future__ import annotations

from datetime import date

import orjson
import pytest

from consent.delegation.appointments import Appointments
from consent.delegation.death import Deaths
from consent.delegation.model import Kind, Power
from consent.model import GrantState
from pods import activity
from tests.consent_host import ROWS, Town, declaration
from tests.people_town import ANNA, BOB, People, quoted
from tests.pod_host import ORIGIN

FOR_ANNA = f"?for={quoted(ANNA)}"
BORN = date(2020, 5, 3)


@pytest.fixture
async def people(host: Town) -> People:
    coop = await host.organisation("coop")
    return People(host, coop, await coop.service.publish(declaration([ROWS])))


def acted(people: People, name: str) -> list[str]:
    """Return what the log of somebody says that bob did for anna."""
    with people.host.core.store.reading() as tx:
        lines = activity.newest(tx, people.pod(name).key, limit=20)
    return [line.reason for line in lines if line.action == "acted for another person" and line.agent == BOB]


def article_15(people: People) -> dict[str, str]:
    """Return a request for access to the cooperative."""
    return {"kind": "access", "controller": people.coop.webid, "text": "Che cosa sapete di lei?"}


async def test_a_guardian_files_a_request_under_article_15_and_both_logs_say_so(people: People) -> None:
    await people.appoint("bob", Kind.GUARDIAN, born=BORN)
    asked = await people.call("bob", "POST", f"/rights{FOR_ANNA}", article_15(people))
    assert asked.status_code == 201
    own = (await people.call("anna", "GET", "/rights")).json()
    assert [one["id"] for one in own] == [asked.json()["id"]]
    assert (await people.call("bob", "GET", "/rights")).json() == []
    for name in ("anna", "bob"):
        assert acted(people, name) == [f"rights, as guardian of {ANNA}"]


async def test_a_guardian_follows_and_closes_what_they_asked(people: People) -> None:
    await people.appoint("bob", Kind.GUARDIAN, born=BORN)
    made = (await people.call("bob", "POST", f"/rights{FOR_ANNA}", article_15(people))).json()
    listed = await people.call("bob", "GET", f"/rights{FOR_ANNA}")
    assert [one["id"] for one in listed.json()] == [made["id"]]
    assert (await people.call("bob", "GET", f"/rights/{made['id']}{FOR_ANNA}")).status_code == 200
    closed = await people.call("bob", "POST", f"/rights/{made['id']}/steps{FOR_ANNA}", {"step": "close"})
    assert closed.json()["state"] == "closed"
    assert len(acted(people, "anna")) == 4


async def test_a_guardian_reads_the_answer_of_the_host(people: People) -> None:
    await people.appoint("bob", Kind.GUARDIAN, born=BORN)
    await people.give("bob")
    answer = await people.call("bob", "GET", f"/rights/access{FOR_ANNA}")
    plain = orjson.loads(answer.content)
    assert plain["subject"] == ANNA
    assert [one["controller"]["name"] for one in plain["grants"]] == ["Coop"]


CALLS = [
    ("GET", "/rights"),
    ("POST", "/rights"),
    ("GET", "/rights/access"),
    ("GET", "/rights/x"),
    ("POST", "/rights/x/steps"),
]


@pytest.mark.parametrize(("method", "place"), CALLS)
async def test_a_custodian_has_no_power_over_rights(people: People, method: str, place: str) -> None:
    assert (await people.session()).status_code == 201
    body = {"POST": {"step": "close"} if place.endswith("steps") else article_15(people)}.get(method)
    refused = await people.call("bob", method, f"{place}{FOR_ANNA}", body)
    assert refused.status_code == 403
    assert "the power 'rights' lacks" in refused.json()["detail"]
    assert (await people.call("anna", "GET", "/rights")).json() == []


@pytest.mark.parametrize(("method", "place"), CALLS)
async def test_a_stranger_and_a_made_up_person_get_the_same_refusal(
    people: People, method: str, place: str
) -> None:
    people.host.pod("bob", "person")
    body = {"POST": {"step": "close"} if place.endswith("steps") else article_15(people)}.get(method)
    answers = [
        await people.call("bob", method, f"{place}?for={quoted(whose)}", body)
        for whose in (ANNA, f"{ORIGIN}/nobody/profile/card#me")
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


async def test_an_organisation_that_is_a_delegate_sees_the_persons_requests_and_not_its_own(
    people: People,
) -> None:
    with people.host.core.store.writing() as tx:
        made = Appointments(ORIGIN).appoint(
            *(tx, people.pod(), Kind.REPRESENTATIVE, people.coop.webid, "file 7", people.host.clock())
        )
    await people.call("coop", "POST", f"/delegations/{made.id}/acceptance")
    people.host.pod("bob", "person")
    await people.call("bob", "POST", "/rights", article_15(people))
    assert len((await people.call("coop", "GET", "/rights")).json()) == 1
    assert (await people.call("coop", "GET", f"/rights{FOR_ANNA}")).json() == []


async def test_heirs_use_rights_after_the_death_and_nobody_else_does(people: People) -> None:
    await people.appoint("bob", Kind.HEIR)
    early = await people.call("bob", "POST", f"/rights{FOR_ANNA}", article_15(people))
    assert early.status_code == 403
    with people.host.core.store.writing() as tx:
        deaths = Deaths(ORIGIN, people.host.added.consents, Appointments(ORIGIN))
        deaths.record(tx, people.pod(), date(2026, 2, 27), "file 9", people.host.clock())
    late = await people.call("bob", "POST", f"/rights{FOR_ANNA}", article_15(people))
    assert late.status_code == 201
    assert (await people.call("bob", "GET", f"/grants{FOR_ANNA}")).status_code == 403
    assert (await people.call("anna", "POST", "/rights", article_15(people))).status_code == 403


async def test_a_delegate_who_may_see_reads_the_log_and_the_log_says_that_they_did(people: People) -> None:
    await people.appoint("bob", powers=frozenset({Power.SEE}))
    first = (await people.call("bob", "GET", f"/log{FOR_ANNA}")).json()
    assert "delegation active" in {line["action"] for line in first}
    again = (await people.call("bob", "GET", f"/log{FOR_ANNA}")).json()
    assert again[0]["reason"] == f"see, as representative of {ANNA}"
    assert again[0]["path"] == "/.consent/log"


async def test_a_delegate_who_may_not_see_reads_no_log(people: People) -> None:
    await people.appoint("bob", powers=frozenset({Power.RIGHTS}))
    assert (await people.call("bob", "GET", f"/log{FOR_ANNA}")).status_code == 403


async def test_another_app_of_a_delegate_reads_no_log(people: People) -> None:
    await people.appoint("bob")
    app = people.host.person("bob", client="https://app.example/id")
    assert (await app.get(f"/.consent/log{FOR_ANNA}")).status_code == 403


async def test_who_may_refuse_may_put_off_and_who_may_see_reads_an_offer(people: People) -> None:
    await people.appoint("bob", powers=frozenset({Power.SEE, Power.REFUSE}))
    await people.coop.service.invite(people.purpose.iri)
    offer = await people.call("bob", "GET", f"/offers{FOR_ANNA}&purpose={quoted(people.purpose.iri)}")
    assert offer.status_code == 200
    put_off = await people.call("bob", "POST", f"/deferrals{FOR_ANNA}", {"purpose": people.purpose.iri})
    assert put_off.status_code == 204
    assert people.state() is GrantState.DEFERRED
    assert f"refuse, as representative of {ANNA}" in acted(people, "anna")


async def test_who_may_only_see_puts_nothing_off(people: People) -> None:
    await people.appoint("bob", powers=frozenset({Power.SEE}))
    await people.coop.service.invite(people.purpose.iri)
    refused = await people.call("bob", "POST", f"/deferrals{FOR_ANNA}", {"purpose": people.purpose.iri})
    assert refused.status_code == 403
    assert people.state() is GrantState.ASKED


async def test_both_sides_are_told_by_name_and_whether_powers_flow(people: People) -> None:
    await people.appoint("bob", Kind.HEIR)
    (mine,) = (await people.call("anna", "GET", "/delegations")).json()["delegates"]
    assert (mine["delegate_name"], mine["person_name"], mine["flows"]) == ("Bob", "Anna", False)
    assert mine["storage"] == f"{ORIGIN}/anna/"
    listed = (await people.call("bob", "GET", "/delegations")).json()
    assert listed["custodian"] is False
    await people.session()
    assert (await people.call("bob", "GET", "/delegations")).json()["custodian"] is True


async def test_a_prepared_answer_can_be_thrown_away_and_the_question_stays(people: People) -> None:
    await people.coop.service.invite(people.purpose.iri)
    await people.session()
    assert (await people.give("bob")).status_code == 202
    place = f"/delegations/drafts?purpose={quoted(people.purpose.iri)}"
    assert (await people.call("bob", "DELETE", place)).status_code == 204  # bob's own drafts: there are none
    assert len((await people.call("anna", "GET", "/delegations/drafts")).json()) == 1
    assert (await people.call("anna", "DELETE", place)).status_code == 204
    assert (await people.call("anna", "GET", "/delegations/drafts")).json() == []
    assert people.state() is GrantState.ASKED
