"""The death of a person: nothing is given in their name any more, and what was given ends."""

from __future__ import annotations

from datetime import date

from consent.decisions import Consents
from consent.delegation import delegations_sql
from consent.delegation.appointments import OPERATOR, Appointments
from consent.delegation.model import Kind
from consent.grants_sql import Grants
from consent.model import GrantState, Revoker
from pods.errors import Conflict, Unprocessable
from pods.storage.base import Pod, Transaction

_LIVE = frozenset({GrantState.GIVEN, GrantState.SUSPENDED})


class Deaths:
    """Records deaths of people on the host at `origin`."""

    def __init__(self, origin: str, consents: Consents, appointments: Appointments) -> None:
        self._grants = Grants(origin)
        self._consents = consents
        self._appointments = appointments

    def record(self, tx: Transaction, pod: Pod, day: date, evidence: str, at: float) -> int:
        """Record a death that the operator was shown a document of; return how many consents it ended.

        Heirs stay, for art. 2-terdecies D.lgs 196/2003 gives them the rights of art. 15-22 GDPR; all others go.
        """
        if not evidence.strip():
            raise Unprocessable("Say where the document is kept that was shown (a number of yours).")
        if delegations_sql.is_dead(tx, pod.key):
            raise Conflict("This death is on record already.")
        delegations_sql.record_death(tx, pod.key, day.isoformat(), evidence, at)
        ended = 0
        for grant in self._grants.of_pod(tx, pod.key):
            if grant.state_at(at) in _LIVE:
                self._consents.revoke(
                    tx, pod, grant.id, at, by=Revoker.OPERATOR, agent=OPERATOR, reason="death of the person"
                )
                ended += 1
        self._appointments.end_all(tx, pod, at, but=frozenset({Kind.HEIR}))
        return ended
