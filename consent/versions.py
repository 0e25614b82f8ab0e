"""What a new version of a purpose does to grants of the version before: nothing, carry over, suspend, invalidate."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from consent import grants_sql
from consent.changes import grown
from consent.choice import subset
from consent.decisions import Consents
from consent.grants_sql import Grants
from consent.life import Life
from consent.model import (
    DataItem,
    Grant,
    GrantEvent,
    GrantId,
    GrantState,
    PurposeDeclaration,
    Suspension,
)
from consent.registry_sql import Purposes
from pods.errors import Unprocessable
from pods.model import Agent
from pods.storage.base import Pod, Transaction

BATCH = 100  # grants that are changed in one transaction; other writers wait no longer than that takes


class MaterialChange(StrEnum):
    """What a declaration says of itself in `material_change`."""

    CARRY_OVER = "carry_over"
    SUSPEND = "suspend"
    INVALIDATE = "invalidate"


def material_change(purpose: PurposeDeclaration) -> MaterialChange | None:
    """Return what a version does to earlier grants; None: they go on until the person answers."""
    said = purpose.document.get("material_change")
    return None if said is None else MaterialChange(said)


def require_true_claim(purpose: PurposeDeclaration, before: PurposeDeclaration | None) -> None:
    """Raise Unprocessable if a version says `carry_over` and asks for more, or changes nothing that came before.

    The controller's word does not count: what grew is computed here from the two documents (attack 11).
    """
    said = material_change(purpose)
    if said is None:
        return
    if before is None:
        raise Unprocessable("purpose-declaration at /material_change: a first version changes no grant.")
    more = grown(before, purpose) if said is MaterialChange.CARRY_OVER else ()
    if more:
        told = ", ".join(sorted({change.about.value for change in more}))
        raise Unprocessable(
            "purpose-declaration at /material_change: grants cannot be carried over, for people agreed to "
            f"something else ({told}); say 'suspend' or 'invalidate', or leave these as they were."
        )


class Versions:
    """Changes grants on the host at `origin` when a version is published."""

    def __init__(self, origin: str, consents: Consents) -> None:
        self._consents = consents
        self._life = Life(origin)
        self._grants = Grants(origin)
        self._purposes = Purposes(origin)

    def stop_some(self, tx: Transaction, purpose: PurposeDeclaration, at: float) -> bool:
        """Suspend or invalidate some grants of the version before; say whether there may be more.

        It runs before the new version is there, so that none is read under the old one once the new one is.
        """
        said, old = material_change(purpose), _former(purpose)
        if said not in (MaterialChange.SUSPEND, MaterialChange.INVALIDATE):
            return False
        ids = grants_sql.in_state(tx, old, GrantState.GIVEN, after="", limit=BATCH)
        for grant_id in ids:
            self._stop(tx, grant_id, purpose, said, at)
        return len(ids) == BATCH

    def published(self, tx: Transaction, purpose: PurposeDeclaration, at: float) -> None:
        """Stop what is left in the transaction that publishes: what somebody gave in the meantime."""
        while self.stop_some(tx, purpose, at):
            pass

    def carry_some(
        self, tx: Transaction, purpose: PurposeDeclaration, at: float, *, after: str
    ) -> str | None:
        """Continue a batch of grants under a version that asks for no more; return the last id, None at the end."""
        before = self._purposes.by_iri(tx, _former(purpose))
        if material_change(purpose) is not MaterialChange.CARRY_OVER or before is None:
            return None
        require_true_claim(purpose, before)
        ids = grants_sql.in_state(tx, before.iri, GrantState.GIVEN, after=after, limit=BATCH)
        for grant_id in ids:
            self._carry(tx, grant_id, purpose, at)
        return ids[-1] if len(ids) == BATCH else None

    def _stop(
        self, tx: Transaction, grant_id: str, purpose: PurposeDeclaration, said: MaterialChange, at: float
    ) -> None:
        found = self._living(tx, grant_id, at)
        if found is None:
            return
        pod, grant = found
        agent = Agent(purpose.controller)
        if said is MaterialChange.SUSPEND:
            self._consents.suspend(tx, pod, grant_id, Suspension.MATERIAL_CHANGE, at, agent=agent)
        else:
            self._life.decided(tx, pod, grant, GrantEvent.SUPERSEDE, agent, at, reason=purpose.iri)

    def _carry(self, tx: Transaction, grant_id: str, purpose: PurposeDeclaration, at: float) -> None:
        found = self._living(tx, grant_id, at)
        if found is None:
            return
        pod, grant = found
        if self._grants.by_purpose(tx, pod.key, purpose.iri) is not None:
            return  # the person has answered the new version already, or is about to
        agent = Agent(purpose.controller)
        kept = subset(_kept(grant, purpose), purpose)
        end = min(grant.expires_at, purpose.valid_until)
        if kept and end > at:
            new_id = GrantId(self._consents.new_id())
            carried = replace(
                grant,
                id=new_id,
                iri=self._grants.iri(new_id),
                purpose=purpose.iri,
                items=kept,
                state=GrantState.UNKNOWN,
                expires_at=end,
                digest=purpose.digest,
                notice_digest=purpose.notice_digest,
            )
            self._life.decided(tx, pod, carried, GrantEvent.CARRY_OVER, agent, at, reason=grant.purpose)
        self._life.decided(tx, pod, grant, GrantEvent.SUPERSEDE, agent, at, reason=purpose.iri)

    def _living(self, tx: Transaction, grant_id: str, at: float) -> tuple[Pod, Grant] | None:
        grant = self._grants.by_id(tx, grant_id)
        pod = tx.pod_by_key(grant.pod) if grant is not None else None
        if grant is None or pod is None:
            return None
        grant = self._life.expired(tx, pod, grant, at)
        return (pod, grant) if grant.state is GrantState.GIVEN else None


def _former(purpose: PurposeDeclaration) -> str:
    """Return the IRI of the version before; versions have no gaps."""
    start, _, _ = purpose.iri.rpartition("/")
    return f"{start}/{purpose.version - 1}"


def _kept(grant: Grant, purpose: PurposeDeclaration) -> list[DataItem]:
    """Return what was granted as far as it is still asked for."""
    return [
        DataItem(item.shape, names, item.mode)
        for item in grant.items
        for asked in purpose.items
        if (asked.shape, asked.mode) == (item.shape, item.mode)
        and (names := tuple(name for name in item.properties if name in asked.properties))
    ]
