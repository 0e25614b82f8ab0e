"""Ending consents without the person: by the word of the operator or a court, or because the organisation gives up."""

from __future__ import annotations

from consent import ending_sql
from consent.decisions import Consents
from consent.grants_sql import Grants
from consent.model import Grant, Revoker
from pods.errors import NotFound, Unprocessable
from pods.model import PUBLIC, Agent
from pods.storage.base import Transaction

BATCH = 100  # grants that are ended in one transaction; other writers wait no longer than that takes


class Ending:
    """Revokes grants on the host at `origin`; each is on record in its pod, with who ended it and why."""

    def __init__(self, origin: str, consents: Consents) -> None:
        self._grants = Grants(origin)
        self._consents = consents

    def revoke_some(
        self,
        tx: Transaction,
        controller: str,
        by: Revoker,
        reason: str,
        at: float,
        *,
        purpose: str = "",
        after: str = "",
    ) -> tuple[int, str | None]:
        """End a batch of an organisation's grants, or of one purpose; return how many, and the last id, None at the end."""
        _require_reason(reason)
        ids = ending_sql.living(tx, controller, purpose, after=after, limit=BATCH)
        for grant_id in ids:
            grant = self._grants.by_id(tx, grant_id)
            pod = tx.pod_by_key(grant.pod) if grant is not None else None
            if pod is not None:
                self._consents.revoke(tx, pod, grant_id, at, by=by, agent=PUBLIC, reason=reason)
        return len(ids), ids[-1] if len(ids) == BATCH else None

    def renounce(self, tx: Transaction, agent: Agent, grant_id: str, reason: str, at: float) -> Grant:
        """End a grant that the organisation holds and needs no more; to anybody else it does not exist."""
        _require_reason(reason)
        found = self._grants.by_id(tx, grant_id)
        pod = tx.pod_by_key(found.pod) if found is not None and found.controller == agent.webid else None
        if pod is None:
            raise NotFound("You hold no grant of this name; GET /.consent/grants?purpose=IRI lists yours.")
        return self._consents.revoke(tx, pod, grant_id, at, by=Revoker.CONTROLLER, agent=agent, reason=reason)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Unprocessable("Say why: the person reads it in the record and in the log.")
