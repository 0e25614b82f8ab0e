"""Is a token good right now: each of its claims and everything that its grant leans on, wrong one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from consent import controllers, declarations, grants_sql, registry_sql
from consent.decisions import Consents
from consent.model import DAY, Controller, ControllerState, DataItem, Grant, OutputMode, PurposeDeclaration
from consent.permits import Permits
from consent.registry_sql import Purposes
from consent.schema_sql import SCHEMAS
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from pods.storage.sqlite import SqliteStore
from tests.consent_host import ROWS, declaration
from tests.pod_host import ORIGIN

NOW = 1_772_366_400.0
END = NOW + 30 * DAY
URL = f"{ORIGIN}/anna/purchases/2017-10/b77.ttl"


def webid(name: str) -> WebId:
    return WebId(f"{ORIGIN}/{name}/profile/card#me")


class Register:
    """Two people who gave to two organisations for two purposes each, in an open transaction."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.permits = Permits(ORIGIN)
        self.consents = Consents(ORIGIN, b"s" * 32)
        # Who was asked first, and other purposes, are in every index before what the tests ask for.
        self.pods = {name: tx.add_pod(name, webid(name), NOW) for name in ("aldo", "anna")}
        self.purposes: dict[tuple[str, str], PurposeDeclaration] = {}
        for name, state in (("archive", ControllerState.PENDING), ("coop", ControllerState.APPROVED)):
            registry_sql.save_controller(
                tx, Controller(webid(name), name.title(), "cooperative", "a", "b", {}, state, NOW)
            )
            for identifier in ("energy", "mobility"):
                document = declaration([ROWS], identifier=f"{name}-{identifier}", valid_until="2030-01-01")
                purpose = declarations.declaration(document, webid(name), ORIGIN)
                Purposes(ORIGIN).add(tx, purpose, NOW)
                self.purposes[name, identifier] = purpose
        controllers.approve(tx, webid("archive"))
        for organisation, identifier in self.purposes:
            for pod in self.pods.values():
                self.give(pod, organisation, identifier)
        self.grant = self.given("anna", "coop", "mobility")
        controllers.stop(tx, webid("archive"))

    def give(self, pod: Pod, organisation: str, identifier: str) -> Grant:
        purpose = self.purposes[organisation, identifier]
        person = Agent(pod.owner, "wallet")
        return self.consents.give(self.tx, pod, person, purpose.iri, purpose.items, END, NOW)[0]

    def given(self, name: str, organisation: str, identifier: str) -> Grant:
        iri = self.purposes[organisation, identifier].iri
        found = grants_sql.Grants(ORIGIN).by_purpose(self.tx, self.pods[name].key, iri)
        assert found is not None
        return found

    def good(
        self,
        *,
        of: Grant | None = None,
        by: str = "coop",
        at: float = NOW,
        scope: str = "read",
        **changes: Any,
    ) -> bool:
        """Say whether a token is good that is right but for the changes; None takes a claim away."""
        grant = of or self.grant
        claims: dict[str, Any] = {
            "grant": grant.iri,
            "purpose": grant.purpose,
            "epoch": grant.epoch,
            "output_mode": "rows",
            "exp": int(NOW) + 60,
            "permissions": [{"resource_id": URL, "resource_scopes": ["read"]}],
            **changes,
        }
        said = {name: value for name, value in claims.items() if value is not None}
        return (
            self.permits.of_token(self.tx, Agent(webid(by), "service", ORIGIN, said), URL, scope, at)
            is not None
        )


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    store = SqliteStore(tmp_path_factory.mktemp("permits") / "pods.sqlite", SCHEMAS)
    with store.writing() as tx:
        yield Register(tx)
    store.close()


@pytest.fixture
def register(opened: Register) -> Iterator[Register]:
    """The register, with what a test changes undone afterwards."""
    opened.tx.execute("SAVEPOINT test")
    yield opened
    opened.tx.execute("ROLLBACK TO test")


WRONG: tuple[dict[str, Any], ...] = (
    {"grant": None},
    {"grant": 7},
    {"grant": ["x"]},
    {"exp": None},
    {"exp": "soon"},
    {"exp": NOW + 60},
    {"exp": int(NOW)},
    {"epoch": None},
    {"epoch": "2"},
    {"epoch": 2.0},
    {"epoch": 1},
    {"epoch": 3},
    {"purpose": None},
    {"output_mode": None},
    {"output_mode": "append"},
    {"permissions": None},
    {"permissions": 7},
    {"permissions": []},
    {"permissions": [URL]},
    {"permissions": [{"resource_id": URL}]},
    {"permissions": [{"resource_id": URL, "resource_scopes": "read"}]},
    {"permissions": [{"resource_id": URL, "resource_scopes": ["append"]}]},
    {"permissions": [{"resource_id": URL[:-1], "resource_scopes": ["read"]}]},
)


