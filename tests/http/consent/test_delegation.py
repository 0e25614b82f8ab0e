"""Acting for somebody over HTTP: guardians, caregivers, custodians, recusal, birthdays and deaths."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import orjson
import pytest

from consent import wire
from consent.delegation import delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.coming_of_age import ROME
from consent.delegation.death import Deaths
from consent.delegation.model import Kind, Power
from consent.model import DAY, GrantState, Suspension
from pods import activity
from pods.model import Path
from tests.consent_host import ROWS, Town, declaration
from tests.people_town import ANNA, BOB, CARL, People, quoted
from tests.pod_host import ORIGIN


@pytest.fixture
async def people(host: Town) -> People:
    coop = await host.organisation("coop")
    return People(host, coop, await coop.service.publish(declaration([ROWS])))


async def test_a_caregiver_acts_once_they_accepted_and_only_within_their_powers(people: People) -> None:
    people.host.pod("bob", "person")
    named = await people.call("anna", "POST", "/delegations", {"delegate": BOB, "powers": ["see", "refuse"]})
    assert named.status_code == 201
    listing = f"/requests?for={quoted(ANNA)}"
    assert (await people.call("bob", "GET", listing)).status_code == 403
    accepted = await people.call("bob", "POST", f"/delegations/{named.json()['id']}/acceptance")
    assert accepted.json()["state"] == "active"
    assert (await people.call("bob", "GET", listing)).status_code == 200
    refused = await people.give("bob")
    assert refused.status_code == 403
    assert "the power 'give' lacks" in refused.json()["detail"]
    assert people.state() is None
    assert (await people.refuse("bob")).status_code == 204
    assert people.state() is GrantState.REFUSED


async def test_the_person_ends_a_caregiver_in_one_step_and_the_next_decision_is_refused(
    people: People,
) -> None:
    people.host.pod("bob", "person")
    powers = ["see", "give"]
    named = (await people.call("anna", "POST", "/delegations", {"delegate": BOB, "powers": powers})).json()
    await people.call("bob", "POST", f"/delegations/{named['id']}/acceptance")
    assert (await people.call("anna", "DELETE", f"/delegations/{named['id']}")).status_code == 204
    assert (await people.give("bob")).status_code == 403
    assert people.state() is None


@pytest.mark.parametrize("delegate", ["", "bob", "javascript:x", "https://x.example/<b>", ANNA])
async def test_a_delegate_is_somebody_else_with_a_webid(people: People, delegate: str) -> None:
    answer = await people.call("anna", "POST", "/delegations", {"delegate": delegate, "powers": ["see"]})
    assert answer.status_code == 422


async def test_nobody_else_can_accept_or_end_a_delegation(people: People) -> None:
    for name in ("bob", "carl"):
        people.host.pod(name, "person")
    named = (await people.call("anna", "POST", "/delegations", {"delegate": BOB, "powers": ["give"]})).json()
    assert (await people.call("carl", "POST", f"/delegations/{named['id']}/acceptance")).status_code == 404
    assert (await people.call("anna", "POST", f"/delegations/{named['id']}/acceptance")).status_code == 404
    assert (await people.call("carl", "DELETE", f"/delegations/{named['id']}")).status_code == 404


async def test_an_app_that_is_no_consent_client_cannot_name_delegates(people: People) -> None:
    people.host.pod("bob", "person")
    other = people.host.person("anna", client="https://app.example/id")
    answer = await other.request(
        "POST",
        "/.consent/delegations",
        content=orjson.dumps({"delegate": BOB, "powers": ["give"]}),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 403


async def test_what_a_delegate_does_is_in_both_logs_with_both_names(people: People) -> None:
    await people.appoint("bob")
    assert (await people.give("bob")).status_code == 201
    for name in ("anna", "bob"):
        with people.host.core.store.reading() as tx:
            lines = activity.newest(tx, people.pod(name).key, limit=10)
        acted = [line for line in lines if line.action == "acted for another person"]
        assert [(line.agent, line.reason) for line in acted] == [(BOB, f"give, as representative of {ANNA}")]


async def test_a_delegation_has_a_record_in_the_pod_that_the_person_reads(people: People) -> None:
    made = await people.appoint("bob")
    answer = await people.host.person("anna").get(f"/anna/consents/delegation-{made.id}.ttl")
    assert answer.status_code == 200
    assert BOB in answer.text
    assert "file 7" in answer.text
    assert "active" in answer.text


@pytest.mark.parametrize("minutes_before", [1, 0])
async def test_a_guardian_decides_until_the_birthday_begins_in_rome(
    people: People, minutes_before: int
) -> None:
    today = datetime.fromtimestamp(people.host.clock(), ROME).date()
    born = date(today.year - 14, today.month, today.day) + timedelta(days=3)
    await people.appoint("bob", Kind.GUARDIAN, born=born)
    birthday = born.replace(year=born.year + 14)
    midnight = datetime(birthday.year, birthday.month, birthday.day, tzinfo=ROME).timestamp()
    people.host.clock.now = midnight - 60 * minutes_before
    expected = (201, 403) if minutes_before else (403, 201)
    assert (await people.give("bob")).status_code == expected[0]
    body = {
        "purpose": people.purpose.iri,
        "items": wire.items_json(people.purpose.items),
        "expires_at": wire.timestamp(people.host.clock() + 80 * DAY),
    }
    assert (await people.call("anna", "POST", "/grants", body)).status_code == expected[1]


async def test_who_came_of_age_is_asked_to_review_what_a_guardian_gave(people: People) -> None:
    today = datetime.fromtimestamp(people.host.clock(), ROME).date()
    born = date(today.year - 14, today.month, today.day) + timedelta(days=3)
    await people.appoint("bob", Kind.GUARDIAN, born=born)
    await people.give("bob")
    assert (await people.call("anna", "GET", "/delegations")).json()["review"] == []
    people.host.clock.now += 4 * DAY
    listed = (await people.call("anna", "GET", "/delegations")).json()
    assert listed["review"] == [people.grant_id()]
    assert listed["delegates"][0]["state"] == "ended"
    await people.withdraw("anna")
    assert (await people.call("anna", "GET", "/delegations")).json()["review"] == []


async def test_a_minor_cannot_send_their_guardian_away(people: People) -> None:
    today = datetime.fromtimestamp(people.host.clock(), ROME).date()
    made = await people.appoint("bob", Kind.GUARDIAN, born=date(today.year - 8, 1, 1))
    assert (await people.call("anna", "DELETE", f"/delegations/{made.id}")).status_code == 403
    assert (await people.call("bob", "DELETE", f"/delegations/{made.id}")).status_code == 204


async def test_when_one_of_two_refused_the_other_cannot_give(people: People) -> None:
    await people.appoint("bob")
    await people.appoint("carl")
    assert (await people.refuse("bob")).status_code == 204
    assert (await people.give("carl")).status_code == 409
    assert people.state() is GrantState.REFUSED


async def test_what_one_gave_rests_when_the_other_refuses_until_that_one_agrees(people: People) -> None:
    await people.appoint("bob")
    await people.appoint("carl")
    await people.give("bob")
    assert (await people.refuse("carl")).status_code == 204
    assert people.state() is GrantState.SUSPENDED
    assert (await people.give("bob")).status_code == 409
    assert people.state() is GrantState.SUSPENDED
    assert (await people.give("carl")).status_code == 201
    assert people.state() is GrantState.GIVEN


async def resting(people: People) -> str:
    """Let bob give for anna and carl refuse; return the delegation of carl."""
    await people.appoint("bob")
    carl = await people.appoint("carl")
    await people.give("bob")
    assert (await people.refuse("carl")).status_code == 204
    return carl.id


def revoked(people: People, delegation_id: str) -> None:
    with people.host.core.store.writing() as tx:
        Appointments(ORIGIN).revoke(tx, delegation_id, people.host.clock())


async def test_what_somebody_made_rest_who_is_gone_goes_on_when_another_says_yes_anew(people: People) -> None:
    """Attack 19: a no ends with the powers of who said it, and still nothing goes on by itself."""
    carl = await resting(people)
    revoked(people, carl)
    assert people.state() is GrantState.SUSPENDED
    assert (await people.give("bob")).status_code == 201
    assert people.state() is GrantState.GIVEN


async def test_what_somebody_made_rest_who_is_gone_rests_while_another_says_no(people: People) -> None:
    carl = await resting(people)
    await people.appoint("dora")
    revoked(people, carl)
    assert (await people.give("dora")).status_code == 201
    assert (await people.refuse("dora")).status_code == 204  # bob gave it, so it rests again
    assert (await people.give("bob")).status_code == 409
    assert people.state() is GrantState.SUSPENDED


async def test_who_wakes_a_consent_for_a_part_of_it_gives_that_part(people: People) -> None:
    await resting(people)
    less = [{**wire.items_json(people.purpose.items)[0], "properties": ["orderedAt"]}]
    body = {
        "purpose": people.purpose.iri,
        "items": less,
        "expires_at": wire.timestamp(people.host.clock() + 30 * DAY),
    }
    assert (await people.call("carl", "POST", f"/grants?for={quoted(ANNA)}", body)).status_code == 201
    (told,) = (await people.call("anna", "GET", "/grants")).json()
    assert (told["state"], told["items"]) == ("given", less)
    assert told["expires_at"] == body["expires_at"]


async def test_the_person_wakes_what_a_delegate_made_rest(people: People) -> None:
    await resting(people)
    assert (await people.give("anna")).status_code == 201
    assert people.state() is GrantState.GIVEN


async def test_nobody_wakes_by_a_yes_what_the_person_restricted(people: People) -> None:
    await resting(people)
    with people.host.core.store.writing() as tx:
        people.host.added.consents.suspend(
            tx, people.pod(), people.grant_id(), Suspension.RESTRICTION, people.host.clock()
        )
    assert (await people.give("carl")).status_code == 409
    assert people.state() is GrantState.SUSPENDED


def happened(people: People) -> list[tuple[str, str]]:
    """Return what happened to anna's consent, and by whom."""
    with people.host.core.store.reading() as tx:
        return [
            (str(event), str(actor).rpartition("/profile")[0].rpartition("/")[2])
            for event, actor in tx.execute(
                "SELECT event, actor FROM consent_event WHERE grant_id = ? ORDER BY number",
                (people.grant_id(),),
            )
        ]


