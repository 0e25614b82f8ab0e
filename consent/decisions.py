"""What a person decides: give, refuse, withdraw. Row, epoch, record and log line change in one transaction."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

from consent import grants_sql, people_sql, records, registry_sql
from consent.declarations import PURPOSES_PATH
from consent.grants_sql import GRANTS_PATH, Grants
from consent.model import (
    TRANSITIONS,
    Controller,
    DataItem,
    Grant,
    GrantEvent,
    GrantId,
    GrantState,
    Pairwise,
    PurposeDeclaration,
)
from consent.registry_sql import Purposes
from pods import activity
from pods.errors import Conflict, NotFound, Unprocessable
from pods.model import Agent, Path
from pods.storage.base import Pod, Transaction

LOGGED = {
    GrantEvent.GIVE: "consent given",
    GrantEvent.REFUSE: "consent refused",
    GrantEvent.WITHDRAW: "consent withdrawn",
}
"""The actions that the access log names for what the person did."""


class Consents:
    """Decisions about the pods of the host at `origin`; `secret` makes the pairwise pseudonyms."""

    def __init__(
        self, origin: str, secret: bytes, *, new_id: Callable[[], str] = lambda: secrets.token_hex(16)
    ) -> None:
        self._origin = origin
        self._secret = secret
        self._new_id = new_id
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)

    def ask(self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration, at: float) -> Grant:
        """Note that the owner of a pod is asked; the caller has checked that they may be."""
        self._supersede(tx, pod, purpose, at, only=GrantState.ASKED)
        before = self._expired(tx, pod, self._current(tx, pod, purpose), at)
        return self._apply(tx, pod, before, GrantEvent.ASK, "", at)

    def give(
        self,
        tx: Transaction,
        pod: Pod,
        agent: Agent,
        iri: str,
        items: Sequence[DataItem],
        end: float,
        at: float,
    ) -> tuple[Grant, bool]:
        """Give consent to a part or all of what a purpose asks, until `end`; say too whether this changed anything.

        Raises NotFound, Conflict or Unprocessable, each saying what to do.
        """
        purpose, _ = self._open_purpose(tx, iri, at)
        chosen = subset(items, purpose)
        if not at < end <= purpose.valid_until:
            raise Unprocessable(
                "grant-request at /expires_at: the end must lie ahead, and not after valid_until."
            )
        before = self._current(tx, pod, purpose)
        unchanged = before.items == chosen and before.expires_at == end and before.digest == purpose.digest
        if before.state_at(at) is GrantState.GIVEN and unchanged:
            return before, False
        self._supersede(tx, pod, purpose, at)
        people_sql.forget_refusal(tx, pod.key, purpose.identifier)
        wanted = replace(
            self._expired(tx, pod, before, at),
            items=chosen,
            given_at=at,
            expires_at=end,
            digest=purpose.digest,
            notice_digest=purpose.notice_digest,
        )
        return self._decided(tx, pod, wanted, GrantEvent.GIVE, agent, at), True

    def refuse(self, tx: Transaction, pod: Pod, agent: Agent, iri: str, at: float) -> Grant:
        """Say no. The cool-down counts for every version of the purpose; a second no changes nothing."""
        purpose, _ = self._open_purpose(tx, iri, at)
        before = self._expired(tx, pod, self._current(tx, pod, purpose), at)
        if before.state is GrantState.REFUSED:
            return before
        people_sql.remember_refusal(tx, pod.key, purpose.identifier, at)
        return self._decided(tx, pod, before, GrantEvent.REFUSE, agent, at)

    def withdraw(self, tx: Transaction, pod: Pod, agent: Agent, grant_id: str, at: float) -> Grant:
        """Withdraw a grant: no read under it is decided after this transaction. Twice is as good as once."""
        found = self._grants.by_id(tx, grant_id)
        if found is None or found.pod != pod.key:
            raise NotFound("You have no grant of this name; GET /.consent/grants lists yours.")
        before = self._expired(tx, pod, found, at)
        if before.state in (GrantState.WITHDRAWN, GrantState.EXPIRED, GrantState.SUPERSEDED):
            return before
        # A declaration that was damaged must not keep anybody from withdrawing, so its row alone is read.
        identifier = found.purpose.removeprefix(self._origin + PURPOSES_PATH).rpartition("/")[0]
        people_sql.remember_refusal(tx, pod.key, identifier, at)
        return self._decided(tx, pod, before, GrantEvent.WITHDRAW, agent, at)

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
        return purpose, controller

    def _current(self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration) -> Grant:
        """Return what is on record, or a grant of which nothing is known yet."""
        grant_id = GrantId(self._new_id())
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

    def _expired(self, tx: Transaction, pod: Pod, grant: Grant, at: float) -> Grant:
        """Put on record that a grant ran out, before anything else happens to it."""
        if grant.state_at(at) is grant.state:
            return grant
        return self._apply(tx, pod, grant, GrantEvent.EXPIRE, "", grant.expires_at)

    def _supersede(
        self,
        tx: Transaction,
        pod: Pod,
        purpose: PurposeDeclaration,
        at: float,
        *,
        only: GrantState | None = None,
    ) -> None:
        for grant_id in grants_sql.other_versions(tx, pod.key, purpose.identifier, purpose.iri):
            other = self._grants.by_id(tx, grant_id)
            if other is None or (only is not None and other.state is not only):
                continue
            other = self._expired(tx, pod, other, at)
            if (other.state, GrantEvent.SUPERSEDE) not in TRANSITIONS:
                continue
            after = self._apply(tx, pod, other, GrantEvent.SUPERSEDE, "", at)
            if other.state is GrantState.GIVEN:  # a question that nobody answered has no record
                self._record(tx, pod, after, at)

    def _decided(
        self, tx: Transaction, pod: Pod, grant: Grant, event: GrantEvent, agent: Agent, at: float
    ) -> Grant:
        after = self._apply(tx, pod, grant, event, agent.client_id or "", at)
        path = self._record(tx, pod, after, at)
        activity.append(
            tx,
            pod.key,
            agent=agent,
            path=path,
            action=LOGGED[event],
            decision=activity.PERMIT,
            grant=after.iri,
            purpose=after.purpose,
            at=at,
        )
        return after

    def _apply(
        self, tx: Transaction, pod: Pod, grant: Grant, event: GrantEvent, client: str, at: float
    ) -> Grant:
        state = TRANSITIONS.get((grant.state, event))
        if state is None:
            raise Conflict(f"A consent that is {grant.state.value} cannot take the step {event.value!r}.")
        asked = event is GrantEvent.ASK  # asking changes no right; everything else ends the tokens in flight
        epoch = grant.epoch if asked else grants_sql.raise_epoch(tx, pod.key, grant.controller)
        after = replace(grant, state=state, epoch=epoch)
        grants_sql.save(tx, after, at)
        grants_sql.add_event(tx, after, event, client, at)
        return after

    def _record(self, tx: Transaction, pod: Pod, grant: Grant, at: float) -> Path:
        """Write the record into the pod and return its path."""
        path = Path(records.record_path(pod.root, grant.id))
        purpose = self._purposes.by_iri(tx, grant.purpose)
        controller = registry_sql.controller(tx, grant.controller)
        known = tx.get(path)
        if purpose is None or controller is None:
            # Without the declaration the record cannot be told anew; what is there stays, and the row decides.
            return known.path if known else path
        told = [records.Event(*event) for event in grants_sql.events(tx, grant.id)]
        control = self._origin + GRANTS_PATH + grant.id
        content = records.turtle(self._origin + path, grant, purpose, controller, told, control=control)
        tx.write(path, records.MEDIA_TYPE, content, at)
        return path


def subset(chosen: Sequence[DataItem], purpose: PurposeDeclaration) -> tuple[DataItem, ...]:
    """Return the choice in the declaration's order; raise Unprocessable if it is not a part of what is asked."""
    for number, item in enumerate(chosen):
        if not any(asked.covers(item) for asked in purpose.items):
            raise Unprocessable(f"grant-request at /items/{number}: the purpose does not ask for this.")
    found = []
    for asked in purpose.items:
        names = {name for item in chosen if asked.covers(item) for name in item.properties}
        if names:
            kept = tuple(name for name in asked.properties if name in names)
            found.append(DataItem(asked.shape, kept, asked.mode))
    return tuple(found)
