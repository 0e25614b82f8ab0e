"""What consent keeps of a pod and loses with it: grants, what became of them, refusals, claims and the index."""

from __future__ import annotations

from consent.aggregation import eligible_sql
from consent.claims import claims_sql
from consent.credentials import status_sql
from consent.delegation import schema_sql as delegation
from pods.storage.base import Pod, Transaction

_OF_A_POD = ("grant_", "consent_epoch", "refusal", "deferral", "request_sent", "shaped", *delegation.OF_A_POD)
_OF_ITS_GRANTS = ("consent_event", "suspension", "notice_shown")


class ConsentLeaving:
    """A layer of the pod host, told when a pod is removed.

    What stays names nobody: released sums and their budget, the public register of questions, and the marks that
    keep a receipt from being counted twice. What an organisation published stays too, for those who consented to it.
    """

    def leaving(self, tx: Transaction, pod: Pod) -> None:
        """Remove the rows of the pod; from this commit on no token of any grant reaches it."""
        eligible_sql.departing(tx, pod.key)
        status_sql.forget_pod(tx, pod)
        for table in _OF_ITS_GRANTS:
            of_grants = f"DELETE FROM {table} WHERE grant_id IN (SELECT id FROM grant_ WHERE pod = ?)"  # noqa: S608  # names from above
            tx.execute(of_grants, (pod.key,))
        for table in _OF_A_POD:
            tx.execute(f"DELETE FROM {table} WHERE pod = ?", (pod.key,))  # noqa: S608  # names from above
        claims_sql.forget_pod(tx, pod.key)
