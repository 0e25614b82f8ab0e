"""Collecting: one claim for each grant in force, checked, and each receipt of a programme counted once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool

from apps.database import Database
from apps.valueback import runs_sql
from apps.valueback.host import HostKeys, HostUnreliable
from apps.valueback.model import Claim, ClaimState, Programme, Run
from consent.client import AccessRefused, ServiceClient
from consent.model import OutputMode, ServiceGrant
from pods.client import SolidError

TOGETHER = 8  # claims asked for at once; each makes the pod host read a pod
_NOT_ALLOWED = 403  # the host read the grant and says that it does not cover this


async def collect(
    database: Database, keys: HostKeys, client: ServiceClient, programme: Programme, run: Run
) -> None:
    """Ask for every claim that the run does not have yet, and store each as it arrives.

    A grant that is withdrawn while the run goes on is passed over. If the host fails, the exception goes
    up and the run stays where it is: what was stored is not asked for again.
    """
    purpose = str(programme.purpose)
    known = await run_in_threadpool(_known, database, run)
    waiting = [
        grant
        for grant in await client.grants(purpose)
        if grant.id not in known and covers(grant, programme.rule.shape, OutputMode.CLAIM)
    ]
    room = asyncio.Semaphore(TOGETHER)

    async def one(grant: ServiceGrant) -> None:
        async with room:
            said = await _claimed(client, keys, programme, run, grant)
        await run_in_threadpool(_store, database, programme, run, grant, said)

    try:
        async with asyncio.TaskGroup() as group:
            for grant in waiting:
                group.create_task(one(grant))
    except ExceptionGroup as failures:
        # The others were cancelled; what they did is stored, and the first reason is the one to show.
        raise failures.exceptions[0] from failures


def covers(grant: ServiceGrant, shape: str, mode: OutputMode) -> bool:
    """Say whether a grant lets the cooperative do this; a person may allow one part and not the other."""
    return any(item.shape == shape and item.mode is mode for item in grant.items)


async def withdrawn(
    client: ServiceClient, purpose: str, grant_id: str, shape: str, mode: OutputMode, error: Exception
) -> bool:
    """Say whether a refusal means that the person does not allow this (any more).

    A host that is busy or restarting refuses as well; nobody loses their share for that. So the list of
    grants in force decides, and only a refusal of the grant's own scope counts while it is on the list.
    """
    if isinstance(error, SolidError) and error.status == _NOT_ALLOWED:
        return True
    return not any(one.id == grant_id and covers(one, shape, mode) for one in await client.grants(purpose))


async def _claimed(
    client: ServiceClient, keys: HostKeys, programme: Programme, run: Run, grant: ServiceGrant
) -> Mapping[str, Any] | None:
    period = {"from": run.first, "to": run.last}
    body = {"rule": programme.rule.iri, "period": period, "programme": dict(programme.document)}
    try:
        answer = await client.claim(grant.id, body, str(programme.purpose))
    except (AccessRefused, SolidError) as error:
        shape = programme.rule.shape
        if await withdrawn(client, str(programme.purpose), grant.id, shape, OutputMode.CLAIM, error):
            return None
        raise
    expected = {
        "grant": grant.id,
        "pairwise": grant.pairwise,
        "programme": programme.iri,
        "period": period,
        "rule": programme.rule.iri,
        "terms": programme.digest,
    }
    return await keys.verified(str(answer.get("jws", "")), expected)


def _known(database: Database, run: Run) -> set[str]:
    with database.reading() as tx:
        return runs_sql.asked_grants(tx, run.id)


def _store(
    database: Database, programme: Programme, run: Run, grant: ServiceGrant, said: Mapping[str, Any] | None
) -> None:
    """Store one claim with its nullifiers, or none of it."""
    with database.writing() as tx:
        if said is None:
            runs_sql.add_claim(tx, Claim(run.id, grant.id, grant.pairwise, ClaimState.WITHDRAWN, 0, 0))
            return
        nullifiers = [str(one) for one in said["nullifiers"]]
        amount, count = int(said["amount"]), int(said["count"])
        if len(set(nullifiers)) != count or amount < 0:
            raise HostUnreliable("the claim's result does not fit its own numbers")
        # One host never counts a receipt twice; if two hosts did, no sum can say how much of it is new.
        disputed = bool(runs_sql.known_nullifiers(tx, programme.series, nullifiers))
        state = ClaimState.DISPUTED if disputed else ClaimState.COUNTED if amount else ClaimState.EMPTY
        counted = state is ClaimState.COUNTED
        claim = Claim(
            run.id, grant.id, grant.pairwise, state, amount if counted else 0, count if counted else 0
        )
        if runs_sql.add_claim(tx, claim) and counted:
            runs_sql.add_nullifiers(tx, programme.series, run.id, nullifiers)
