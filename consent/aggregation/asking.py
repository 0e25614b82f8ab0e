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
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from consent.aggregation import budget_sql, register_sql
from consent.aggregation.budget_sql import Budget
from consent.aggregation.document import release_document
from consent.aggregation.eligible_sql import Contributors, contributors, covers
from consent.aggregation.engine import Engine
from consent.aggregation.errors import ConsentChanging, QueryRefused, TooFewParticipants
from consent.aggregation.head_counts import HeadCounts, snapshot_of
from consent.aggregation.plan_sql import cells_of_person, plan
from consent.aggregation.programme import Programme
from consent.aggregation.programmes import Programmes
from consent.aggregation.projection import Projector
from consent.aggregation.query import Query, query
from consent.aggregation.register_sql import Question
from consent.aggregation.release import foresee, release
from consent.aggregation.sealing import Seal
from consent.model import PurposeDeclaration
from pods import activity
from pods.errors import PodError
from pods.model import Agent, Clock
from pods.storage.base import Commits, Transaction

log = logging.getLogger(__name__)

QUESTIONS_AT_ONCE = 2  # DuckDB uses every core for one question already
MAX_TRIES = 3  # consent changed under the question: compute again without those people, this often
ACTION = "aggregate"
QUESTIONS = "/.consent/questions/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: the released document, and whether it was there already."""

    document: Mapping[str, Any]
    cached: bool
    budget: Budget
    question: str


@dataclass(frozen=True, slots=True)
class _Paid:
    """A question whose cost is reserved."""

    question: Question
    query: Query
    programme: Programme
    budget: Budget
    release: str


@dataclass(frozen=True, slots=True)
class _Reserved(_Paid):
    """A question that is paid for and logged, and whose computation is under way."""

    people: Contributors
    computing: Future[str]


