"""Breaches of personal data: an entry in the register, who is affected by the log, and a notice to each of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consent.rights import breach_sql
from consent.rights.breach_sql import Breach
from consent.rights.disclosures import INDIVIDUAL
from consent.rights.notices import Notices
from pods import activity
from pods.errors import Conflict, NotFound, Unprocessable
from pods.storage.base import Pod, Store, Transaction

AT_ONCE = 50  # pods of one commit; other writers wait no longer than that takes
SUMMARY = {
    "it": "Una violazione riguarda dati letti dal tuo pod (GDPR, articolo 34).",
    "en": "A breach concerns data that was read from your pod (GDPR, article 34).",
}


@dataclass(frozen=True, slots=True)
class Suspect:
    """Through whose access data got out, and when: an agent, a client, or an agent with a client."""

    begins: float
    ends: float
    agent: str = ""
    client: str = ""


class Breaches:
    """The register on the host at `origin`. Work over all pods is done in short transactions and can be resumed."""

    def __init__(
        self, origin: str, store: Store, *, new_id: Callable[[], str] = lambda: secrets.token_hex(8)
    ) -> None:
        self._origin = origin
        self._store = store
        self._notices = Notices(origin)
        self._new_id = new_id

    def open(self, suspect: Suspect, nature: str, at: float) -> Breach:
        """Open an entry, with the number of people affected; nobody is told yet. The 72 hours begin at `at`."""
        if not suspect.agent and not suspect.client:
            raise Unprocessable("Name the agent or the client through whose access the data got out.")
        if not suspect.begins < suspect.ends:
            raise Unprocessable("The breach must begin before it ends.")
        if not nature.strip():
            raise Unprocessable("Say what happened: the register must show it (GDPR art. 33(5)).")
        breach = Breach(
            id=self._new_id(),
            aware_at=at,
            agent=suspect.agent,
            client=suspect.client,
            begins=suspect.begins,
            ends=suspect.ends,
            nature=nature,
            affected=len(self.affected(suspect)),
        )
        with self._store.writing() as tx:
            breach_sql.add(tx, breach)
            breach_sql.add_entry(tx, breach.id, f"opened: {breach.affected} people affected", at)
        return breach

    def affected(self, suspect: Suspect) -> list[Pod]:
        """Return the pods of which data was served in that time, to that agent through that client."""
        found: list[Pod] = []
        after: int | None = 0
        while after is not None:
            with self._store.reading() as tx:
                keys = breach_sql.pods_after(tx, after, AT_ONCE)
                found += self._hit(tx, keys, suspect)
            after = keys[-1] if len(keys) == AT_ONCE else None
        return found

    def notify(self, breach_id: str, at: float) -> int:
        """Tell everybody affected who was not told yet; return how many that were. A run that broke off goes on."""
        breach = self.found(breach_id)
        suspect = Suspect(breach.begins, breach.ends, breach.agent, breach.client)
        count = 0
        after: int | None = 0
        while after is not None:
            with self._store.writing() as tx:
                keys = breach_sql.pods_after(tx, after, AT_ONCE)
                for pod in self._hit(tx, keys, suspect):
                    count += self._tell(tx, breach, pod, at)
            after = keys[-1] if len(keys) == AT_ONCE else None
        with self._store.writing() as tx:
            breach_sql.notified(tx, breach_id, at)
            breach_sql.add_entry(tx, breach_id, f"told {count} people through their inboxes", at)
        return count

    def note(self, breach_id: str, words: str, at: float) -> None:
        """Note a measure or a finding."""
        self._require_open(breach_id)
        if not words.strip():
            raise Unprocessable("Say what was done or found out.")
        with self._store.writing() as tx:
            breach_sql.add_entry(tx, breach_id, words, at)

    def authority(self, breach_id: str, at: float) -> None:
        """Note that the authority was told; late or not, the register shows when."""
        self._require_open(breach_id)
        with self._store.writing() as tx:
            breach_sql.authority_told(tx, breach_id, at)
            breach_sql.add_entry(tx, breach_id, "the authority was told", at)

    def close(self, breach_id: str, words: str, at: float) -> None:
        """Close an entry, with the reason; art. 33(5) keeps it in the register."""
        self._require_open(breach_id)
        if not words.strip():
            raise Unprocessable("Say why the case is closed.")
        with self._store.writing() as tx:
            breach_sql.closed(tx, breach_id, at)
            breach_sql.add_entry(tx, breach_id, f"closed: {words}", at)

    def found(self, breach_id: str) -> Breach:
        """Return an entry; raise NotFound."""
        with self._store.reading() as tx:
            breach = breach_sql.one(tx, breach_id)
        if breach is None:
            raise NotFound(f"The register has no breach {breach_id!r}; `portico breach list` shows them.")
        return breach

    def _require_open(self, breach_id: str) -> None:
        if self.found(breach_id).closed_at is not None:
            raise Conflict("This breach is closed; open a new entry for what was found out since.")

    def _hit(self, tx: Transaction, keys: Sequence[int], suspect: Suspect) -> list[Pod]:
        pods = [pod for key in keys if _was_served(tx, key, suspect) and (pod := tx.pod_by_key(key))]
        # What an organisation read of its own is no disclosure to it.
        return [pod for pod in pods if pod.owner != suspect.agent]

    def _tell(self, tx: Transaction, breach: Breach, pod: Pod, at: float) -> int:
        if not breach_sql.note_told(tx, breach.id, pod.key, at):
            return 0
        subject = f"{self._origin}/.consent/rights"
        # Art. 34(2): in clear and plain language the nature of the breach; the log in the wallet shows what was read.
        content = {"it": breach.nature, "en": breach.nature}
        self._notices.to_pod(tx, pod, f"breach-{breach.id}", subject, SUMMARY, at, content=content)
        return 1


def _was_served(tx: Transaction, pod: int, suspect: Suspect) -> bool:
    return any(
        line.decision == activity.PERMIT
        and line.action in INDIVIDUAL
        and (not suspect.agent or line.agent == suspect.agent)
        and (not suspect.client or line.client == suspect.client)
        for line in activity.between(tx, pod, suspect.begins, suspect.ends)
    )
