"""One aggregate question from the closed query to the release: reserve, log, compute, check again, commit.

A question belongs to a snapshot, the calendar day in UTC on which it is asked. Within a day the same question has
one answer. The day is set by the calendar and never by the data: if a changed consent made a new snapshot, the
price of asking again would tell that somebody had just joined or left. Different questions of a day may see
different states of consent; they are covered because the unit of privacy is a citizen with everything they ever
had or decided, and rho adds up over all releases of the programme, however they were chosen.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from consent.aggregation import budget_sql, register_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.document import head_count_document, release_document
from consent.aggregation.eligible_sql import Contributors, contributors, covers
from consent.aggregation.engine import exact_cells
from consent.aggregation.errors import ConsentChanging, QueryRefused, TooFewParticipants
from consent.aggregation.fields import Fields
from consent.aggregation.plan_sql import plan
from consent.aggregation.programme import PARTICIPANTS_RHO, Programme, programme
from consent.aggregation.projection import Projector
from consent.aggregation.query import Query, query
from consent.aggregation.register_sql import Question
from consent.aggregation.release import head_count, release
from consent.model import PurposeDeclaration
from pods import activity
from pods.errors import NotFound, PodError
from pods.model import Agent, Clock
from pods.storage.base import Commits, Store, Transaction

log = logging.getLogger(__name__)

MAX_TRIES = 3  # consent changed under the question: compute again without those people, this often
ACTION = "aggregate"
PARTICIPANTS = "participants"  # the query hash of a head count
RELEASES = "/.consent/releases/"
QUESTIONS = "/.consent/questions/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: the released document, and whether it was there already."""

    document: Mapping[str, Any]
    cached: bool
    budget: Budget
    question: str


@dataclass(frozen=True, slots=True)
class _Reserved:
    """A question that is paid for and logged, ready to be computed."""

    question: Question
    query: Query
    programme: Programme
    budget: Budget
    people: Contributors
    release: str


