"""What pages and API do with programmes and runs: the one place that knows who may."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool

from apps.database import Database
from apps.ledger.export import beancount
from apps.organisations import Organisation
from apps.valueback import books, figures, programmes_sql, runs_sql
from apps.valueback.ballots import Ballots
from apps.valueback.figures import RunFigures
from apps.valueback.model import BadRun, Phase, Programme, Run
from apps.valueback.programme import months_between
from apps.valueback.publishing import Publishing, require_owner
from apps.valueback.runner import Runner
from pods.model import Clock
from vocab.pages import msg


class ValueBack:
    """Programmes, runs and votes."""

    def __init__(
        self,
        database: Database,
        publishing: Publishing,
        runner: Runner,
        ballots: Ballots,
        *,
        clock: Clock,
    ) -> None:
        self.database = database
        self.publishing = publishing
        self.runner = runner
        self._ballots = ballots
        self._clock = clock

    def programmes(self) -> list[Programme]:
        with self.database.reading() as tx:
            return programmes_sql.everything(tx)

    def programme(self, name: str, version: int) -> tuple[Programme, list[RunFigures]]:
        """Return a programme with the public figures of its runs; raise Missing."""
        with self.database.reading() as tx:
            found = programmes_sql.version(tx, name, version)
            return found, figures.of_programme(tx, found)

    def run(self, run_id: str) -> tuple[Programme, RunFigures]:
        """Return a run's programme and public figures; raise Missing."""
        with self.database.reading() as tx:
            run = runs_sql.run(tx, run_id)
            programme = programmes_sql.by_iri(tx, run.programme)
            return programme, figures.of_run(tx, programme, run)

    def progress(self, cooperative: Organisation, run_id: str) -> tuple[Programme, Run, Mapping[str, int]]:
        """Return how far a run is, for those who run it: numbers of claims by state, and statements sent."""
        with self.database.reading() as tx:
            run = runs_sql.run(tx, run_id)
            programme = programmes_sql.by_iri(tx, run.programme)
            require_owner(cooperative, programme)
            numbers = {**runs_sql.figures(tx, run_id), **runs_sql.deliveries(tx, run_id)}
            return programme, run, numbers

    def budget_left(self, cooperative: Organisation, programme: Programme) -> int:
        require_owner(cooperative, programme)
        with self.database.reading() as tx:
            return figures.budget_left(tx, programme)

    def start(self, cooperative: Organisation, programme: Programme, first: str, last: str) -> Run:
        """Begin a run over whole months of a programme; the same months again give the run that there is."""
        require_owner(cooperative, programme)
        if not programme.first <= first <= last <= programme.last or months_between(first, last) < 1:
            raise BadRun(
                msg("whole months from {first} to {last}"),
                field="period",
                first=programme.first,
                last=programme.last,
            )
        with self.database.writing() as tx:
            for known in runs_sql.of_programme(tx, programme.iri):
                if (known.first, known.last) == (first, last):
                    return known
            now = self._clock()
            run = Run(secrets.token_hex(8), programme.iri, first, last, Phase.COLLECTING, now, None)
            runs_sql.add(tx, run)
            return run

    async def advance(self, cooperative: Organisation, run_id: str) -> Run:
        await run_in_threadpool(self.progress, cooperative, run_id)
        return await self.runner.advance(run_id)

    async def close(self, cooperative: Organisation, run_id: str) -> Run:
        await run_in_threadpool(self.progress, cooperative, run_id)
        return await self.runner.close(run_id)

    def vote(self, credential: str, project: str, run_id: str | None = None) -> str:
        """Count a vote and return its run; with `run_id` only if the credential is for that run."""
        with self.database.writing() as tx:
            return self._ballots.cast(tx, credential, project, run_id=run_id, at=self._clock())

    def public_books(self, programme: Programme) -> str:
        with self.database.reading() as tx:
            return "\n".join(figures.public_beancount(tx, programme)) + "\n"

    def books(self, cooperative: Organisation, programme: Programme) -> str:
        """Return a programme's ledger under its opaque account names, for the cooperative's accountant."""
        require_owner(cooperative, programme)
        with self.database.reading() as tx:
            return "\n".join(beancount(tx, cooperative.title, books.prefix(programme))) + "\n"

    def ledger_head(self) -> tuple[int, str] | None:
        with self.database.reading() as tx:
            return figures.ledger_head(tx)
