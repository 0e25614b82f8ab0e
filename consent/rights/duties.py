"""The duty of art. 19: every recipient that was served is told, and must say what it did."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from consent.rights import disclosures, rights_sql
from consent.rights.deadlines import ANSWER_MONTHS, after_months
from consent.rights.disclosures import Looked, Scope
from consent.rights.model import Duty, RequestEvent, RightKind, RightsId, RightsRequest
from consent.rights.notices import Notices
from pods.errors import Conflict, NotFound
from pods.storage.base import Pod, Transaction

DUTIES_PATH = "/.consent/rights/duties/"
TELLS_RECIPIENTS: Mapping[tuple[RightKind, RequestEvent], bool] = {
    (RightKind.ERASURE, RequestEvent.ASK): True,
    (RightKind.RESTRICTION, RequestEvent.ASK): True,
    # What is corrected is known only when the controller says so; it knows it itself.
    (RightKind.RECTIFICATION, RequestEvent.ANSWER): False,
}
"""What makes a duty for everybody served, and whether for the controller that was asked as well."""

SUMMARIES: Mapping[RightKind, Mapping[str, str]] = {
    RightKind.ERASURE: {
        "it": "Cancella i dati che hai ricevuto e conferma quando è fatto (GDPR, articoli 17 e 19).",
        "en": "Erase the data that you received, and say so when it is done (GDPR, articles 17 and 19).",
    },
    RightKind.RESTRICTION: {
        "it": "Conserva senza usarli i dati che hai ricevuto e conferma (GDPR, articoli 18 e 19).",
        "en": "Store without using it the data that you received, and say so (GDPR, articles 18 and 19).",
    },
    RightKind.RECTIFICATION: {
        "it": "Dei dati che hai ricevuto sono stati corretti: rileggili e conferma (GDPR, articoli 16 e 19).",
        "en": "Data that you received was corrected: read it again, and say so (GDPR, articles 16 and 19).",
    },
}


class Duties:
    """Queues of recipients on the host at `origin`."""

    def __init__(self, origin: str, *, new_id: Callable[[], str] = lambda: secrets.token_hex(16)) -> None:
        self._origin = origin
        self._notices = Notices(origin)
        self._new_id = new_id

    def raised(
        self,
        tx: Transaction,
        pod: Pod,
        request: RightsRequest,
        event: RequestEvent,
        scope: Scope,
        at: float,
        looked: Looked | None = None,
    ) -> int:
        """Give a duty to everybody who was served, if the event of the request makes one; return how many.

        `looked` is what somebody found in the log already. Raises LongLog if more of it is to be read than a commit
        should hold up others for.
        """
        asked_too = TELLS_RECIPIENTS.get((request.kind, event))
        if asked_too is None:
            return 0
        count = 0
        for recipient, grants in disclosures.recipients(tx, pod, scope, looked).items():
            if recipient == request.controller and not asked_too:
                continue
            duty = Duty(
                id=RightsId(self._new_id()),
                request=request.id,
                pod=pod.key,
                recipient=recipient,
                kind=request.kind,
                grants=tuple(grant.rpartition("/")[2] for grant in grants),
                asked_at=at,
                due_at=after_months(at, ANSWER_MONTHS),
                stage=0,
                acknowledged_at=None,
                statement="",
            )
            if rights_sql.add_duty(tx, duty):
                self._tell(tx, duty, at)
                count += 1
        return count

    def of(self, tx: Transaction, webid: str, duty_id: str) -> Duty:
        """Return a recipient's own duty; to anybody else it does not exist."""
        found = rights_sql.duty(tx, duty_id)
        if found is None or found.recipient != webid:
            raise NotFound("You have no duty of this name; GET /.consent/rights/duties lists yours.")
        return found

    def acknowledge(self, tx: Transaction, webid: str, duty_id: str, statement: str, at: float) -> Duty:
        """Note what the recipient says that it did; what was said once stands."""
        found = self.of(tx, webid, duty_id)
        if not rights_sql.acknowledge(tx, duty_id, statement, at):
            raise Conflict("This was acknowledged already; the statement stands as it was given.")
        again = rights_sql.duty(tx, duty_id)
        return again if again is not None else found

    def _tell(self, tx: Transaction, duty: Duty, at: float) -> None:
        self._notices.to_owner(
            *(tx, duty.recipient, f"rights-{duty.id}", self._origin + DUTIES_PATH + duty.id),
            SUMMARIES[duty.kind],
            at,
            due_at=duty.due_at,
            concerns=duty.pod,
        )
