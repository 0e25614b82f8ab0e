"""The access log as its owner reads it: newest first, with names for controllers and purposes."""

from __future__ import annotations

from dataclasses import dataclass

from consent import registry_sql
from consent.log_filter import EVERYTHING, LogFilter
from consent.model import LogLine
from consent.registry_sql import Purposes
from pods import activity
from pods.activity import Line
from pods.storage.base import Transaction

SCANNED = 1_000  # lines opened at a time: they are sealed, and nothing but opening them tells what they say
MOST_SCANNED = 20_000  # for one answer; below a second, and `after` says where the next one goes on
LATE = 3600.0  # seconds by which the times of neighbouring lines may differ from their order


@dataclass(frozen=True, slots=True)
class Found:
    """Lines, newest first, and the number below which to go on looking; None where there is nothing more."""

    lines: list[LogLine]
    after: int | None


def newest(
    tx: Transaction,
    purposes: Purposes,
    pod: int,
    *,
    before: int | None,
    limit: int,
    wanted: LogFilter = EVERYTHING,
    page: int = SCANNED,
    most: int = MOST_SCANNED,
) -> Found:
    """Return lines of a pod's log that are wanted, newest first, from the one below number `before` on.

    A rare line may lie far back: then the answer has fewer lines, even none, and says where to go on.
    """
    if wanted == EVERYTHING:
        lines = activity.newest(tx, pod, before=before, limit=limit)
        return Found(named(tx, purposes, lines), lines[-1].seq if len(lines) == limit else None)
    kept: list[Line] = []
    scanned = 0
    while opened := activity.newest(tx, pod, before=before, limit=page):
        for line in opened:
            before, scanned = line.seq, scanned + 1
            if wanted.start is not None and line.at < wanted.start - LATE:
                return Found(named(tx, purposes, kept), None)
            if wanted.fits(line):
                kept.append(line)
            if len(kept) == limit or scanned == most:
                return Found(named(tx, purposes, kept), before)
    return Found(named(tx, purposes, kept), None)


def named(tx: Transaction, purposes: Purposes, lines: list[Line]) -> list[LogLine]:
    """Return lines with the names that people know controllers and purposes by."""
    agents = {line.agent for line in lines if line.agent is not None}
    names = {
        agent: found.name for agent in agents if (found := registry_sql.controller(tx, agent)) is not None
    }
    titles = purposes.titles(tx, sorted({line.purpose for line in lines if line.purpose is not None}))
    return [
        LogLine(
            seq=line.seq,
            at=line.at,
            agent=line.agent,
            agent_name=names.get(line.agent or ""),
            client=line.client,
            path=line.path,
            action=line.action,
            permitted=line.decision == activity.PERMIT,
            reason=line.reason,
            grant=line.grant,
            purpose=line.purpose,
            purpose_title=titles.get(line.purpose or "", {}),
            digest=line.digest.hex(),
        )
        for line in lines
    ]
