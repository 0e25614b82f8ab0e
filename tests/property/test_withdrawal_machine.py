"""P1: once a consent has ended, every later decision under it is no, whatever happens in between (hypothesis).

Two people, two organisations with two purposes each in up to three versions, and a clock. Tokens are issued at any
time and all of them are tried after each step, also by the other organisation. What is expected comes from a model
that knows one thing about a token: whether the epoch of its organisation in its pod rose since. So both are found: a
token that outlives an end, and one that dies for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path as FilePath
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent import declarations, registry_sql
from consent.declarations import items
from consent.grants_sql import Grants
from consent.main import Extension, extension, schemas
from consent.model import Controller, ControllerState, Grant, GrantId, Revoker, Suspension
from consent.registry_sql import Purposes
from consent.versions import Versions
from pods.errors import PodError
from pods.main import Core, application, open_core
from pods.model import Agent, Mode, Path, WebId
from pods.protocol.target import canonical
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings
from pods.storage.base import Pod, Transaction
from tests.conftest import SettableClock
from tests.consent_host import ORDER, ROWS, WALLET, declaration
from tests.pod_host import ORIGIN

PEOPLE, ORGANISATIONS, PURPOSES = ("anna", "bob"), ("coop", "shop"), ("mobility", "energy")
NEWEST = 3
TOKEN_SECONDS = 60
RUNS, STEPS = 20, 40
PLACES = ("/purchases/2017-10/b77.ttl", "/purchases/2017-10/")
WHO, BY, WHAT = st.sampled_from(PEOPLE), st.sampled_from(ORGANISATIONS), st.sampled_from(PURPOSES)
R = TypeVar("R")
Key = tuple[str, str]
"""A person, and the address of a version of a purpose."""


@dataclass
class Token:
    """What was issued, and whether anything has happened to its consent since."""

    key: Key
    organisation: str
    path: Path
    agent: Agent
    expires: int
    ended: bool = False


@dataclass
class Consent:
    """What the model knows of one consent."""

    grant: GrantId
    organisation: str
    expires: float
    given: bool
    rests: set[Suspension]


class WithdrawalMachine(RuleBasedStateMachine):
    """Each step may fail by the rules of consent; if it does, nothing happened."""

    def __init__(
        self, core: Core, added: Extension, clock: SettableClock, number: int, said: dict[bool, int]
    ) -> None:
        super().__init__()
        self.core, self.clock, self.number, self.said = core, clock, number, said
        self.authorizer, self.consents = added.authorizer, added.consents
        self.versions = Versions(ORIGIN, self.consents)
        self.newest: dict[tuple[str, str], int] = {}
        self.consent: dict[Key, Consent] = {}
        self.approved = dict.fromkeys(ORGANISATIONS, True)
        self.tokens: list[Token] = []
        with self.core.store.writing() as tx:
            for name in PEOPLE:
                create_pod(
                    *(tx, self.named(name), self.webid(name)),
                    base=ORIGIN,
                    issuer=ORIGIN + "/",
                    display_name=name,
                    at=clock(),
                )
                tx.write(self.place(name, PLACES[0]), "text/turtle", ORDER.encode(), clock())
            for name in ORGANISATIONS:
                self.register(tx, name, ControllerState.APPROVED)
                for identifier in PURPOSES:
                    self.add_version(tx, name, identifier, 1, None)

    @initialize()
    def everybody_gave_something(self) -> None:
        for who, by in zip(PEOPLE, ORGANISATIONS, strict=True):
            self.give(who, by, PURPOSES[0], 30 * 86_400)

    @rule(who=WHO, by=BY, what=WHAT, seconds=st.sampled_from([20, 86_400, 30 * 86_400]))
    def give(self, who: str, by: str, what: str, seconds: int) -> None:
        iri, end = self.iri(by, what), float(int(self.clock()) + seconds)

        def work(tx: Transaction, pod: Pod, person: Agent) -> tuple[Grant, bool]:
            return self.consents.give(tx, pod, person, iri, items([ROWS]), end, self.clock())

        with self.attempt() as done:
            grant, changed = self.act(who, work)
            if changed:
                for version in range(1, NEWEST + 1):  # an older version is superseded by the newer
                    self.over((who, self.iri(by, what, version)))
                self.changed(who, by)
                self.consent[who, iri] = Consent(grant.id, by, end, True, set())
                if self.in_force((who, iri)):
                    self.token((who, iri))
        assert done or not self.in_force((who, iri))

    @precondition(lambda self: self.consent)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        key, known = self.drawn(data)
        with self.attempt():
            self.act(
                key[0],
                lambda tx, pod, person: self.consents.withdraw(tx, pod, person, known.grant, self.clock()),
            )
            self.over(key)

    @precondition(lambda self: self.consent)
    @rule(data=st.data(), by=st.sampled_from(Revoker))
    def revoke(self, data: st.DataObject, by: Revoker) -> None:
        key, known = self.drawn(data)
        with self.attempt():
            self.act(
                key[0],
                lambda tx, pod, person: self.consents.revoke(
                    *(tx, pod, known.grant, self.clock()), by=by, agent=person, reason="an order"
                ),
            )
            self.over(key)

    @precondition(lambda self: self.consent)
    @rule(data=st.data(), reason=st.sampled_from(Suspension))
    def suspend(self, data: st.DataObject, reason: Suspension) -> None:
        key, known = self.drawn(data)
        with self.attempt():
            self.act(
                key[0], lambda tx, pod, _: self.consents.suspend(tx, pod, known.grant, reason, self.clock())
            )
            if reason not in known.rests:
                rests = known.rests | {reason}
                self.over(key)
                known.rests = rests

    @precondition(lambda self: self.consent)
    @rule(data=st.data(), reason=st.sampled_from(Suspension))
    def resume(self, data: st.DataObject, reason: Suspension) -> None:
        key, known = self.drawn(data)
        with self.attempt():
            self.act(
                key[0], lambda tx, pod, _: self.consents.resume(tx, pod, known.grant, reason, self.clock())
            )
            known.rests.discard(reason)
            known.given = not known.rests
            if known.given:
                self.changed(key[0], known.organisation)

    @rule(by=BY, what=WHAT, said=st.sampled_from([None, "suspend", "invalidate"]))
    def publish(self, by: str, what: str, said: str | None) -> None:
        version = self.newest[by, what] + 1
        if version > NEWEST:
            return
        former = self.iri(by, what)
        with self.core.store.writing() as tx:
            self.add_version(tx, by, what, version, said)
        for who in PEOPLE:
            known = self.consent.get((who, former))
            if said is not None and known is not None and known.given:
                ran_out = known.expires <= self.clock()
                self.over((who, former))
                known.rests = {Suspension.MATERIAL_CHANGE} if said == "suspend" and not ran_out else set()

    @rule(by=BY)
    def lose_or_get_approval(self, by: str) -> None:
        self.approved[by] = not self.approved[by]
        state = ControllerState.APPROVED if self.approved[by] else ControllerState.PENDING
        with self.core.store.writing() as tx:
            self.register(tx, by, state)

    @rule(seconds=st.sampled_from([1, 5, 19, 20, 59, 60, 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: any(map(self.in_force, self.consent)))
    @rule(data=st.data())
    def issue(self, data: st.DataObject) -> None:
        self.token(data.draw(st.sampled_from([key for key in self.consent if self.in_force(key)])))

    def token(self, key: Key) -> None:
        """Issue a token for each place, as the authorization server does."""
        known = self.consent[key]
        with self.core.store.reading() as tx:
            grant = Grants(ORIGIN).by_id(tx, known.grant)
        assert grant is not None
        expires = min(int(self.clock()) + TOKEN_SECONDS, int(known.expires))
        for place in PLACES:
            path = self.place(key[0], place)
            claims = {
                "grant": grant.iri,
                "purpose": grant.purpose,
                "epoch": grant.epoch,
                "output_mode": "rows",
                "exp": expires,
                "permissions": [{"resource_id": ORIGIN + path, "resource_scopes": ["read"]}],
            }
            agent = Agent(self.webid(known.organisation), "service", ORIGIN + "/", claims)
            self.tokens.append(Token(key, known.organisation, path, agent, expires))

    @invariant()
    def every_token_opens_exactly_what_it_should(self) -> None:
        with self.core.store.reading() as tx:
            for token in self.tokens:
                good = not token.ended and self.clock() < token.expires and self.in_force(token.key)
                assert self.permits(token.agent, token.path, tx) == good, token
                (thief,) = set(ORGANISATIONS) - {token.organisation}
                stolen = Agent(self.webid(thief), "service", ORIGIN + "/", token.agent.claims)
                assert not self.permits(stolen, token.path, tx)
                self.said[good] += 1

    def permits(self, agent: Agent, path: Path, tx: Transaction) -> bool:
        return Mode.READ in self.authorizer.rights(agent, path, tx).user

    def in_force(self, key: Key) -> bool:
        known = self.consent.get(key)
        return (
            known is not None
            and known.given
            and self.clock() < known.expires
            and self.approved[known.organisation]
        )

    def over(self, key: Key) -> None:
        """Note that a consent ended or rests, if it was there at all; twice is as good as once."""
        known = self.consent.get(key)
        if known is not None and (known.given or known.rests):
            known.given, known.rests = False, set()
            self.changed(key[0], known.organisation)

    def changed(self, who: str, by: str) -> None:
        """Note that an epoch rose: no token counts any more that this organisation had for this pod."""
        for token in self.tokens:
            token.ended |= (token.key[0], token.organisation) == (who, by)

    def drawn(self, data: st.DataObject) -> tuple[Key, Consent]:
        key = data.draw(st.sampled_from(list(self.consent)))
        return key, self.consent[key]

    @contextmanager
    def attempt(self) -> Iterator[list[bool]]:
        """Take a step that may be refused; the list is empty if it was."""
        done: list[bool] = [True]
        try:
            yield done
        except PodError:
            done.clear()

    def act(self, who: str, work: Callable[[Transaction, Pod, Agent], R]) -> R:
        with self.core.store.writing() as tx:
            return work(tx, self.pod(tx, who), Agent(self.webid(who), WALLET))

    def named(self, name: str) -> str:
        """Return the name of somebody in this run alone: all runs are on one host."""
        return f"{name}-{self.number}"

    def webid(self, name: str) -> WebId:
        return webid_for(ORIGIN, self.named(name))

    def pod(self, tx: Transaction, who: str) -> Pod:
        found = tx.pod(self.named(who))
        assert found is not None
        return found

    def register(self, tx: Transaction, name: str, state: ControllerState) -> None:
        value = Controller(
            self.webid(name), name, "cooperative", "a@example.org", "b@example.org", {}, state, self.clock()
        )
        registry_sql.save_controller(tx, value)

    def add_version(self, tx: Transaction, by: str, what: str, version: int, said: str | None) -> None:
        more = {} if said is None else {"material_change": said}
        document = declaration(
            [ROWS], identifier=self.named(f"{by}-{what}"), version=version, valid_until="2099-01-01", **more
        )
        purpose = declarations.declaration(document, self.webid(by), ORIGIN)
        self.versions.published(tx, purpose, self.clock())
        Purposes(ORIGIN).add(tx, purpose, self.clock())
        self.newest[by, what] = version

    def iri(self, by: str, what: str, version: int | None = None) -> str:
        return f"{ORIGIN}/.consent/purposes/{self.named(f'{by}-{what}')}/{version or self.newest[by, what]}"

    def place(self, who: str, place: str) -> Path:
        return canonical(f"/{self.named(who)}{place}".encode())


def test_p1_once_a_consent_has_ended_every_later_decision_is_no(
    tmp_path: FilePath, clock: SettableClock
) -> None:
    core = open_core(PodSettings(data=tmp_path, pod_url=ORIGIN), clock, schemas=schemas())
    added = extension(core)
    application(core, authorizer=added.authorizer, observers=added.observers, routes=added.routes)
    said, number = {True: 0, False: 0}, count()
    run_state_machine_as_test(
        lambda: WithdrawalMachine(core, added, clock, next(number), said),  # type: ignore[arg-type]  # any factory
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate],  # a step is a commit: the smallest example would take thousands of them
            suppress_health_check=list(HealthCheck),
        ),
    )
    core.store.close()
    # Tokens that are good must have been tried as well as those that are not any more.
    assert min(said.values()) > RUNS
