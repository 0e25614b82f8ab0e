"""The state machine of grants at work: a step is a row, an epoch, an event, a record and a log line in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from consent import chapters, events_sql, grants_sql, notice_sql, records, registry_sql
from consent.grants_sql import GRANTS_PATH
from consent.model import KEEPS_EPOCH, TRANSITIONS, Grant, GrantEvent, GrantState
from consent.registry_sql import Purposes
from pods import activity
from pods.errors import Conflict
from pods.model import Agent, Path
from pods.storage.base import Pod, Transaction

LOGGED: Mapping[GrantEvent, str] = {
    GrantEvent.GIVE: "consent given",
    GrantEvent.REFUSE: "consent refused",
    GrantEvent.WITHDRAW: "consent withdrawn",
    GrantEvent.REVOKE: "consent revoked",
    GrantEvent.SUPERSEDE: "consent superseded",
    GrantEvent.SUSPEND: "consent suspended",
    GrantEvent.RESUME: "consent resumed",
    GrantEvent.CARRY_OVER: "consent carried over",
}
"""The actions that the access log names for what was done to a consent."""


class Life:
    """Takes grants of the host at `origin` from one state to the next."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._purposes = Purposes(origin)

    def step(
        self,
        tx: Transaction,
        pod: Pod,
        grant: Grant,
        event: GrantEvent,
        at: float,
        *,
        client: str = "",
        actor: str = "",
        reason: str = "",
    ) -> Grant:
        """Take one step of the table and return the grant after it; raise Conflict for any other step."""
        state = TRANSITIONS.get((grant.state, event))
        if state is None:
            raise Conflict(f"A consent that is {grant.state.value} cannot take the step {event.value!r}.")
        epoch = grant.epoch if event in KEEPS_EPOCH else grants_sql.raise_epoch(tx, pod.key, grant.controller)
        after = replace(grant, state=state, epoch=epoch)
        grants_sql.save(tx, after, at)
        events_sql.add(tx, after, event, client, at, actor=actor, reason=reason)
        if grant.state is GrantState.SUSPENDED and state is not GrantState.SUSPENDED:
            grants_sql.unsuspend(tx, grant.id)
        return after

    def decided(
        self,
        tx: Transaction,
        pod: Pod,
        grant: Grant,
        event: GrantEvent,
        agent: Agent,
        at: float,
        *,
        reason: str = "",
        language: str = "",
    ) -> Grant:
        """Take a step that the person must be able to see: it is in the record and in the log.

        `language` is that of the notice as it was shown to who decides, where that is known.
        """
        client, actor = agent.client_id or "", agent.webid or ""
        after = self.step(tx, pod, grant, event, at, client=client, actor=actor, reason=reason)
        if language:
            notice_sql.shown(tx, after.id, language)
        path = self.tell(tx, pod, after, at)
        activity.append(
            tx,
            pod.key,
            agent=agent,
            path=path,
            action=LOGGED[event],
            decision=activity.PERMIT,
            reason=reason,
            grant=after.iri,
            purpose=after.purpose,
            at=at,
        )
        return after

    def expired(self, tx: Transaction, pod: Pod, grant: Grant, at: float) -> Grant:
        """Put on record that a grant ran out, before anything else happens to it."""
        if grant.state_at(at) is grant.state:
            return grant
        return self.step(tx, pod, grant, GrantEvent.EXPIRE, grant.expires_at)

    def tell(self, tx: Transaction, pod: Pod, grant: Grant, at: float) -> Path:
        """Write the record of a grant into the pod and return its path."""
        path = Path(records.record_path(pod.root, grant.id))
        purpose = self._purposes.by_iri(tx, grant.purpose)
        controller = registry_sql.controller(tx, grant.controller)
        known = tx.get(path)
        if purpose is None or controller is None:
            # Without the declaration the record cannot be told anew; what is there stays, and the row decides.
            return known.path if known else path
        told = chapters.close(tx, self._origin, pod, grant, purpose, at)
        content = records.turtle(
            *(self._origin + path, grant, purpose, controller, told.events),
            control=self._origin + GRANTS_PATH + grant.id,
            earlier=told.earlier,
            agreed=told.agreed,
        )
        tx.write(path, records.MEDIA_TYPE, content, at)
        return path
