"""Breaches of personal data: an entry in the register, who is affected by the log, and a notice to each of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from consent.rights import breach_sql
from consent.rights.breach_extent import AT_ONCE, Extent, Suspect, extent, hit
from consent.rights.breach_sql import Breach
from consent.rights.breach_steps import NEEDS_DESCRIPTION, NEEDS_TEXT, STEPS, BreachStep
from consent.rights.deadlines import BREACH_HOURS
from consent.rights.notices import Notices
from pods.errors import Conflict, NotFound, TooManyRequests, Unprocessable
from pods.storage.base import Pod, Store, Transaction
from vocab.shapes import SHAPES

MOST_OPEN = 20  # entries of one organisation that are not closed; each costs a look into every log
BREACHES_PATH = "/.consent/breaches/"
SUMMARY = {
    "it": "Una violazione riguarda dati letti dal tuo pod (GDPR, articolo 34).",
    "en": "A breach concerns data that was read from your pod (GDPR, article 34).",
}
CONTROLLER_SUMMARY = {
    "it": f"Una violazione riguarda dati che hai ricevuto: valuta entro {BREACH_HOURS} ore se notificarla (GDPR, articolo 33).",
    "en": f"A breach concerns data that you received: decide within {BREACH_HOURS} hours whether to report it (GDPR, article 33).",
}
_PARTS: Mapping[str, tuple[str, str, str]] = {
    "it": ("Probabili conseguenze", "Misure", "Contatto"),
    "en": ("Likely consequences", "Measures", "Contact"),
}


@dataclass(frozen=True, slots=True)
class Description:
    """What people are told beside the nature of a breach (art. 34(2)); what is empty stays as it was."""

    consequences: str = ""
    measures: str = ""
    contact: str = ""


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
        """Open an entry for the operator, with the number of people affected; nobody is told but the organisation."""
        self.require_complete(suspect, nature)
        extent = self.extent(suspect)
        with self._store.writing() as tx:
            return self.opened(tx, suspect, nature, len(extent.people), at)

    def require_complete(self, suspect: Suspect, nature: str) -> None:
        """Raise Unprocessable for what cannot be counted or says nothing."""
        if not suspect.agent and not suspect.client:
            raise Unprocessable("Name the agent or the client through whose access the data got out.")
        if not suspect.begins < suspect.ends:
            raise Unprocessable("The breach must begin before it ends.")
        if unknown := [shape for shape in suspect.data if shape not in SHAPES]:
            raise Unprocessable(f"{unknown[0]!r} is no kind of data; there are {', '.join(SHAPES)}.")
        if not nature.strip():
            raise Unprocessable("Say what happened: the register must show it (GDPR art. 33(5)).")

    def opened(
        self,
        tx: Transaction,
        suspect: Suspect,
        nature: str,
        affected: int,
        at: float,
        *,
        opened_by: str = "",
        description: Description | None = None,
    ) -> Breach:
        """Open an entry whose people are counted. The 72 hours begin at `at`."""
        if opened_by and breach_sql.still_open(tx, opened_by) >= MOST_OPEN:
            raise TooManyRequests(f"{MOST_OPEN} entries of yours are open; close one first.")
        told = description or Description()
        breach = Breach(
            id=self._new_id(),
            aware_at=at,
            agent=suspect.agent,
            client=suspect.client,
            begins=suspect.begins,
            ends=suspect.ends,
            nature=nature,
            affected=affected,
            opened_by=opened_by,
            consequences=told.consequences,
            measures=told.measures,
            contact=told.contact,
            data=suspect.data,
        )
        breach_sql.add(tx, breach)
        breach_sql.add_entry(tx, breach.id, f"opened: {affected} people affected", at, actor=opened_by)
        if breach.agent and breach.agent != opened_by:
            # Art. 33(2): "The processor shall notify the controller without undue delay".
            subject = self._origin + BREACHES_PATH + breach.id
            self._notices.to_owner(
                *(tx, breach.agent, f"breach-{breach.id}-handle", subject, CONTROLLER_SUMMARY, at),
                due_at=breach.due_at,
            )
        return breach

    def extent(self, suspect: Suspect) -> Extent:
        """Return whose data was served in that time, to that agent through that client, and how much of it."""
        return extent(self._store, suspect)

    def affected(self, suspect: Suspect) -> list[Pod]:
        """Return the pods of which data was served in that time, to that agent through that client."""
        return list(self.extent(suspect).people)

    def tell_some(self, tx: Transaction, breach: Breach, at: float, *, after: int) -> tuple[int, int | None]:
        """Tell a batch of those affected; return how many had not been told, and the last key, None at the end."""
        self._require(breach, BreachStep.TELL)
        keys = breach_sql.pods_after(tx, after, AT_ONCE)
        count = sum(self._tell(tx, breach, pod, at) for pod, _ in hit(tx, keys, suspect_of(breach)))
        return count, keys[-1] if len(keys) == AT_ONCE else None

    def all_told(self, tx: Transaction, breach: Breach, count: int, at: float, *, actor: str = "") -> Breach:
        """Note that everybody affected was told, `count` of them now."""
        after = replace(breach, notified_at=at)
        breach_sql.save(tx, after)
        breach_sql.add_entry(tx, breach.id, f"told {count} people through their inboxes", at, actor=actor)
        return after

    def notify(self, breach_id: str, at: float) -> int:
        """Tell everybody affected who was not told yet; return how many that were. A run that broke off goes on."""
        count = 0
        after: int | None = 0
        while after is not None:
            with self._store.writing() as tx:
                breach = self.found(tx, breach_id)
                some, after = self.tell_some(tx, breach, at, after=after)
                count += some
        with self._store.writing() as tx:
            self.all_told(tx, self.found(tx, breach_id), count, at)
        return count

    def step(
        self,
        tx: Transaction,
        breach: Breach,
        step: BreachStep,
        at: float,
        *,
        text: str = "",
        description: Description | None = None,
        actor: str = "",
    ) -> Breach:
        """Take one step of the table; telling people is `tell_some`, which takes several commits."""
        self._require(breach, step)
        late = step is BreachStep.REPORT and breach.overdue(at)
        if not text.strip() and (step in NEEDS_TEXT or late):
            # Art. 33(1): a notification after 72 hours "shall be accompanied by reasons for the delay".
            raise Unprocessable(f"breach-step at /text: to {step.value}, say in words what or why.")
        after, words = _STEPS[step](breach, text.strip(), description or Description(), at)
        breach_sql.save(tx, after)
        breach_sql.add_entry(tx, breach.id, words, at, actor=actor)
        return after

    def found(self, tx: Transaction, breach_id: str) -> Breach:
        """Return an entry; raise NotFound."""
        breach = breach_sql.one(tx, breach_id)
        if breach is None:
            raise NotFound(f"The register has no breach {breach_id!r}; `portico breach list` shows them.")
        return breach

    def _require(self, breach: Breach, step: BreachStep) -> None:
        if (breach.state, step) not in STEPS:
            raise Conflict(
                f"A breach that is {breach.state.value} cannot take the step {step.value!r}; "
                "open a new entry for what was found out since."
            )
        if step in NEEDS_DESCRIPTION and not breach.described:
            raise Unprocessable(
                f"Before you {step.value}, describe the likely consequences, the measures and a contact: people "
                "must be told at least these (GDPR art. 34(2))."
            )
        if step in NEEDS_DESCRIPTION and not breach.affected:
            raise Conflict("By the log nobody is affected, so there is nobody to tell.")

    def _tell(self, tx: Transaction, breach: Breach, pod: Pod, at: float) -> int:
        if not breach_sql.note_told(tx, breach.id, pod.key, at):
            return 0
        subject = self._origin + BREACHES_PATH + breach.id
        # Art. 34(2): in clear and plain language the nature of the breach; the log in the wallet shows what was read.
        told = (breach.consequences, breach.measures, breach.contact)
        content = {
            language: "\n".join(
                [breach.nature, *(f"{name}: {text}" for name, text in zip(names, told, strict=True))]
            )
            for language, names in _PARTS.items()
        }
        self._notices.to_pod(tx, pod, f"breach-{breach.id}", subject, SUMMARY, at, content=content)
        return 1


def _noted(breach: Breach, text: str, _: Description, at: float) -> tuple[Breach, str]:
    return breach, text


def _described(breach: Breach, text: str, told: Description, at: float) -> tuple[Breach, str]:
    after = replace(
        breach,
        consequences=told.consequences or breach.consequences,
        measures=told.measures or breach.measures,
        contact=told.contact or breach.contact,
    )
    if after == breach:
        raise Unprocessable("breach-step: give consequences, measures or a contact that are new.")
    return after, f"described: {after.consequences} / {after.measures} / {after.contact}"


def _reported(breach: Breach, text: str, _: Description, at: float) -> tuple[Breach, str]:
    return replace(breach, authority_at=at), ": ".join(filter(None, ("the authority was told", text)))


def _published(breach: Breach, text: str, _: Description, at: float) -> tuple[Breach, str]:
    return replace(breach, public_at=breach.public_at or at), "made public"


def _closed(breach: Breach, text: str, _: Description, at: float) -> tuple[Breach, str]:
    return replace(breach, closed_at=at), f"closed: {text}"


_STEPS: Mapping[BreachStep, Callable[[Breach, str, Description, float], tuple[Breach, str]]] = {
    BreachStep.NOTE: _noted,
    BreachStep.DESCRIBE: _described,
    BreachStep.REPORT: _reported,
    BreachStep.PUBLISH: _published,
    BreachStep.CLOSE: _closed,
}


def suspect_of(breach: Breach) -> Suspect:
    """Return through whose access, when and to what data an entry says that it happened."""
    return Suspect(breach.begins, breach.ends, breach.agent, breach.client, breach.data)