async def test_a_no_while_a_consent_rests_is_kept_beside_the_first_and_once(people: People) -> None:
    await resting(people)
    await people.appoint("dora")
    for name in ("dora", "dora", "carl"):
        assert (await people.refuse(name)).status_code == 204
    assert people.state() is GrantState.SUSPENDED
    assert happened(people) == [("give", "bob"), ("suspend", "carl"), ("suspend", "dora")]
    # Carl changes his mind; Dora does not.
    assert (await people.give("carl")).status_code == 202
    assert (await people.give("bob")).status_code == 409
    assert people.state() is GrantState.SUSPENDED


async def test_a_second_no_to_a_question_counts_by_itself(people: People) -> None:
    await people.appoint("bob")
    assert (await people.refuse("bob")).status_code == 204
    for _ in range(2):
        assert (await people.refuse("anna")).status_code == 204
    assert happened(people) == [("refuse", "bob"), ("refuse", "anna")]
    # He would agree now, and she does not: her own yes is what it waits for.
    assert (await people.give("bob")).status_code == 202
    assert people.state() is GrantState.REFUSED
    assert (await people.give("anna")).status_code == 201


@pytest.mark.parametrize("given", [False, True])
async def test_two_who_said_no_say_yes_one_after_the_other(people: People, given: bool) -> None:
    await people.appoint("bob")
    await people.appoint("carl")
    await people.appoint("dora")
    if given:
        await people.give("bob")
    for name in ("carl", "dora"):
        assert (await people.refuse(name)).status_code == 204
    assert (await people.give("carl")).status_code == 202  # not yet: dora said no as well
    assert people.state() in (GrantState.REFUSED, GrantState.SUSPENDED)
    assert (await people.give("dora")).status_code == 201
    assert people.state() is GrantState.GIVEN
    assert (await people.call("anna", "GET", "/delegations/drafts")).json() == []