class Aggregation:
    """Asks questions of the projection and keeps budgets and register. One instance a process."""

    def __init__(
        self,
        *,
        commits: Commits,
        projector: Projector,
        programmes: Programmes,
        counts: HeadCounts,
        seal: Seal,
        engine: Engine,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._commits = commits
        self._projector = projector
        self._programmes = programmes
        self._counts = counts
        self._seal = seal
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._recovered = False
        self._recovering = asyncio.Lock()
        self._threads = ThreadPoolExecutor(QUESTIONS_AT_ONCE, thread_name_prefix="question")
        self._noise = ThreadPoolExecutor(1, thread_name_prefix="noise")

    async def ask(self, agent: Agent, document: Any, purpose: PurposeDeclaration) -> Answer:
        """Return the answer to a question of the controller of this purpose; raise what refuses it."""
        self._programmes.terms(
            purpose
        )  # a purpose without a programme has no register to write a refusal into
        # The process that owns the projection is the only one that computes; it cleans up after its forerunner.
        projection = await self.took_over()
        question = self._question(agent, document, purpose)
        try:
            terms = self._programmes.terms(purpose)
            asked = query(document, terms, self._programmes.fields)
            self._require_declared(asked, purpose)
            # Ahead of the release, which asks for the same: whatever is wrong with it shows there.
            self._noise.submit(foresee, asked, cells_of_person(asked, terms.l0))
            await asyncio.to_thread(self._projector.catch_up)
            prepare = partial(self._prepare, question, asked, terms, agent, purpose, projection)
            prepared = await self._commits.submit(prepare, long=True)
        except PodError as error:
            reason = str(error)
            await self._commits.submit(lambda tx: self._refuse(tx, question, reason))
            raise
        if isinstance(prepared, Answer):
            return prepared
        if isinstance(prepared, TooFewParticipants):
            raise prepared
        try:
            return await self._compute(prepared)
        except Exception as error:
            log.exception("a question failed", extra={"question": question.id})
            reason = (
                str(error) if isinstance(error, PodError) else "the computation failed; its cost stays spent"
            )
            await self._commits.submit(lambda tx: self._burn(tx, prepared, reason))
            raise

    async def took_over(self) -> str:
        """Own the projection and settle, once, what whoever had it before left; return what it is called.

        Raises AnsweredElsewhere while another process has it.
        """
        projection = await asyncio.to_thread(self._projector.identity)
        async with self._recovering:  # nobody reserves before it is done, or that were burned with the rest
            if not self._recovered:
                await self._commits.submit(partial(self._recover, projection))
                self._recovered = True
        return projection

    def _recover(self, projection: str, tx: Transaction) -> None:
        for burned in budget_sql.burn_unfinished(tx, self._clock(), projection):
            register_sql.settle_burned(tx, burned, "the host stopped while computing; the cost stays spent")
            log.warning("a reservation was burned", extra={"release": burned})

    def _question(self, agent: Agent, document: Any, purpose: PurposeDeclaration) -> Question:
        at = self._clock()
        return Question(
            id=self._new_id(),
            programme=purpose.programme or "",
            asked_at=at,
            asked_by=str(agent.webid),
            body=document,
            snapshot=snapshot_of(at),
            outcome=register_sql.RUNNING,
        )

    def _prepare(
        self,
        question: Question,
        asked: Query,
        terms: Programme,
        agent: Agent,
        purpose: PurposeDeclaration,
        projection: str,
        tx: Transaction,
    ) -> Answer | TooFewParticipants | _Reserved:
        digest = asked.digest(purpose.iri)
        known = budget_sql.stored(tx, terms.iri, digest, question.snapshot)
        if known is not None:
            entry = replace(question, outcome=register_sql.STORED, release=known[0])
            register_sql.add_question(tx, entry)
            return Answer(orjson.loads(known[1]), True, budget_sql.budget_of(tx, terms.iri), question.id)
        people = contributors(tx, purpose.iri, purpose.controller, asked.needs(), question.asked_at)
        counted = self._counts.count(tx, terms, purpose, people.participants)
        if counted["people"] < terms.min_participants:
            reason = (
                f"About {counted['people']} people take part, fewer than the {terms.min_participants} that this"
                " programme asks for. No data were read. Invite more people and ask on another day."
            )
            self._refuse(tx, question, reason)
            return TooFewParticipants(reason)
        release_id = self._new_id()
        budget_sql.reserve(
            *(tx, terms.iri, release_id, digest, question.snapshot, asked.rho, question.asked_at),
            projection=projection,
        )
        register_sql.add_question(tx, replace(question, rho=asked.rho, release=release_id))
        paid = _Paid(question, asked, terms, budget_sql.budget_of(tx, terms.iri), release_id)
        computing = self._start(paid, people)
        # Design rule 3: every contributing pod has its line, durable before anything is served. The cells are
        # computed meanwhile, and thrown away if this transaction fails.
        activity.append_many(
            tx,
            people.pods,
            agent=agent,
            path=QUESTIONS + question.id,
            action=ACTION,
            decision=activity.PERMIT,
            reason="counted in an aggregate answer",
            grants=[f"{self._seal.origin}/.consent/grants/{grant}" for grant in people.grants],
            purpose=purpose.iri,
            at=question.asked_at,
        )
        return _Reserved(question, asked, terms, paid.budget, release_id, people, computing)

    def _require_declared(self, asked: Query, purpose: PurposeDeclaration) -> None:
        for need in sorted(asked.needs()):
            if not covers(purpose.items, frozenset({need})):
                raise QueryRefused(
                    "", f"{'.'.join(need)} is not in the declaration; nobody could have granted it"
                )

    async def _compute(self, prepared: _Reserved) -> Answer:
        people, computing = prepared.people, prepared.computing
        for tries_left in reversed(range(MAX_TRIES)):
            body = await asyncio.wrap_future(computing)
            now = await self._commits.submit(partial(self._settle, prepared, people, body))
            if now is None:
                return Answer(orjson.loads(body), False, prepared.budget, prepared.question.id)
            log.info("consent changed under a question", extra={"tries_left": tries_left})
            people, computing = now, self._start(prepared, now)
        computing.cancel()
        raise ConsentChanging(
            "Consent changed while the answer was computed, again and again. Ask again later."
        )

    def _start(self, prepared: _Paid, people: Contributors) -> Future[str]:
        return self._threads.submit(self._released, prepared, people.pods)

    def _released(self, prepared: _Paid, units: tuple[int, ...]) -> str:
        planned = plan(prepared.query, prepared.programme.l0, prepared.budget.secret)
        cells = self._engine(self._projector.cursor(), planned, units)
        released = release(prepared.query, cells, l0=planned.l0, k_min=prepared.programme.k_min)
        document = release_document(
            released,
            iri=self._seal.iri(prepared.release),
            purpose=prepared.budget.purpose,
            snapshot=prepared.question.snapshot,
            at=prepared.question.asked_at,
            programme=prepared.programme,
        )
        return self._seal(document, self._clock())

    def _settle(
        self, prepared: _Reserved, people: Contributors, body: str, tx: Transaction
    ) -> Contributors | None:
        """Commit if every contributor still consents, else return those who do.

        This commit is the moment of the release: a withdrawal before it is honoured, one after it cannot be.
        """
        at = self._clock()
        if not people.unchanged(tx, at):
            now = contributors(tx, prepared.budget.purpose, people.controller, prepared.query.needs(), at)
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
