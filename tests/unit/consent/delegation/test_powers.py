"""Who may do what for whom: the table of kinds, powers and times, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consent.delegation import delegations_sql
from consent.delegation.model import (
    POWERS,
    Delegation,
    DelegationState,
    Kind,
    Power,
)
from consent.delegation.powers import require, standing
from consent.delegation.schema_sql import SCHEMAS as PEOPLE
from consent.schema_sql import SCHEMAS
from pods.errors import Forbidden
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from pods.storage.sqlite import SqliteStore
from tests.pod_host import ORIGIN

NOW = 1_772_366_400.0
ANNA, BOB, CARL = (WebId(f"{ORIGIN}/{name}/profile/card#me") for name in ("anna", "bob", "carl"))

# What the product promises; a change of the table in the code must be a change here.
MOST = {
    "guardian": "give refuse rights see withdraw",
    "representative": "give refuse rights see withdraw",
    "caregiver": "give refuse rights see withdraw",
    "custodian": "give see",
    "heir": "rights",
}


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Transaction]:
    store = SqliteStore(tmp_path / "pods.sqlite", (*SCHEMAS, *PEOPLE))
    with store.writing() as tx:
        yield tx
    store.close()


@pytest.fixture
def anna(tx: Transaction) -> Pod:
    tx.add_pod("bob", BOB, NOW)
    return tx.add_pod("anna", ANNA, NOW)


def held(pod: Pod, **changes: object) -> Delegation:
    """Return a delegation of anna to bob that is in force."""
    usual = Delegation(
        id="d1",
        pod=pod.key,
        kind=Kind.CAREGIVER,
        delegate=BOB,
        powers=frozenset(Power),
        state=DelegationState.ACTIVE,
        starts=NOW - 10,
        ends=NOW + 10,
        exclusive=False,
        proposed_by=ANNA,
        evidence="",
        accepted=True,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # by name, in tests


def test_no_kind_holds_more_than_the_table_says() -> None:
    assert {kind.value: " ".join(sorted(p.value for p in powers)) for kind, powers in POWERS.items()} == MOST


@pytest.mark.parametrize("power", Power)
def test_owners_hold_every_power_over_their_own(tx: Transaction, anna: Pod, power: Power) -> None:
    assert require(tx, anna, ANNA, power, NOW) is None


@pytest.mark.parametrize("asked", Power)
@pytest.mark.parametrize("given", Power)
def test_a_delegate_holds_what_was_given_and_nothing_else(
    tx: Transaction, anna: Pod, given: Power, asked: Power
) -> None:
    delegations_sql.save(tx, held(anna, powers=frozenset({given})))
    if asked is given:
        found = require(tx, anna, BOB, asked, NOW)
        assert found is not None
        assert found.id == "d1"
    else:
        with pytest.raises(Forbidden, match=f"the power '{asked.value}' lacks"):
            require(tx, anna, BOB, asked, NOW)


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({}, NOW - 10.001),
        ({}, NOW + 10),
        ({"state": DelegationState.PROPOSED}, NOW),
        ({"state": DelegationState.ENDED}, NOW),
        ({"delegate": CARL}, NOW),
    ],
)
def test_outside_its_time_and_state_a_delegation_gives_nothing(
    tx: Transaction, anna: Pod, changes: dict[str, object], at: float
) -> None:
    delegations_sql.save(tx, held(anna, **changes))
    with pytest.raises(Forbidden):
        require(tx, anna, BOB, Power.SEE, at)


def test_the_last_moment_counts_and_the_end_does_not(tx: Transaction, anna: Pod) -> None:
    delegations_sql.save(tx, held(anna))
    assert require(tx, anna, BOB, Power.SEE, NOW + 9.999) is not None
    with pytest.raises(Forbidden):
        require(tx, anna, BOB, Power.SEE, NOW + 10)


def test_delegates_cannot_hand_on_what_they_hold(tx: Transaction, anna: Pod) -> None:
    bob = standing(tx, Agent(BOB), None, Power.SEE, NOW).pod
    delegations_sql.save(tx, held(anna))
    delegations_sql.save(tx, held(bob, id="d2", delegate=CARL, proposed_by=BOB))
    assert require(tx, bob, CARL, Power.SEE, NOW) is not None
    with pytest.raises(Forbidden):
        require(tx, anna, CARL, Power.SEE, NOW)


def test_who_is_represented_exclusively_sees_refuses_and_withdraws_but_does_not_give(
    tx: Transaction, anna: Pod
) -> None:
    delegations_sql.save(tx, held(anna, kind=Kind.GUARDIAN, exclusive=True))
    for power in (Power.SEE, Power.REFUSE, Power.WITHDRAW, Power.RIGHTS):
        assert require(tx, anna, ANNA, power, NOW) is None
    with pytest.raises(Forbidden, match="guardian"):
        require(tx, anna, ANNA, Power.GIVE, NOW)
    assert require(tx, anna, ANNA, Power.GIVE, NOW + 10) is None


@pytest.mark.parametrize("power", Power)
def test_after_a_death_only_the_rights_of_approved_heirs_are_left(
    tx: Transaction, anna: Pod, power: Power
) -> None:
    delegations_sql.save(tx, held(anna))
    heir = held(anna, id="d2", delegate=CARL, kind=Kind.HEIR, powers=POWERS[Kind.HEIR], approved=True)
    delegations_sql.save(tx, heir)
    delegations_sql.record_death(tx, anna.key, "2026-02-28", "file 12", NOW)
    for webid in (ANNA, BOB):
        with pytest.raises(Forbidden):
            require(tx, anna, webid, power, NOW)
    if power is Power.RIGHTS:
        assert require(tx, anna, CARL, power, NOW) is not None
    else:
        with pytest.raises(Forbidden):
            require(tx, anna, CARL, power, NOW)


def test_a_stranger_learns_nothing_about_who_has_a_pod(tx: Transaction, anna: Pod) -> None:
    answers = set()
    for whose in (ANNA, WebId(f"{ORIGIN}/nobody/profile/card#me")):
        with pytest.raises(Forbidden) as refused:
            standing(tx, Agent(CARL), whose, Power.SEE, NOW)
        answers.add(str(refused.value))
    assert len(answers) == 1