@pytest.mark.parametrize("how", ["refuse", "withdraw"])
async def test_who_takes_a_prepared_yes_back_says_no_again(people: People, how: str) -> None:
    await resting(people)
    await people.appoint("dora")
    await people.refuse("dora")
    assert (await people.give("carl")).status_code == 202
    assert (await (people.refuse if how == "refuse" else people.withdraw)("carl")).status_code == 204
    # Carl's no stands, so what dora agrees to waits for him again.
    assert (await people.give("dora")).status_code == 202
    assert people.state() in (GrantState.SUSPENDED, GrantState.WITHDRAWN)


@pytest.mark.parametrize("name", ["anna", "bob"])
async def test_what_was_given_is_not_refused_but_withdrawn_and_the_answer_says_so(
    people: People, name: str
) -> None:
    await people.appoint("bob")
    await people.give("bob")
    answer = await people.refuse(name)
    assert answer.status_code == 409
    assert f"DELETE /.consent/grants/{people.grant_id()}" in answer.json()["detail"]
    await people.withdraw("bob")
    assert "is withdrawn" in (await people.refuse(name)).json()["detail"]


async def test_what_one_gave_the_other_withdraws_and_the_first_cannot_give_it_again(people: People) -> None:
    await people.appoint("bob")
    await people.appoint("carl")
    await people.give("bob")
    assert (await people.withdraw("carl")).status_code == 204
    assert people.state() is GrantState.WITHDRAWN
    assert (await people.give("bob")).status_code == 409


