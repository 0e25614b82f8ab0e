"""Who is appointed for somebody: on a document, within what their kind may do, and a guardian until the birthday alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from consent.delegation.appointments import Appointments
from consent.delegation.coming_of_age import of_consent
from consent.delegation.model import Delegation, DelegationState, Kind, Power
from consent.main import schemas
from pods.errors import Conflict, Unprocessable
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from pods.storage.sqlite import SqliteStore
from tests.pod_host import ORIGIN

NOW = 1_772_366_400.0
ANNA, BOB = (WebId(f"{ORIGIN}/{name}/profile/card#me") for name in ("anna", "bob"))
BORN = date(2020, 5, 3)


class Office:
    """Where the operator appoints bob for anna, in an open transaction."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.anna: Pod = tx.add_pod("anna", ANNA, NOW)
        self.appointments = Appointments(ORIGIN)

    def appoint(self, kind: Kind, *, evidence: str = "file 7", **more: object) -> Delegation:
        return self.appointments.appoint(
            self.tx,
            self.anna,
            kind,
            BOB,
            evidence,
            NOW,
            **more,  # type: ignore[arg-type]  # by name, in tests
        )


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    store = SqliteStore(tmp_path / "pods.sqlite", schemas())
    with store.writing() as tx:
        yield Office(tx)
    store.close()


def test_a_guardian_ends_at_the_birthday_whatever_was_said(office: Office) -> None:
    of_age = of_consent(BORN)
    for said, ends in ((of_age + 1, of_age), (of_age - 1, of_age - 1), (None, of_age)):
        made = office.appoint(Kind.GUARDIAN, born=BORN, ends=said)
        assert (made.ends, made.exclusive) == (ends, True)
        office.appointments.revoke(office.tx, made.id, NOW)


def test_who_is_fourteen_has_no_guardian(office: Office) -> None:
    today = date(2026, 3, 1)
    with pytest.raises(Unprocessable, match="decides about consent alone"):
        office.appoint(Kind.GUARDIAN, born=today.replace(year=2012))
    with pytest.raises(Unprocessable, match="born"):
        office.appoint(Kind.GUARDIAN)
    assert office.appoint(Kind.GUARDIAN, born=today.replace(year=2012) + timedelta(days=1)).exclusive


def test_an_appointment_rests_on_a_document(office: Office) -> None:
    with pytest.raises(Unprocessable, match="document"):
        office.appoint(Kind.REPRESENTATIVE, evidence=" ")


def test_nobody_holds_more_than_their_kind_allows(office: Office) -> None:
    for powers in (frozenset[Power](), frozenset({Power.RIGHTS, Power.GIVE})):
        with pytest.raises(Unprocessable, match="can hold"):
            office.appoint(Kind.HEIR, powers=powers)
    assert office.appoint(Kind.HEIR).powers == {Power.RIGHTS}


def test_a_delegation_that_ended_is_not_accepted_again(office: Office) -> None:
    made = office.appoint(Kind.REPRESENTATIVE)
    bob = Agent(BOB, "wallet")
    assert office.appointments.accept(office.tx, bob, made.id, NOW).state is DelegationState.ACTIVE
    office.appointments.revoke(office.tx, made.id, NOW)
    with pytest.raises(Conflict, match="ended"):
        office.appointments.accept(office.tx, bob, made.id, NOW)