@pytest.mark.parametrize("changes", WRONG, ids=str)
def test_a_token_with_one_claim_wrong_is_not_good(register: Register, changes: dict[str, Any]) -> None:
    assert register.grant.epoch == 2
    assert register.good()
    assert not register.good(**changes)


def test_a_grant_is_named_by_its_address_at_this_host(register: Register) -> None:
    for iri in (
        register.grant.id,
        register.grant.iri.replace(ORIGIN, "https://other.example"),
        f"{ORIGIN}/x",
    ):
        assert not register.good(grant=iri)


def test_a_token_of_another_grantee_is_not_good(register: Register) -> None:
    assert not register.good(by="archive")
    assert not register.good(by="anna")


def test_a_token_names_the_purpose_of_its_grant(register: Register) -> None:
    assert not register.good(purpose=register.purposes["coop", "energy"].iri)


def test_a_scope_that_the_grant_does_not_hold_is_not_opened_by_a_token_that_says_it(
    register: Register,
) -> None:
    append = [{"resource_id": URL, "resource_scopes": ["append", "delete"]}]
    assert not register.good(scope="append", output_mode="append", permissions=append)
    assert not register.good(scope="delete", output_mode="rows", permissions=append)


def test_a_grant_that_appends_is_not_read_with_a_token_that_says_so(register: Register) -> None:
    item = DataItem("ValueShare", ("programme",), OutputMode.APPEND)
    grants_sql.save(register.tx, replace(register.grant, items=(item,)), NOW)
    assert not register.good()
    append = [{"resource_id": URL, "resource_scopes": ["append"]}]
    assert register.good(scope="append", output_mode="append", permissions=append)
    assert not register.good(scope="append", output_mode="rows", permissions=append)


def test_an_epoch_is_that_of_one_pod_and_one_grantee(register: Register) -> None:
    """Attack 5: what others decided neither ends a token nor brings one back."""
    other = register.given("aldo", "coop", "mobility")
    register.consents.withdraw(
        register.tx, register.pods["aldo"], Agent(webid("aldo"), "wallet"), other.id, NOW
    )
    register.give(register.pods["anna"], "coop", "energy")
    assert register.good()
    assert not register.good(of=other, epoch=register.grant.epoch)
    renewed = register.give(register.pods["aldo"], "coop", "mobility")
    assert renewed.epoch == 4
    assert register.good(of=renewed)
    assert not register.good(of=renewed, epoch=2)


def test_a_grant_leans_on_its_own_declaration_and_its_own_grantee(register: Register) -> None:
    """An archive that lost its approval has the same kinds of grants in the same pods."""
    assert not register.good(of=register.given("anna", "archive", "mobility"), by="archive")
    for name in ("aldo", "anna"):
        for identifier in ("energy", "mobility"):
            assert register.good(of=register.given(name, "coop", identifier)), (name, identifier)


def test_a_grantee_whose_approval_was_taken_back_reads_nothing(register: Register) -> None:
    controllers.stop(register.tx, webid("coop"))
    assert not register.good()
    controllers.approve(register.tx, webid("coop"))
    assert register.good()


Change = Callable[[Grant], Grant]
CHANGES: dict[str, Change] = {
    "another declaration was shown": lambda grant: replace(grant, digest="0" * 64),
    "another notice was shown": lambda grant: replace(grant, notice_digest="0" * 64),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_grant_for_what_is_not_published_permits_nothing(register: Register, name: str) -> None:
    """Attack 11: the person agreed to something, and that something must stand in the register today."""
    grants_sql.save(register.tx, CHANGES[name](register.grant), NOW)
    assert not register.good()


def test_a_declaration_that_another_published_permits_nothing(register: Register) -> None:
    purpose = register.grant.purpose
    register.tx.execute("UPDATE purpose SET controller = ? WHERE iri = ?", (webid("archive"), purpose))
    assert not register.good()


def test_a_grant_of_another_is_not_read_by_who_published_its_purpose(register: Register) -> None:
    register.tx.execute(
        "UPDATE grant_ SET controller = ? WHERE id = ?", (webid("archive"), register.grant.id)
    )
    controllers.approve(register.tx, webid("archive"))
    epoch = grants_sql.epoch_of(register.tx, register.grant.pod, webid("archive"))
    assert not register.good(epoch=epoch)
    assert not register.good(epoch=epoch, by="archive")


def test_a_declaration_is_over_at_its_end_whatever_the_grant_says(register: Register) -> None:
    end = register.purposes["coop", "mobility"].valid_until
    grants_sql.save(register.tx, replace(register.grant, expires_at=end + DAY), NOW)
    assert register.good(at=end - 1, exp=int(end) + 60)
    assert not register.good(at=end, exp=int(end) + 60)