async def test_no_delegate_gives_what_the_person_refused(people: People) -> None:
    await people.appoint("bob")
    assert (await people.refuse("anna")).status_code == 204
    assert (await people.give("bob")).status_code == 409


@pytest.mark.parametrize("side", ["declared", "contact", "mailbox"])
async def test_nobody_gives_consent_to_what_is_their_own(people: People, side: str) -> None:
    await people.appoint("bob")
    if side == "declared":
        body = {"controller": people.coop.webid}
        assert (await people.call("bob", "POST", "/delegations/interests", body)).status_code == 204
    elif side == "mailbox":
        people.host.write(
            "/bob/profile/card",
            f"<{BOB}> <http://www.w3.org/2006/vcard/ns#hasEmail> <mailto:dpo@coop.example> .",
        )
    else:
        with people.host.core.store.writing() as tx:
            tx.execute("UPDATE controller SET contact = ?", (BOB,))
    refused = await people.give("bob")
    assert refused.status_code == 403
    assert "Coop" in refused.json()["detail"]
    assert people.state() is None
    assert (await people.refuse("bob")).status_code == 204


async def test_who_acts_for_the_organisation_gives_it_nothing(people: People) -> None:
    await people.appoint("bob")
    with people.host.core.store.writing() as tx:
        coop = people.pod("coop")
        Appointments(ORIGIN).appoint(tx, coop, Kind.REPRESENTATIVE, BOB, "file 8", people.host.clock())
    assert (await people.give("bob")).status_code == 403
    assert people.state() is None


async def test_a_controller_gives_itself_nothing_as_a_delegate(people: People) -> None:
    with people.host.core.store.writing() as tx:
        made = Appointments(ORIGIN).appoint(
            *(tx, people.pod(), Kind.REPRESENTATIVE, people.coop.webid, "file 7", people.host.clock())
        )
    await people.call("coop", "POST", f"/delegations/{made.id}/acceptance")
    assert (await people.give("coop")).status_code == 403


