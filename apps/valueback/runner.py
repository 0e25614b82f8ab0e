"""A run from its first claim to its last cent, in steps that a crash at any moment only delays."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.concurrency import run_in_threadpool

from apps.database import Database
from apps.valueback import books, programmes_sql, runs_sql, statement, votes_sql
from apps.valueback.addresses import Addresses
from apps.valueback.allotment import allotted, payout
from apps.valueback.ballots import Ballots
from apps.valueback.collecting import collect, withdrawn
from apps.valueback.host import HostKeys
from apps.valueback.model import NEXT, BadRun, ClaimState, Phase, Programme, Run, Share
from consent.client import AccessRefused, ServiceClient
from consent.model import OutputMode
from pods.client import SolidError
from pods.model import Clock
from vocab.pages import msg

BATCH = 100  # shares booked in one commit, statements fetched at once
DAY = 86_400.0

Clients = Callable[[str], ServiceClient]
"""Gives the service client of an organisation by its name."""


class Runner:
    """Moves runs on. Two runners of the same run do no harm: every step is done once, by whoever is first."""

    def __init__(
        self,
        database: Database,
        clients: Clients,
        keys: HostKeys,
        ballots: Ballots,
        addresses: Addresses,
        *,
        clock: Clock,
    ) -> None:
        self._database = database
        self._clients = clients
        self._keys = keys
        self._ballots = ballots
        self._addresses = addresses
        self._clock = clock
        self._steps: Mapping[Phase, Callable[[Programme, Run], Awaitable[None]]] = {
            Phase.COLLECTING: self._collect,
            Phase.POSTING: self._post,
            Phase.DELIVERING: self._deliver,
        }

    async def advance(self, run_id: str) -> Run:
        """Take a run as far as it goes without its members: to the opening of the vote.

        Raises what the network raises; then the run stays in its phase, and the next call goes on.
        """
        while True:
            programme, run = await run_in_threadpool(self._read, run_id)
            step = self._steps.get(run.phase)
            if step is None:
                return run
            await step(programme, run)

    async def close(self, run_id: str) -> Run:
        """Count the votes after the closing date and pay the pool out; raise BadRun before that."""
        return await run_in_threadpool(self._close, run_id)

    async def _collect(self, programme: Programme, run: Run) -> None:
        await collect(self._database, self._keys, self._clients(programme.organisation), programme, run)
        await run_in_threadpool(self._allot, programme, run)

    def _allot(self, programme: Programme, run: Run) -> None:
        """Fix everybody's share in the transaction that ends collecting: later claims come too late."""
        with self._database.writing() as tx:
            if not runs_sql.advance(tx, run.id, Phase.COLLECTING, NEXT[Phase.COLLECTING]):
                return
            counted = [one for one in runs_sql.claims(tx, run.id) if one.state is ClaimState.COUNTED]
            amounts = {one.pairwise: one.amount for one in counted}
            left = books.available_budget(tx, programme) - runs_sql.promised(tx, programme.iri)
            runs_sql.add_shares(tx, run.id, allotted(programme, amounts, left))

    async def _post(self, programme: Programme, run: Run) -> None:
        while await run_in_threadpool(self._post_some, programme, run):
            pass

    def _post_some(self, programme: Programme, run: Run) -> int:
        """Book a batch; share, ledger and outbox change in one transaction, or none of them does."""
        at = self._clock()
        with self._database.writing() as tx:
            batch = runs_sql.shares(tx, run.id, unbooked=True, limit=BATCH)
            for share in batch:
                worth = share.share + share.pool > 0
                txn = books.book_share(tx, programme, share, at=at) if worth else None
                runs_sql.booked(tx, share, txn)
            if not batch:
                runs_sql.advance(tx, run.id, Phase.POSTING, NEXT[Phase.POSTING])
            return len(batch)

    async def _deliver(self, programme: Programme, run: Run) -> None:
        client = self._clients(programme.organisation)
        while batch := await run_in_threadpool(self._waiting, run):
            for share in batch:
                refused = not await self._append(client, programme, run, share)
                await run_in_threadpool(self._sent, share, refused)
        await run_in_threadpool(self._open_vote, programme, run)

    async def _append(self, client: ServiceClient, programme: Programme, run: Run, share: Share) -> bool:
        """Put the statement into the pod; False if the consent was withdrawn. The money stays the member's."""
        content = statement.document(programme, run, share, self._addresses, self._ballots)
        try:
            await client.append(share.grant, content, statement.TURTLE, str(programme.purpose))
        except (AccessRefused, SolidError) as error:
            purpose = str(programme.purpose)
            if await withdrawn(client, purpose, share.grant, "ValueShare", OutputMode.APPEND, error):
                return False
            raise
        return True

    def _waiting(self, run: Run) -> list[Share]:
        with self._database.reading() as tx:
            return runs_sql.waiting(tx, run.id, BATCH)

    def _sent(self, share: Share, refused: bool) -> None:
        with self._database.writing() as tx:
            runs_sql.sent(tx, share, self._clock(), refused=refused)

    def _open_vote(self, programme: Programme, run: Run) -> None:
        with self._database.writing() as tx:
            runs_sql.open_vote(tx, run.id, self._clock() + programme.vote_days * DAY)
            runs_sql.advance(tx, run.id, Phase.DELIVERING, NEXT[Phase.DELIVERING])

    def _close(self, run_id: str) -> Run:
        at = self._clock()
        with self._database.writing() as tx:
            run = runs_sql.run(tx, run_id)
            if run.phase is Phase.CLOSED:
                return run
            if run.phase is not Phase.VOTING or run.vote_until is None or at < run.vote_until:
                raise BadRun(msg("the vote is not over; the pool is paid out after its closing date"))
            programme = programmes_sql.by_iri(tx, run.programme)
            pool = sum(share.pool for share in runs_sql.shares(tx, run_id))
            parts = payout(pool, votes_sql.result(tx, run_id), [one.id for one in programme.projects])
            if parts:
                books.pay_projects(tx, programme, run_id, parts, at=at)
            runs_sql.advance(tx, run_id, Phase.VOTING, NEXT[Phase.VOTING])
            return runs_sql.run(tx, run_id)

    def _read(self, run_id: str) -> tuple[Programme, Run]:
        with self._database.reading() as tx:
            run = runs_sql.run(tx, run_id)
            return programmes_sql.by_iri(tx, run.programme), run
