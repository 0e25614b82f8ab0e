"""The life of a delegation: proposed by one, accepted by the other, approved by the operator where a document counts."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from consent import people_sql
from consent.delegation import coming_of_age, delegations_sql
from consent.delegation.model import (
    APPROVED_BY_OPERATOR,
    ENDED_BY_PERSON,
    POWERS,
    Delegation,
    DelegationState,
    Kind,
    Power,
)
from consent.delegation.record import MEDIA_TYPE, record_path, turtle
from pods import activity
from pods.errors import Conflict, Forbidden, NotFound, Unprocessable
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction

ACTION = "delegation"
_WEBID = re.compile(
    r"https?://[A-Za-z0-9.\-]+(:\d{1,5})?/[A-Za-z0-9._~%/\-]{0,400}(#[A-Za-z0-9._~\-]{0,100})?"
)
"""Narrower than an IRI may be: the record in the pod names it, and so does the log."""
OPERATOR = Agent(None, "operator")


class Appointments:
    """Delegations of the people on the host at `origin`."""

    def __init__(self, origin: str, *, new_id: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._origin = origin
        self._new_id = new_id

    def name_caregiver(
        self,
        tx: Transaction,
        agent: Agent,
        delegate: str,
        powers: frozenset[Power],
        ends: float | None,
        at: float,
    ) -> Delegation:
        """Let somebody care for the caller's consents; it counts once they accept."""
        pod = self._own(tx, agent)
        if delegations_sql.is_dead(tx, pod.key):
            raise Forbidden("The death of this person is on record: nothing is done in their name any more.")
        return self._add(tx, pod, Kind.CAREGIVER, delegate, powers, ends, agent, at)

    def appoint(
        self,
        tx: Transaction,
        pod: Pod,
        kind: Kind,
        delegate: str,
        evidence: str,
        at: float,
        *,
        powers: frozenset[Power] | None = None,
        ends: float | None = None,
        born: date | None = None,
        exclusive: bool = False,
    ) -> Delegation:
        """Propose what a document says, which the operator has seen; it counts once the delegate accepts.

        A guardian's powers end on the day that makes the minor decide alone, whatever else was said.
        """
        if kind not in APPROVED_BY_OPERATOR:
            raise Unprocessable(f"A {kind.value} is chosen by the person, not appointed.")
        if not evidence.strip():
            raise Unprocessable("Say where the document is kept that was shown (a number of yours).")
        if kind is Kind.GUARDIAN:
            if born is None:
                raise Unprocessable("A guardian needs the day on which the minor was born.")
            of_age = coming_of_age.of_consent(born)
            if of_age <= at:
                raise Unprocessable("This person is fourteen or older, and decides about consent alone.")
            ends, exclusive = min(of_age, ends or of_age), True
        wanted = POWERS[kind] if powers is None else powers
        return self._add(
            tx,
            pod,
            kind,
            delegate,
            wanted,
            ends,
            OPERATOR,
            at,
            evidence=evidence,
            approved=True,
            exclusive=exclusive and kind is not Kind.HEIR,
        )

    def accept(self, tx: Transaction, agent: Agent, delegation_id: str, at: float) -> Delegation:
        """Accept to act for somebody: only who was named can, and only once."""
        found = self._known(tx, delegation_id)
        if found.delegate != agent.webid:
            raise NotFound("There is no delegation of this name for you.")
        if found.state is not DelegationState.PROPOSED:
            raise Conflict(
                f"This delegation is {found.state.value}; it can be accepted while it is proposed."
            )
        return self._saved(
            tx, replace(found, accepted=True, state=DelegationState.ACTIVE, starts=at), agent, at
        )

    def end(self, tx: Transaction, agent: Agent, delegation_id: str, at: float) -> Delegation:
        """End a delegation at once: the delegate may always, the person where they chose it themself."""
        found = self._known(tx, delegation_id)
        pod = tx.pod_by_key(found.pod)
        person = pod is not None and pod.owner == agent.webid
        if not person and found.delegate != agent.webid:
            raise NotFound("There is no delegation of this name for you.")
        if person and found.kind not in ENDED_BY_PERSON:
            raise Forbidden(
                f"A {found.kind.value} rests on a document: turn to the operator, or to the court that appointed them."
            )
        return self._ended(tx, found, agent, at)

    def revoke(self, tx: Transaction, delegation_id: str, at: float) -> Delegation:
        """End a delegation as the operator, who was shown that it is over."""
        return self._ended(tx, self._known(tx, delegation_id), OPERATOR, at)

    def end_all(self, tx: Transaction, pod: Pod, at: float, *, but: frozenset[Kind]) -> None:
        """End everything that somebody may do for the owner of a pod, but for some kinds."""
        for found in delegations_sql.of_pod(tx, pod.key):
            if found.kind not in but and found.state is not DelegationState.ENDED:
                self._ended(tx, found, OPERATOR, at)

    def assist(self, tx: Transaction, pod: Pod, custodian: Agent, ends: float, at: float) -> Delegation:
        """Begin an assisted session, which the person has opened with a code just now."""
        found = self._new(
            pod, Kind.CUSTODIAN, custodian.webid or "", POWERS[Kind.CUSTODIAN], ends, pod.owner, at
        )
        begun = replace(found, accepted=True, state=DelegationState.ACTIVE)
        return self._saved(tx, begun, custodian, at)

    def _add(
        self,
        tx: Transaction,
        pod: Pod,
        kind: Kind,
        delegate: str,
        powers: frozenset[Power],
        ends: float | None,
        agent: Agent,
        at: float,
        *,
        evidence: str = "",
        approved: bool = False,
        exclusive: bool = False,
    ) -> Delegation:
        if not _WEBID.fullmatch(delegate):
            raise Unprocessable(
                "A delegate is named by their WebID, such as https://host/name/profile/card#me."
            )
        if delegate == pod.owner:
            raise Unprocessable("Nobody is their own delegate.")
        if not powers or not powers <= POWERS[kind]:
            allowed = ", ".join(sorted(power.value for power in POWERS[kind]))
            raise Unprocessable(f"A {kind.value} can hold some of these powers: {allowed}.")
        if ends is not None and ends <= at:
            raise Unprocessable("The end of a delegation must lie ahead.")
        known = delegations_sql.between(tx, pod.key, delegate)
        if any(
            one.kind is kind and one.state is not DelegationState.ENDED and not _over(one, at)
            for one in known
        ):
            raise Conflict(f"They are proposed or at work as {kind.value} already; end that first.")
        found = self._new(pod, kind, delegate, powers, ends, agent.webid or "operator", at)
        return self._saved(
            tx, replace(found, evidence=evidence, approved=approved, exclusive=exclusive), agent, at
        )

    def _new(
        self,
        pod: Pod,
        kind: Kind,
        delegate: str,
        powers: frozenset[Power],
        ends: float | None,
        by: str,
        at: float,
    ) -> Delegation:
        return Delegation(
            id=self._new_id(),
            pod=pod.key,
            kind=kind,
            delegate=WebId(delegate),
            powers=powers,
            state=DelegationState.PROPOSED,
            starts=at,
            ends=ends,
            exclusive=False,
            proposed_by=by,
            evidence="",
        )

    def _ended(self, tx: Transaction, found: Delegation, agent: Agent, at: float) -> Delegation:
        if found.state is DelegationState.ENDED:
            return found
        by = agent.webid or "operator"
        return self._saved(
            tx, replace(found, state=DelegationState.ENDED, ended_at=at, ended_by=by), agent, at
        )

    def _saved(self, tx: Transaction, value: Delegation, agent: Agent, at: float) -> Delegation:
        """Keep a delegation: the row, the record in the pod, and a line in the log of both."""
        delegations_sql.save(tx, value)
        pod = tx.pod_by_key(value.pod)
        if pod is None:
            raise NotFound("The pod is not here any more.")
        path = record_path(pod, value)
        tx.write(path, MEDIA_TYPE, turtle(self._origin + path, pod, value), at)
        other = people_sql.own_pod(tx, value.delegate)
        for key in {pod.key, other.key if other is not None else pod.key}:
            activity.append(
                tx,
                key,
                agent=agent,
                path=path,
                action=f"{ACTION} {value.state.value}",
                decision=activity.PERMIT,
                reason=f"{value.delegate}, {value.kind.value} of {pod.owner}",
                at=at,
            )
        return value

    def _own(self, tx: Transaction, agent: Agent) -> Pod:
        pod = people_sql.own_pod(tx, agent.webid or "")
        if pod is None:
            raise Forbidden("This WebID owns no pod on this host.")
        return pod

    def _known(self, tx: Transaction, delegation_id: str) -> Delegation:
        found = delegations_sql.by_id(tx, delegation_id)
        if found is None:
            raise NotFound("There is no delegation of this name for you.")
        return found


def _over(one: Delegation, at: float) -> bool:
    return one.ends is not None and one.ends <= at