async def test_a_custodian_prepares_and_the_person_alone_gives(people: People) -> None:
    assert (await people.session()).status_code == 201
    prepared = await people.give("bob")
    assert prepared.status_code == 202
    assert people.state() is None
    drafts = (await people.call("anna", "GET", "/delegations/drafts")).json()
    assert [(draft["purpose"], draft["prepared_by"]) for draft in drafts] == [(people.purpose.iri, BOB)]
    body = {name: drafts[0][name] for name in ("purpose", "items", "expires_at")}
    assert (await people.call("anna", "POST", "/grants", body)).status_code == 201
    assert people.state() is GrantState.GIVEN
    assert (await people.call("anna", "GET", "/delegations/drafts")).json() == []


async def test_an_assisted_session_ends_by_the_clock_and_its_code_opens_once(people: People) -> None:
    await people.session(minutes=20)
    listing = f"/grants?for={quoted(ANNA)}"
    people.host.clock.now += 20 * 60 - 1
    assert (await people.call("bob", "GET", listing)).status_code == 200
    people.host.clock.now += 1
    assert (await people.call("bob", "GET", listing)).status_code == 403
    code = (await people.call("anna", "POST", "/delegations/codes", {"minutes": 20})).json()["code"]
    read_out = {"person": ANNA, "code": code}
    begun = [await people.call("bob", "POST", "/delegations/sessions", read_out) for _ in range(2)]
    assert [answer.status_code for answer in begun] == [201, 403]


async def test_a_code_is_gone_after_five_wrong_guesses_and_after_ten_minutes(people: People) -> None:
    await people.session()
    for late in (False, True):
        opened = await people.call("anna", "POST", "/delegations/codes", {"minutes": 20})
        code = opened.json()["code"]
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        if late:
            people.host.clock.now += 600
        for _ in range(0 if late else 5):
            guess = {"person": ANNA, "code": wrong}
            assert (await people.call("bob", "POST", "/delegations/sessions", guess)).status_code == 403
        right = {"person": ANNA, "code": code}
        assert (await people.call("bob", "POST", "/delegations/sessions", right)).status_code == 403


async def test_only_admitted_custodians_assist(people: People) -> None:
    people.host.pod("carl", "person")
    code = (await people.call("anna", "POST", "/delegations/codes", {"minutes": 5})).json()["code"]
    answer = await people.call("carl", "POST", "/delegations/sessions", {"person": ANNA, "code": code})
    assert answer.status_code == 403


async def test_a_death_ends_every_consent_and_every_delegate_but_heirs(people: People) -> None:
    await people.appoint("bob")
    await people.give("bob")
    await people.appoint("carl", Kind.HEIR)
    with people.host.core.store.writing() as tx:
        deaths = Deaths(ORIGIN, people.host.added.consents, Appointments(ORIGIN))
        ended = deaths.record(tx, people.pod(), date(2026, 2, 27), "file 9", people.host.clock())
    assert ended == 1
    assert people.state() is GrantState.REVOKED
    for name in ("anna", "bob", "carl"):
        assert (await people.give(name)).status_code == 403
    with people.host.core.store.reading() as tx:
        held = {
            one.delegate: one.active(people.host.clock())
            for one in delegations_sql.of_pod(tx, people.pod().key)
        }
        assert len(tx.children(Path("/anna/consents/"))) >= 3
    assert held == {BOB: False, CARL: True}


async def test_delegates_of_a_removed_pod_are_forgotten(people: People) -> None:
    await people.appoint("bob", powers=frozenset({Power.SEE}))
    with people.host.core.store.writing() as tx:
        for layer in people.host.added.leaving:
            layer.leaving(tx, people.pod())
        assert delegations_sql.of_delegate(tx, BOB) == []
