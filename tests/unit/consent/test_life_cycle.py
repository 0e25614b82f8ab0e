"""The life of a grant: the table row by row, and what each step leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consent import declarations, events_sql, grants_sql, people_sql, registry_sql
from consent.decisions import Consents
from consent.grants_sql import Grants
from consent.life import Life
from consent.model import (
    DAY,
    REFUSAL_COOL_DOWN_DAYS,
    TRANSITIONS,
    Controller,
    ControllerState,
    Grant,
    GrantEvent,
    GrantState,
    PurposeDeclaration,
    Revoker,
    Suspension,
)
from consent.permits import Permits
from consent.registry_sql import Purposes
from consent.schema_sql import SCHEMAS
from pods import activity
from pods.errors import Conflict
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from pods.storage.sqlite import SqliteStore
from tests.consent_host import ROWS, declaration
from tests.pod_host import ORIGIN

NOW = 1_772_366_400.0
END = NOW + 30 * DAY
COOP = WebId(f"{ORIGIN}/coop/profile/card#me")
ANNA = Agent(WebId(f"{ORIGIN}/anna/profile/card#me"), "wallet")

# Row by row as the product promises it; whatever is not here must be refused.
LIFE = {
    "unknown": {"ask": "asked", "give": "given", "refuse": "refused", "carry over": "given"},
    "asked": {
        "give": "given",
        "refuse": "refused",
        "defer": "deferred",
        "lapse": "unknown",
        "supersede": "superseded",
    },
    "deferred": {
        "ask": "asked",
        "give": "given",
        "refuse": "refused",
        "lapse": "unknown",
        "supersede": "superseded",
    },
    "refused": {"refuse": "refused", "ask": "asked", "give": "given"},
    "given": {
        "give": "given",
        "withdraw": "withdrawn",
        "expire": "expired",
        "revoke": "revoked",
        "supersede": "superseded",
        "suspend": "suspended",
    },
    "suspended": {
        "suspend": "suspended",
        "resume": "given",
        "withdraw": "withdrawn",
        "expire": "expired",
        "revoke": "revoked",
        "supersede": "superseded",
    },
    "withdrawn": {"give": "given"},
    "revoked": {"give": "given"},
    "expired": {"ask": "asked", "give": "given"},
    "superseded": {},
}


@pytest.mark.parametrize("event", list(GrantEvent))
@pytest.mark.parametrize("state", list(GrantState))
def test_each_step_of_the_table(state: GrantState, event: GrantEvent) -> None:
    after = TRANSITIONS.get((state, event))
    assert (after.value if after else None) == LIFE[state.value].get(event.value)


@pytest.mark.parametrize("event", list(GrantEvent))
@pytest.mark.parametrize("state", list(GrantState))
def test_each_step_is_taken_or_refused_on_a_real_row(
    desk: Desk, state: GrantState, event: GrantEvent
) -> None:
    grant = replace(desk.give(), state=state)
    grants_sql.save(desk.tx, grant, NOW)
    after = LIFE[state.value].get(event.value)
    if after is None:
        with pytest.raises(Conflict, match=state.value):
            Life(ORIGIN).step(desk.tx, desk.pod, grant, event, NOW)
    else:
        stepped = Life(ORIGIN).step(desk.tx, desk.pod, grant, event, NOW)
        assert (stepped.state.value, desk.of(grant).state.value) == (after, after)
        rises = 0 if event in (GrantEvent.ASK, GrantEvent.DEFER, GrantEvent.LAPSE) else 1
        assert stepped.epoch - grant.epoch == rises


@pytest.mark.parametrize("state", list(GrantState))
def test_only_a_given_grant_permits_anything(desk: Desk, state: GrantState) -> None:
    grant = replace(desk.give(), state=state)
    permit = Permits(ORIGIN).in_force(desk.tx, grant, COOP, NOW)
    assert (permit is not None) == (state is GrantState.GIVEN)


class Desk:
    """Anna's decisions about one purpose, in an open transaction."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.consents = Consents(ORIGIN, b"s" * 32)
        self.pod: Pod = tx.add_pod("anna", ANNA.webid or COOP, NOW)
        registry_sql.save_controller(
            tx, Controller(COOP, "Coop", "cooperative", "a", "b", {}, ControllerState.APPROVED, NOW)
        )
        self.purpose = self.publish(1)

    def publish(self, version: int) -> PurposeDeclaration:
        document = declaration([ROWS], version=version, valid_until="2030-01-01")
        purpose = declarations.declaration(document, COOP, ORIGIN)
        Purposes(ORIGIN).add(self.tx, purpose, NOW)
        return purpose

    def give(self, at: float = NOW, end: float = END, purpose: PurposeDeclaration | None = None) -> Grant:
        asked = purpose or self.purpose
        return self.consents.give(self.tx, self.pod, ANNA, asked.iri, asked.items, end, at)[0]

    def of(self, grant: Grant) -> Grant:
        found = Grants(ORIGIN).by_id(self.tx, grant.id)
        assert found is not None
        return found

    def suspend(self, grant: Grant, reason: Suspension = Suspension.RESTRICTION) -> Grant:
        return self.consents.suspend(self.tx, self.pod, grant.id, reason, NOW)

    def resume(self, grant: Grant, reason: Suspension = Suspension.RESTRICTION) -> Grant:
        return self.consents.resume(self.tx, self.pod, grant.id, reason, NOW)

    def revoke(self, grant: Grant, by: Revoker) -> Grant:
        return self.consents.revoke(
            self.tx, self.pod, grant.id, NOW, by=by, agent=Agent(COOP), reason="not needed any more"
        )

    def withdraw(self, grant: Grant, at: float = NOW) -> Grant:
        return self.consents.withdraw(self.tx, self.pod, ANNA, grant.id, at)

    def refuse(self, at: float = NOW) -> Grant:
        return self.consents.refuse(self.tx, self.pod, ANNA, self.purpose.iri, at)

    def may_be_asked(self, at: float, purpose: PurposeDeclaration | None = None) -> bool:
        asked = purpose or self.purpose
        found = people_sql.may_be_asked(self.tx, asked.iri, asked.identifier, at, after=0, limit=9)
        return [pod.name for pod in found] == ["anna"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = SqliteStore(tmp_path / "pods.sqlite", SCHEMAS)
    with store.writing() as tx:
        yield Desk(tx)
    store.close()


def test_every_event_but_a_question_raises_the_epoch(desk: Desk) -> None:
    desk.consents.ask(desk.tx, desk.pod, desk.purpose, NOW)
    epochs = [grants_sql.epoch_of(desk.tx, desk.pod.key, COOP)]
    for _ in range(3):
        grant = desk.give()
        epochs.append(grant.epoch)
        epochs.append(desk.withdraw(grant).epoch)
    assert epochs == [0, 1, 2, 3, 4, 5, 6]


def test_a_grant_is_live_until_its_end_and_not_at_it(desk: Desk) -> None:
    grant = desk.give()
    assert grant.state_at(END - 1) is GrantState.GIVEN
    assert grant.state_at(END) is GrantState.EXPIRED
    assert [found.id for found in grants_sql.live(desk.tx, desk.purpose.iri, END - 1)] == [grant.id]
    assert grants_sql.live(desk.tx, desk.purpose.iri, END) == []


def test_an_expired_grant_can_be_given_again_and_the_end_is_on_record(desk: Desk) -> None:
    desk.give()
    again = desk.give(at=END + DAY, end=END + 9 * DAY)
    told = [state for _, (state, *_) in events_sql.after(desk.tx, again.id, 0)]
    assert told == [GrantState.GIVEN, GrantState.EXPIRED, GrantState.GIVEN]


def test_a_shorter_time_is_a_new_decision_that_ends_tokens_in_flight(desk: Desk) -> None:
    first = desk.give()
    shorter = desk.give(end=END - DAY)
    assert (shorter.id, shorter.expires_at) == (first.id, END - DAY)
    assert shorter.epoch > first.epoch


def test_withdrawing_what_was_refused_is_a_conflict(desk: Desk) -> None:
    refused = desk.refuse()
    with pytest.raises(Conflict, match="refused"):
        desk.withdraw(refused)


def test_refusing_what_was_given_is_a_conflict_that_says_so(desk: Desk) -> None:
    desk.give()
    with pytest.raises(Conflict, match="given"):
        desk.refuse()


def test_after_a_refusal_nobody_asks_within_the_cool_down(desk: Desk) -> None:
    desk.refuse()
    cool_down = REFUSAL_COOL_DOWN_DAYS * DAY
    assert not desk.may_be_asked(NOW + cool_down - 1)
    assert desk.may_be_asked(NOW + cool_down + 1)


def test_after_a_withdrawal_a_newer_version_waits_too(desk: Desk) -> None:
    desk.withdraw(desk.give())
    newer = desk.publish(2)
    assert not desk.may_be_asked(NOW + DAY, newer)
    assert desk.may_be_asked(NOW + REFUSAL_COOL_DOWN_DAYS * DAY + 1, newer)


def test_who_gave_is_not_asked_and_whose_grant_ran_out_may_be(desk: Desk) -> None:
    desk.give()
    assert not desk.may_be_asked(END - 1)
    assert desk.may_be_asked(END)


def test_an_older_version_cannot_be_given_any_more(desk: Desk) -> None:
    desk.publish(2)
    with pytest.raises(Conflict, match="newer version"):
        desk.give()


def test_each_decision_of_the_person_leaves_one_line(desk: Desk) -> None:
    desk.withdraw(desk.give())
    actions = [line.action for line in activity.lines(desk.tx, desk.pod.key, limit=9)]
    assert actions == ["consent given", "consent withdrawn"]
    assert activity.verify(desk.tx, desk.pod.key)


def test_attack_20_a_log_that_was_tampered_with_does_not_verify(desk: Desk) -> None:
    """Attack 20: an edited, a dropped and a reordered line break the chain."""
    desk.withdraw(desk.give())
    desk.give()
    for tampering in (
        "UPDATE access_line SET sealed = (SELECT sealed FROM access_line WHERE seq = 2) WHERE seq = 1",
        "DELETE FROM access_line WHERE seq = 2",
        "UPDATE access_line SET digest = (SELECT digest FROM access_line WHERE seq = 1) WHERE seq = 3",
    ):
        desk.tx.execute("SAVEPOINT tampering")
        desk.tx.execute(tampering)
        assert not activity.verify(desk.tx, desk.pod.key)
        desk.tx.execute("ROLLBACK TO tampering")
    assert activity.verify(desk.tx, desk.pod.key)


def test_withdrawal_works_even_if_the_declaration_was_damaged(desk: Desk) -> None:
    grant = desk.give()
    desk.tx.execute("UPDATE purpose SET document = replace(document, 'Spesa', 'Altro')")
    assert desk.withdraw(grant).state is GrantState.WITHDRAWN


def test_a_suspended_grant_goes_on_when_the_last_reason_is_gone(desk: Desk) -> None:
    grant = desk.give()
    desk.suspend(grant)
    desk.suspend(grant, Suspension.GUARDIAN_CONFLICT)
    assert grants_sql.live(desk.tx, desk.purpose.iri, NOW) == []
    assert desk.resume(grant).state is GrantState.SUSPENDED
    assert desk.resume(grant, Suspension.GUARDIAN_CONFLICT).state is GrantState.GIVEN
    with pytest.raises(Conflict, match="not suspended"):
        desk.resume(grant)


def test_a_suspension_leaves_no_reason_behind_when_the_grant_ends(desk: Desk) -> None:
    grant = desk.give()
    desk.suspend(grant)
    desk.withdraw(grant)
    again = desk.give()
    assert desk.suspend(again).state is GrantState.SUSPENDED
    assert desk.resume(again).state is GrantState.GIVEN


def test_a_suspended_grant_runs_out_like_any_other(desk: Desk) -> None:
    suspended = desk.suspend(desk.give())
    assert suspended.state_at(END) is GrantState.EXPIRED


@pytest.mark.parametrize("by", list(Revoker))
def test_what_a_court_or_the_operator_ended_cannot_be_given_again(desk: Desk, by: Revoker) -> None:
    revoked = desk.revoke(desk.give(), by)
    assert revoked.state is GrantState.REVOKED
    if by in (Revoker.COURT, Revoker.OPERATOR):
        with pytest.raises(Conflict, match="court"):
            desk.give()
    else:
        assert desk.give().state is GrantState.GIVEN


def test_others_who_end_or_suspend_a_grant_are_in_the_log_with_their_reason(desk: Desk) -> None:
    grant = desk.give()
    desk.suspend(grant)
    desk.revoke(grant, Revoker.CONTROLLER)
    told = [(line.agent, line.action, line.reason) for line in activity.lines(desk.tx, desk.pod.key, limit=9)]
    assert told[1:] == [
        (None, "consent suspended", "restriction"),
        (COOP, "consent revoked", "controller: not needed any more"),
    ]


def test_later_is_said_once_and_for_every_version(desk: Desk) -> None:
    desk.consents.ask(desk.tx, desk.pod, desk.purpose, NOW)
    deferred = desk.consents.defer(desk.tx, desk.pod, ANNA, desk.purpose.iri, NOW)
    assert (deferred.state, deferred.epoch) == (GrantState.DEFERRED, 0)
    newer = desk.publish(2)
    desk.consents.ask(desk.tx, desk.pod, newer, NOW + 30 * DAY)
    with pytest.raises(Conflict, match="put off once"):
        desk.consents.defer(desk.tx, desk.pod, ANNA, newer.iri, NOW + 30 * DAY)
