"""Standing preferences at work: at the moment when somebody would be asked."""

from __future__ import annotations

from consent.decisions import Consents
from consent.delegation import delegations_sql, drafts_sql
from consent.delegation.drafts_sql import Draft
from consent.model import DAY, Controller, PurposeDeclaration
from consent.preferences import preferences_sql
from consent.preferences.model import Choice
from consent.preferences.verdict import verdict
from pods.model import Agent
from pods.storage.base import Pod, Transaction

PREPARED_DAYS = 180  # what an answer prepared by a rule proposes; the person may change it
PREFERENCES_PATH = "/.consent/preferences"


class StandingAnswers:
    """Answers questions on the host at `origin` as people said beforehand."""

    def __init__(self, origin: str, consents: Consents) -> None:
        self._origin = origin
        self._consents = consents

    def silenced(
        self, tx: Transaction, pod: Pod, purpose: PurposeDeclaration, controller: Controller, at: float
    ) -> bool:
        """Say whether the owner of a pod is not to see a question; what it says to the controller is the same.

        `never` is a refusal in the person's name, which their log shows. `allow` never gives: a consent is specific
        and informed (GDPR art. 4(11)), so that it needs this declaration before the person's eyes; it prepares the
        answer that they confirm.
        """
        if delegations_sql.is_dead(tx, pod.key):
            return True
        choice = verdict(preferences_sql.of_pod(tx, pod.key), purpose, controller.kind)
        source = self._origin + PREFERENCES_PATH
        if choice is Choice.NEVER:
            self._consents.refuse(tx, pod, Agent(pod.owner, source), purpose.iri, at)
            return True
        if choice is Choice.ALLOW:
            end = float(int(min(at + PREPARED_DAYS * DAY, purpose.valid_until)))
            drafts_sql.save(tx, pod.key, Draft(purpose.iri, purpose.items, end, source, at))
        return False
