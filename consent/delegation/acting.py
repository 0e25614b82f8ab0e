"""Decisions in somebody's name: the power, the rules and the log around `Consents`, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consent import grants_sql, people_sql, registry_sql
from consent.choice import subset
from consent.decisions import Consents
from consent.delegation import drafts_sql, rules
from consent.delegation.drafts_sql import Draft
from consent.delegation.model import PREPARES_ONLY, Power
from consent.delegation.powers import Standing, standing
from consent.grants_sql import GRANTS_PATH, Grants
from consent.model import Controller, DataItem, Grant, GrantState, PurposeDeclaration, Suspension
from consent.registry_sql import Purposes
from pods import activity
from pods.errors import Conflict, NotFound
from pods.model import Agent
from pods.storage.base import Pod, Transaction

ACTED = "acted for another person"
"""The action that the access log names for what a delegate does, in both pods."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer: a grant, or a draft that waits for the person (`grant` is None)."""

    pod: Pod
    grant: Grant | None
    changed: bool


class Acting:
    """Lets owners and their delegates decide on the host at `origin`."""

    def __init__(self, origin: str, consents: Consents) -> None:
        self._origin = origin
        self._consents = consents
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)

    def seen(
        self,
        tx: Transaction,
        agent: Agent,
        whose: str | None,
        what: str,
        at: float,
        *,
        power: Power = Power.SEE,
    ) -> Pod:
        """Return the pod whose `what` (a path of a list) somebody may see or use, and note it if it is not theirs."""
        found = standing(tx, agent, whose, power, at)
        self._note(tx, found, agent, what, power, at)
        return found.pod

    def give(
        self,
        tx: Transaction,
        agent: Agent,
        whose: str | None,
        iri: str,
        items: Sequence[DataItem],
        end: float,
        at: float,
        *,
        language: str = "",
    ) -> Answered:
        """Give consent, or prepare it where the caller may do no more than that."""
        found = standing(tx, agent, whose, Power.GIVE, at)
        pod, delegation = found.pod, found.delegation
        before = self._grants.by_purpose(tx, pod.key, iri)
        rests = before is not None and before.state_at(at) is GrantState.SUSPENDED
        if delegation is None:
            woken = before is not None and rests and self._wake(tx, found, agent, before, at)
            grant, changed = self._consents.give(tx, pod, agent, iri, items, end, at, language=language)
            drafts_sql.forget(tx, pod.key, iri)
            return Answered(pod, grant, changed or woken)
        purpose, controller = self._known(tx, iri)
        rules.require_no_interest(tx, delegation.delegate, controller)
        against = rules.against(tx, pod, delegation, purpose, at)
        takes_back = against is not None and rules.said_no(tx, pod, delegation.delegate, purpose)
        if delegation.kind in PREPARES_ONLY or takes_back:
            chosen = subset(items, purpose)
            drafts_sql.save(tx, pod.key, Draft(iri, chosen, end, delegation.delegate, at))
            self._note(tx, found, agent, self._path(iri), Power.GIVE, at, purpose=iri)
            return Answered(pod, None, True)
        if against is not None:
            raise Conflict(f"This is not given: {against} said no to it, and a no counts more.")
        woken = before is not None and rests and self._wake(tx, found, agent, before, at)
        # Who agrees to a part of what rested, or for a shorter time, agreed to that.
        grant, changed = self._consents.give(tx, pod, agent, iri, items, end, at, language=language)
        drafts_sql.forget(tx, pod.key, iri)
        self._note(tx, found, agent, GRANTS_PATH + grant.id, Power.GIVE, at, grant=grant)
        return Answered(pod, grant, changed or woken)

    def refuse(self, tx: Transaction, agent: Agent, whose: str | None, iri: str, at: float) -> Grant:
        """Say no. Against what another delegate gave, it lets the consent rest until they agree."""
        found = standing(tx, agent, whose, Power.REFUSE, at)
        before = self._grants.by_purpose(tx, found.pod.key, iri)
        delegation = found.delegation
        if (
            delegation is not None
            and before is not None
            and rules.given_by_another(tx, before, delegation.delegate, at)
        ):
            grant = self._rest(tx, found.pod, agent, before, at)
        else:
            grant = self._consents.refuse(tx, found.pod, agent, iri, at)
        drafts_sql.forget(tx, found.pod.key, iri)
        self._note(tx, found, agent, GRANTS_PATH + grant.id, Power.REFUSE, at, grant=grant)
        return grant

    def defer(self, tx: Transaction, agent: Agent, whose: str | None, iri: str, at: float) -> Grant:
        """Put an answer off: who may refuse may also do less."""
        found = standing(tx, agent, whose, Power.REFUSE, at)
        grant = self._consents.defer(tx, found.pod, agent, iri, at)
        self._note(tx, found, agent, GRANTS_PATH + grant.id, Power.REFUSE, at, grant=grant)
        return grant

    def withdraw(self, tx: Transaction, agent: Agent, whose: str | None, grant_id: str, at: float) -> Grant:
        """Withdraw a grant, whoever gave it."""
        found = standing(tx, agent, whose, Power.WITHDRAW, at)
        grant = self._consents.withdraw(tx, found.pod, agent, grant_id, at)
        drafts_sql.forget(tx, found.pod.key, grant.purpose)
        self._note(tx, found, agent, GRANTS_PATH + grant.id, Power.WITHDRAW, at, grant=grant)
        return grant

    def _rest(self, tx: Transaction, pod: Pod, agent: Agent, before: Grant, at: float) -> Grant:
        """Let a consent rest because of a delegate's no; put each one's no on record, once."""
        reason = Suspension.GUARDIAN_CONFLICT
        purpose, _ = self._known(tx, before.purpose)
        rests = reason.value in grants_sql.suspensions(tx, before.id)
        if rests and rules.said_no(tx, pod, agent.webid or "", purpose):
            return before
        return self._consents.suspend(tx, pod, before.id, reason, at, agent=agent, too=True)

    def _wake(self, tx: Transaction, found: Standing, agent: Agent, before: Grant, at: float) -> bool:
        """Let a consent go on that rests because a delegate said no, who now agrees or has no power any more."""
        rules.require_wakeable(tx, before)
        self._consents.resume(tx, found.pod, before.id, Suspension.GUARDIAN_CONFLICT, at, agent=agent)
        return True

    def _known(self, tx: Transaction, iri: str) -> tuple[PurposeDeclaration, Controller]:
        purpose = self._purposes.by_iri(tx, iri)
        controller = registry_sql.controller(tx, purpose.controller) if purpose else None
        if purpose is None or controller is None:
            raise NotFound(f"{iri} is no purpose that is published here; GET /.consent/purposes lists them.")
        return purpose, controller

    def _path(self, iri: str) -> str:
        return iri.removeprefix(self._origin)

    def _note(
        self,
        tx: Transaction,
        found: Standing,
        agent: Agent,
        path: str,
        power: Power,
        at: float,
        *,
        grant: Grant | None = None,
        purpose: str | None = None,
    ) -> None:
        """Write both names into the log of the person, and into that of the delegate if their pod is here."""
        delegation = found.delegation
        if delegation is None:
            return
        pods = [found.pod.key]
        own = people_sql.own_pod(tx, delegation.delegate)
        if own is not None and own.key != found.pod.key:
            pods.append(own.key)
        for pod in pods:
            activity.append(
                tx,
                pod,
                agent=agent,
                path=path,
                action=ACTED,
                decision=activity.PERMIT,
                reason=f"{power.value}, as {delegation.kind.value} of {found.pod.owner}",
                grant=grant.iri if grant is not None else None,
                purpose=grant.purpose if grant is not None else purpose,
                at=at,
            )
