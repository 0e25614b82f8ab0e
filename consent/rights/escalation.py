"""Duties that nobody acknowledges: reminders, then the data protection officer, then the operator's list."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from consent import registry_sql
from consent.rights import rights_sql
from consent.rights.duties import DUTIES_PATH
from consent.rights.model import Duty, RightsRequest
from consent.rights.notices import Notices
from pods.model import Clock
from pods.recurring import recurring
from pods.storage.base import Commits, Transaction

log = logging.getLogger(__name__)

DAY = 86_400.0
EVERY_SECONDS = 3600.0  # deadlines are days: to look once an hour is soon enough
AT_ONCE = 100  # reminders of one commit


@dataclass(frozen=True, slots=True)
class Stage:
    """When a reminder is due, counted from the deadline, and what it says."""

    offset: float
    officer: bool
    """Whether it is addressed to the data protection officer as well."""
    summary: Mapping[str, str]


STAGES: tuple[Stage, ...] = (
    Stage(
        -14 * DAY,
        False,
        {
            "it": "Una richiesta che riguarda dati ricevuti da te aspetta conferma.",
            "en": "A request about data that you received waits for your acknowledgement.",
        },
    ),
    Stage(
        -3 * DAY,
        False,
        {
            "it": "Mancano tre giorni: conferma che cosa hai fatto dei dati che hai ricevuto.",
            "en": "Three days are left: say what you did with the data that you received.",
        },
    ),
    Stage(
        0.0,
        True,
        {
            "it": "Il termine è passato senza conferma. Il responsabile della protezione dei dati e il gestore sono avvisati.",
            "en": "The time is over without an acknowledgement. The data protection officer and the operator are told.",
        },
    ),
)
ESCALATED = len(STAGES)
REQUEST_STAGES: tuple[Stage, ...] = (
    Stage(
        -14 * DAY,
        False,
        {
            "it": "Una persona aspetta la tua risposta a una richiesta sui suoi diritti (GDPR, articolo 12).",
            "en": "A person waits for your answer to a request about their rights (GDPR, article 12).",
        },
    ),
    Stage(
        -3 * DAY,
        False,
        {
            "it": "Mancano tre giorni per rispondere, o per dire perché serve più tempo (GDPR, articolo 12).",
            "en": "Three days are left to answer, or to say why it takes longer (GDPR, article 12).",
        },
    ),
    Stage(
        0.0,
        True,
        {
            "it": "Il termine per rispondere è passato. La persona e il gestore sono avvisati.",
            "en": "The time to answer is over. The person and the operator are told.",
        },
    ),
)
NO_ANSWER = {
    "it": "Il termine per rispondere è passato senza risposta: puoi rivolgerti al Garante o al giudice (GDPR, articoli 77 e 79).",
    "en": "The time to answer is over and there is no answer: you may turn to the authority or a court (GDPR, articles 77 and 79).",
}


def reached(duty: Duty, at: float) -> int:
    """Return how many stages a duty has come to by the clock."""
    return sum(1 for stage in STAGES if at >= duty.due_at + stage.offset)


def escalated(tx: Transaction, at: float) -> list[Duty]:
    """Return what the operator must look after: duties past their time, the longest first."""
    return rights_sql.open_duties(tx, at, ESCALATED + 1, limit=10_000)


def late_requests(tx: Transaction, at: float) -> list[RightsRequest]:
    """Return requests whose controller owes an answer past its time."""
    return rights_sql.late(tx, at)


class Escalation:
    """Sends reminders as the clock says, on the host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._notices = Notices(origin)

    def remind_some(self, tx: Transaction, at: float) -> int:
        """Send what is due now, for so many duties and requests at most; return for how many.

        Of several stages that passed while nobody looked, only the last is sent: nobody needs three letters at once.
        """
        count = 0
        for number, stage in reversed(list(enumerate(STAGES, 1))):
            for duty in rights_sql.open_duties(tx, at - stage.offset, number, AT_ONCE - count):
                self._send(tx, duty, stage, number, at)
                count += 1
        for number, stage in reversed(list(enumerate(REQUEST_STAGES, 1))):
            for request in rights_sql.unanswered(tx, at - stage.offset, number, AT_ONCE - count):
                self._ask_again(tx, request, stage, number, at)
                count += 1
        return count

    def _send(self, tx: Transaction, duty: Duty, stage: Stage, number: int, at: float) -> None:
        self._notices.to_owner(
            *(tx, duty.recipient, f"rights-{duty.id}-{number}", self._origin + DUTIES_PATH + duty.id),
            stage.summary,
            at,
            due_at=duty.due_at,
            copy_to=_officer(tx, duty.recipient) if stage.officer else "",
            concerns=duty.pod,
        )
        rights_sql.reminded(tx, duty.id, number)

    def _ask_again(
        self, tx: Transaction, request: RightsRequest, stage: Stage, number: int, at: float
    ) -> None:
        subject = f"{self._origin}/.consent/rights/{request.id}"
        # An extension has a deadline of its own, and reminders of it.
        name = f"rights-{request.id}-{int(request.due_at // DAY)}-{number}"
        self._notices.to_owner(
            *(tx, request.controller, name, subject, stage.summary, at),
            due_at=request.due_at,
            copy_to=_officer(tx, request.controller) if stage.officer else "",
            concerns=request.pod,
        )
        pod = tx.pod_by_key(request.pod)
        if stage.offset >= 0.0 and pod is not None:
            self._notices.to_pod(tx, pod, name, subject, NO_ANSWER, at)
        rights_sql.asked_again(tx, request.id, number)


def _officer(tx: Transaction, webid: str) -> str:
    """Return the address of an organisation's data protection officer, or nothing for anybody else."""
    controller = registry_sql.controller(tx, webid)
    return f"mailto:{controller.dpo}" if controller is not None else ""


class Reminding:
    """Looks after the queues while the host serves. Several workers may: a stage that was sent is not sent again."""

    def __init__(self, escalation: Escalation, commits: Commits, clock: Clock) -> None:
        self._escalation = escalation
        self._commits = commits
        self._clock = clock

    @asynccontextmanager
    async def alongside(self) -> AsyncIterator[None]:
        """Send reminders now and then."""
        async with recurring(self._remind, EVERY_SECONDS, "reminding of duties"):
            yield

    async def _remind(self) -> None:
        while await self._commits.submit(lambda tx: self._escalation.remind_some(tx, self._clock())):
            pass
