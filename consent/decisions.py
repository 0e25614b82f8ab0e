"""What is decided about a grant: by the person, and by others who may suspend or revoke it. One transaction each."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from consent import events_sql, grants_sql, people_sql, registry_sql
from consent.bases import OBJECTED, Handling, handling
from consent.choice import subset
from consent.declarations import PURPOSES_PATH
from consent.grants_sql import GRANTS_PATH, Grants
from consent.life import Life
from consent.model import (
    DAY,
    DEFERRAL_DAYS,
    FINAL_REVOKERS,
    TRANSITIONS,
    Controller,
    DataItem,
    Grant,
    GrantEvent,
    GrantId,
    GrantState,
    Pairwise,
    PurposeDeclaration,
    Revoker,
    Suspension,
)
from consent.registry_sql import Purposes
from pods.errors import Conflict, NotFound, Unprocessable
from pods.model import PUBLIC, Agent
from pods.storage.base import Pod, Transaction

_QUESTIONS = frozenset({GrantState.ASKED, GrantState.DEFERRED})
_HELD = frozenset({GrantState.GIVEN, GrantState.SUSPENDED})
_OVER = frozenset({GrantState.WITHDRAWN, GrantState.REVOKED, GrantState.EXPIRED, GrantState.SUPERSEDED})
"""States in which nothing is left to end: ending it again is as good as once."""


class Consents:
    """Decisions about the pods of the host at `origin`; `secret` makes the pairwise pseudonyms."""

    def __init__(
        self, origin: str, secret: bytes, *, new_id: Callable[[], str] = lambda: secrets.token_hex(16)
    ) -> None:
        self._origin = origin
        self._secret = secret
        self.new_id = new_id
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)
        self._life = Life(origin)

    def ask(self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration, at: float) -> Grant:
        """Note that the owner of a pod is asked; the caller has checked that they may be."""
        self._supersede(tx, pod, purpose, at, only=_QUESTIONS)
        before = self._life.expired(tx, pod, self._current(tx, pod, purpose), at)
        if before.state is GrantState.ASKED:  # nobody answered, and so long ago that it may be asked anew
            before = self._life.step(tx, pod, before, GrantEvent.LAPSE, at)
        return self._life.step(tx, pod, before, GrantEvent.ASK, at, actor=purpose.controller)

    def defer(self, tx: Transaction, pod: Pod, agent: Agent, iri: str, at: float) -> Grant:
        """Put an answer off. The question comes back once, after DEFERRAL_DAYS; "later" is said once only."""
        purpose, _ = self._open_purpose(tx, iri, at)
        before = self._current(tx, pod, purpose)
        until = people_sql.deferred_until(tx, pod.key, purpose.identifier)
        if before.state is GrantState.DEFERRED and until is not None and at < until:
            return before
        if until is not None:
            raise Conflict("This was put off once already; give your consent or say no.")
        client, actor = agent.client_id or "", agent.webid or ""
        after = self._life.step(tx, pod, before, GrantEvent.DEFER, at, client=client, actor=actor)
        people_sql.remember_deferral(tx, pod.key, purpose.identifier, at + DEFERRAL_DAYS * DAY)
        return after

    def give(
        self,
        tx: Transaction,
        pod: Pod,
        agent: Agent,
        iri: str,
        items: Sequence[DataItem],
        end: float,
        at: float,
        *,
        language: str = "",
    ) -> tuple[Grant, bool]:
        """Give consent to a part or all of what a purpose asks, until `end`; say too whether this changed anything.

        `language` is the one in which the notice was read, where the caller says it.
        Raises NotFound, Conflict or Unprocessable, each saying what to do.
        """
        purpose, _ = self._open_purpose(tx, iri, at)
        chosen = subset(items, purpose)
        if language and language not in purpose.text:
            raise Unprocessable(f"grant-request at /language: this notice is not published in {language!r}.")
        if not at < end <= purpose.valid_until:
            raise Unprocessable(
                "grant-request at /expires_at: the end must lie ahead, and not after valid_until."
            )
        before = self._current(tx, pod, purpose)
        unchanged = before.items == chosen and before.expires_at == end and before.digest == purpose.digest
        if before.state_at(at) is GrantState.GIVEN and unchanged:
            return before, False
        self._require_givable(tx, before)
        self._supersede(tx, pod, purpose, at)
        people_sql.forget_refusal(tx, pod.key, purpose.identifier)
        people_sql.forget_deferral(tx, pod.key, purpose.identifier)
        wanted = replace(
            self._life.expired(tx, pod, before, at),
            items=chosen,
            given_at=at,
            expires_at=end,
            digest=purpose.digest,
            notice_digest=purpose.notice_digest,
        )
        return self._life.decided(tx, pod, wanted, GrantEvent.GIVE, agent, at, language=language), True

    def refuse(self, tx: Transaction, pod: Pod, agent: Agent, iri: str, at: float) -> Grant:
        """Say no. The cool-down counts for every version of the purpose; a second no of the same changes nothing.

        Raises Conflict for what was given: that is withdrawn.
        """
        purpose, _ = self._open_purpose(tx, iri, at)
        before = self._life.expired(tx, pod, self._current(tx, pod, purpose), at)
        if before.state is GrantState.REFUSED and (agent.webid or "") in events_sql.refusers(tx, before.id):
            return before
        if before.state in _HELD:
            raise Conflict(
                f"This was given already: withdraw it instead, with DELETE {GRANTS_PATH}{before.id}."
            )
        if before.state in _OVER:
            raise Conflict(f"There is nothing to refuse: this consent is {before.state.value} already.")
        people_sql.remember_refusal(tx, pod.key, purpose.identifier, at)
        people_sql.forget_deferral(tx, pod.key, purpose.identifier)
        self._supersede_stopped(tx, pod, purpose, at)
        return self._life.decided(
            tx, pod, before, GrantEvent.REFUSE, agent, at, reason=_objection(purpose.legal_basis)
        )

    def withdraw(self, tx: Transaction, pod: Pod, agent: Agent, grant_id: str, at: float) -> Grant:
        """Withdraw a grant: no read under it is decided after this transaction. Twice is as good as once."""
        before = self._own(tx, pod, grant_id, at)
        if before.state in _OVER:
            return before
        people_sql.remember_refusal(tx, pod.key, self._identifier(before), at)
        purpose = self._purposes.by_iri(tx, before.purpose)
        reason = _objection(purpose.legal_basis) if purpose is not None else ""
        return self._life.decided(tx, pod, before, GrantEvent.WITHDRAW, agent, at, reason=reason)

    def suspend(
        self,
        tx: Transaction,
        pod: Pod,
        grant_id: str,
        reason: Suspension,
        at: float,
        *,
        agent: Agent = PUBLIC,
        too: bool = False,
    ) -> Grant:
        """Let a grant rest: nothing is read under it until `resume`. A reason that is known changes nothing.

        `agent` is who wants it, for the log; by default the host itself, which has no WebID. `too` puts on record
        that they want it as well, for a reason that is known.
        """
        before = self._own(tx, pod, grant_id, at)
        if reason.value in grants_sql.suspensions(tx, before.id) and not too:
            return before
        after = self._life.decided(tx, pod, before, GrantEvent.SUSPEND, agent, at, reason=reason.value)
        grants_sql.suspend(tx, before.id, reason.value, at)
        return after

    def resume(
        self,
        tx: Transaction,
        pod: Pod,
        grant_id: str,
        reason: Suspension,
        at: float,
        *,
        agent: Agent = PUBLIC,
    ) -> Grant:
        """Take one reason of a suspension away; the grant is in force again when that was the last one."""
        before = self._own(tx, pod, grant_id, at)
        if reason.value not in grants_sql.suspensions(tx, before.id):
            raise Conflict(f"This consent is not suspended because of {reason.value!r}.")
        if not grants_sql.unsuspend(tx, before.id, reason.value):
            return before
        return self._life.decided(tx, pod, before, GrantEvent.RESUME, agent, at, reason=reason.value)

    def revoke(
        self, tx: Transaction, pod: Pod, grant_id: str, at: float, *, by: Revoker, agent: Agent, reason: str
    ) -> Grant:
        """End a grant against or without the person's will; after an operator or a court it stays ended."""
        before = self._own(tx, pod, grant_id, at)
        if before.state in _OVER:
            return before
        told = f"{by.value}: {reason}"
        return self._life.decided(tx, pod, before, GrantEvent.REVOKE, agent, at, reason=told)

    def pairwise(self, controller: str, owner: str) -> Pairwise:
        """Return the pseudonym of a person towards a controller: other controllers know another one."""
        said = f"{controller}\0{owner}".encode()
        return Pairwise(hmac.new(self._secret, said, hashlib.sha256).hexdigest()[:32])

    def _open_purpose(self, tx: Transaction, iri: str, at: float) -> tuple[PurposeDeclaration, Controller]:
        purpose = self._purposes.by_iri(tx, iri)
        controller = registry_sql.controller(tx, purpose.controller) if purpose else None
        if purpose is None or controller is None:
            raise NotFound(f"{iri} is no purpose that is published here; GET /.consent/purposes lists them.")
        latest = self._purposes.latest(tx, purpose.identifier)
        if latest is None or latest.iri != purpose.iri:
            raise Conflict("There is a newer version of this purpose; read that one and decide about it.")
        if not purpose.active(at):
            raise Conflict("This purpose has ended; nothing can be given or refused any more.")
        if handling(purpose.legal_basis) is Handling.INFORMATION:
            raise Conflict(
                f"This purpose rests on {purpose.legal_basis}: people are informed of it, and there is nothing "
                "to consent to or to refuse."
            )
        return purpose, controller

    def _require_givable(self, tx: Transaction, grant: Grant) -> None:
        """Raise Conflict for what an operator or a court ended: consent does not undo that."""
        if grant.state is not GrantState.REVOKED:
            return
        last = events_sql.last(tx, grant.id)
        if last is not None and last[2].partition(":")[0] in FINAL_REVOKERS:
            raise Conflict("This consent was ended by the operator or a court and cannot be given again.")

    def _current(self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration) -> Grant:
        """Return what is on record, or a grant of which nothing is known yet."""
        grant_id = GrantId(self.new_id())
        return self._grants.by_purpose(tx, pod.key, purpose.iri) or Grant(
            id=grant_id,
            iri=self._grants.iri(grant_id),
            pod=pod.key,
            subject=pod.owner,
            controller=purpose.controller,
            purpose=purpose.iri,
            items=(),
            state=GrantState.UNKNOWN,
            given_at=0.0,
            expires_at=0.0,
            epoch=0,
            pairwise=self.pairwise(purpose.controller, pod.owner),
            digest=purpose.digest,
            notice_digest=purpose.notice_digest,
        )

    def _own(self, tx: Transaction, pod: Pod, grant_id: str, at: float) -> Grant:
        found = self._grants.by_id(tx, grant_id)
        if found is None or found.pod != pod.key:
            raise NotFound("You have no grant of this name; GET /.consent/grants lists yours.")
        return self._life.expired(tx, pod, found, at)

    def _identifier(self, grant: Grant) -> str:
        """Return the identifier of a grant's purpose, from its IRI alone.

        A declaration that was damaged must not keep anybody from withdrawing.
        """
        return grant.purpose.removeprefix(self._origin + PURPOSES_PATH).rpartition("/")[0]

    def _supersede(
        self,
        tx: Transaction,
        pod: Pod,
        purpose: PurposeDeclaration,
        at: float,
        *,
        only: frozenset[GrantState] = frozenset(GrantState),
    ) -> None:
        for grant_id in grants_sql.other_versions(tx, pod.key, purpose.identifier, purpose.iri):
            other = self._grants.by_id(tx, grant_id)
            if other is None or other.state not in only:
                continue
            other = self._life.expired(tx, pod, other, at)
            if (other.state, GrantEvent.SUPERSEDE) not in TRANSITIONS:
                continue
            after = self._life.step(tx, pod, other, GrantEvent.SUPERSEDE, at, reason=purpose.iri)
            if other.state not in _QUESTIONS:  # a question that nobody answered has no record
                self._life.tell(tx, pod, after, at)

    def _supersede_stopped(self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration, at: float) -> None:
        """End what a material change had suspended: the person has answered, and the answer is no."""
        for grant_id in grants_sql.other_versions(tx, pod.key, purpose.identifier, purpose.iri):
            if Suspension.MATERIAL_CHANGE.value in grants_sql.suspensions(tx, grant_id):
                self._supersede(tx, pod, purpose, at, only=frozenset({GrantState.SUSPENDED}))


def _objection(basis: str) -> str:
    """Return the reason for the log where a no is an objection (art. 21) and no refusal of consent."""
    return OBJECTED if handling(basis) is Handling.OBJECTION else ""
