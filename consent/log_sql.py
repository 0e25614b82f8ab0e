"""The access log as its owner reads it: newest first, with names for controllers and purposes."""

from __future__ import annotations

from consent import registry_sql
from consent.model import LogLine
from consent.registry_sql import Purposes
from pods import activity
from pods.activity import Line
from pods.storage.base import Transaction


def newest(tx: Transaction, purposes: Purposes, pod: int, *, before: int | None, limit: int) -> list[LogLine]:
    """Return lines of a pod's log, newest first, from the one below number `before` on."""
    return named(tx, purposes, activity.newest(tx, pod, before=before, limit=limit))


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