class Aggregation:
    """Asks questions of the projection and keeps budgets and register. One instance a process."""

    def __init__(
        self,
        *,
        store: Store,
        commits: Commits,
        projector: Projector,
        clock: Clock,
        new_id: Callable[[], str],
        origin: str,
        sign: Callable[[Mapping[str, Any], str], str],
    ) -> None:
        self._store = store
        self._commits = commits
        self._projector = projector
        self._clock = clock
        self._new_id = new_id
        self._origin = origin
        self._sign = sign
        self._fields = Fields()

    def terms(self, purpose: PurposeDeclaration) -> Programme:
        """Return the programme that is part of a declaration; raise NotFound where there is none."""
        document = purpose.document.get("programme")
        if purpose.programme is None or document is None:
            raise NotFound(f"{purpose.iri} declares no aggregate programme.")
        return programme(purpose.programme, document, self._fields)

    def published(self, tx: Transaction, purpose: PurposeDeclaration, at: float) -> None:
        """Open the budget of a programme in the transaction that publishes it; refuse terms that cannot hold."""
        if "programme" not in purpose.document:
            return
        try:
            terms = self.terms(purpose)
        except QueryRefused as error:
            raise QueryRefused("/programme" + error.pointer, error.sentence) from error
        for index, field in enumerate(terms.dimensions.values()):
            if not covers(purpose.items, frozenset({(field.shape, field.property_name)})):
                message = f"{field.name!r} is not among the items with the mode aggregateOnly; add it there"
                raise QueryRefused(f"/programme/dimensions/{index}", message)
        secret = bytes.fromhex(self._new_id() + self._new_id())
        budget_sql.open_budget(
            tx,
            Budget(terms.iri, purpose.iri, purpose.controller, terms.rho_total, 0, secret, at),
        )

    async def ask(self, agent: Agent, document: Any, purpose: PurposeDeclaration) -> Answer:
        """Return the answer to a question of the controller of this purpose; raise what refuses it."""
        question = self._question(agent, document, purpose)
        try:
            prepared = await self._commits.submit(lambda tx: self._prepare(tx, question, agent, purpose))
        except PodError:
            await self._commits.submit(lambda tx: self._refuse(tx, question, str(error)))
            raise
        if isinstance(prepared, Answer):
            return prepared
        if isinstance(prepared, TooFewParticipants):
            raise prepared
        try:
            return await self._compute(prepared, purpose)
        except BaseException as error:
            log.exception("a question failed", extra={"question": question.id})
            reason = (
                str(error) if isinstance(error, PodError) else "the computation failed; its cost stays spent"
            )
            await self._commits.submit(lambda tx: self._burn(tx, prepared, reason))
            raise

    async def participants(self, purpose: PurposeDeclaration) -> Mapping[str, Any]:
        """Return the noisy number of participants of this day; the first call of a day pays for it."""
        terms = self.terms(purpose)

        def job(tx: Transaction) -> Mapping[str, Any]:
            people = contributors(tx, purpose.iri, frozenset(), self._clock()).participants
            return self._head_count(tx, terms, purpose, people)

        return await self._commits.submit(job)

    def recover(self, tx: Transaction) -> list[str]:
        """After a crash: burn what was reserved, close what was running; return the burned releases."""
        register_sql.settle_unfinished(tx, "the host stopped while computing; the cost stays spent")
        return budget_sql.burn_unfinished(tx, self._clock())

    def snapshot(self, at: float) -> str:
        """Return the snapshot that a time belongs to: the day in UTC."""
        return datetime.fromtimestamp(at, UTC).date().isoformat()

    def _question(self, agent: Agent, document: Any, purpose: PurposeDeclaration) -> Question:
        at = self._clock()
        return Question(
            id=self._new_id(),
            programme=purpose.programme or "",
            asked_at=at,
            asked_by=str(agent.webid),
            body=document,
            snapshot=self.snapshot(at),
            outcome=register_sql.RUNNING,
        )

    def _prepare(
        self, tx: Transaction, question: Question, agent: Agent, purpose: PurposeDeclaration
    ) -> Answer | TooFewParticipants | _Reserved:
        terms = self.terms(purpose)
        asked = query(question.body, terms, self._fields)
        self._require_declared(asked, purpose)
        digest = asked.digest(purpose.iri)
        known = budget_sql.stored(tx, terms.iri, digest, question.snapshot)
        if known is not None:
            entry = replace(question, outcome=register_sql.STORED, release=known[0])
            register_sql.add_question(tx, entry)
            return Answer(orjson.loads(known[1]), True, budget_sql.budget_of(tx, terms.iri), question.id)
        people = contributors(tx, purpose.iri, asked.needs(), question.asked_at)
        counted = self._head_count(tx, terms, purpose, people.participants)
        if counted["people"] < terms.min_participants:
            reason = (
                f"About {counted['people']} people take part, fewer than the {terms.min_participants} that this"
                " programme asks for. No data were read. Invite more people and ask on another day."
            )
            self._refuse(tx, question, reason)
            return TooFewParticipants(reason)
        release_id = self._new_id()
        budget_sql.reserve(tx, terms.iri, release_id, digest, question.snapshot, asked.rho, question.asked_at)
        register_sql.add_question(tx, replace(question, rho=asked.rho, release=release_id))
        # Design rule 3: every contributing pod has its line, durable before anything is served.
        activity.append_many(
            tx,
            people.pods,
            agent=agent,
            path=QUESTIONS + question.id,
            action=ACTION,
            decision=activity.PERMIT,
            reason="counted in an aggregate answer",
            grants=[f"{self._origin}/.consent/grants/{grant}" for grant in people.grants],
            purpose=purpose.iri,
            at=question.asked_at,
        )
        budget = budget_sql.budget_of(tx, terms.iri)
        return _Reserved(question, asked, terms, budget, people, release_id)

    def _require_declared(self, asked: Query, purpose: PurposeDeclaration) -> None:
        for need in sorted(asked.needs()):
            if not covers(purpose.items, frozenset({need})):
                raise QueryRefused(
                    "", f"{'.'.join(need)} is not in the declaration; nobody could have granted it"
                )

    def _head_count(
        self, tx: Transaction, terms: Programme, purpose: PurposeDeclaration, people: int
    ) -> Mapping[str, Any]:
        at = self._clock()
        snapshot = self.snapshot(at)
        known = budget_sql.stored(tx, terms.iri, PARTICIPANTS, snapshot)
        if known is not None:
            stored: dict[str, Any] = orjson.loads(known[1])
            return stored
        release_id = self._new_id()
        budget_sql.reserve(tx, terms.iri, release_id, PARTICIPANTS, snapshot, PARTICIPANTS_RHO, at)
        document = head_count_document(
            head_count(people, PARTICIPANTS_RHO),
            iri=self._origin + RELEASES + release_id,
            purpose=purpose.iri,
            snapshot=snapshot,
            at=at,
        )
        budget_sql.commit(tx, release_id, orjson.dumps(document).decode(), at)
        return document

    async def _compute(self, prepared: _Reserved, purpose: PurposeDeclaration) -> Answer:
        await asyncio.to_thread(self._projector.catch_up)
        people = prepared.people
        for tries_left in reversed(range(MAX_TRIES)):
            body = await asyncio.to_thread(self._released, prepared, people.pods, purpose)
            now = await self._commits.submit(
                lambda tx, body=body, people=people: self._settle(tx, prepared, people, body)
            )
            if now is None:
                return Answer(orjson.loads(body), False, prepared.budget, prepared.question.id)
            log.info("consent changed under a question", extra={"tries_left": tries_left})
            people = now
        raise ConsentChanging(
            "Consent changed while the answer was computed, again and again. Ask again later."
        )

    def _released(self, prepared: _Reserved, units: tuple[int, ...], purpose: PurposeDeclaration) -> str:
        planned = plan(prepared.query, prepared.programme.l0, prepared.budget.secret)
        cells = exact_cells(self._projector.cursor(), planned, units)
        released = release(prepared.query, cells, l0=planned.l0, k_min=prepared.programme.k_min)
        document = release_document(
            released,
            iri=self._origin + RELEASES + prepared.release,
            purpose=purpose.iri,
            snapshot=prepared.question.snapshot,
            at=prepared.question.asked_at,
            programme=prepared.programme,
        )
        return orjson.dumps(document).decode()

    def _settle(
        self, tx: Transaction, prepared: _Reserved, people: Contributors, body: str
    ) -> Contributors | None:
        """Commit if every contributor still consents, else return those who do.

        This commit is the moment of the release: a withdrawal before it is honoured, one after it cannot be.
        """
        at = self._clock()
        now = contributors(tx, prepared.budget.purpose, prepared.query.needs(), at)
        kept = people.kept(now)
        if kept.pods != people.pods:
            return kept
        budget_sql.commit(tx, prepared.release, body, at)
        register_sql.settle_question(tx, prepared.question.id, register_sql.ANSWERED)
        return None

    def _refuse(self, tx: Transaction, question: Question, reason: str) -> None:
        register_sql.add_question(tx, replace(question, outcome=register_sql.REFUSED, reason=reason))

    def _burn(self, tx: Transaction, prepared: _Reserved, reason: str) -> None:
        budget_sql.burn(tx, prepared.release, self._clock())
        register_sql.settle_question(tx, prepared.question.id, register_sql.FAILED, reason)
