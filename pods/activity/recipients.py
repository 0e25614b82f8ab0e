"""Who got what, by the access log: of one pod (GDPR art. 15(1)(c), 19), and of all pods at once (art. 33, 34)."""

from __future__ import annotations

from dataclasses import dataclass

from pods.activity import keys_sql, reading
from pods.activity.line import PERMIT, hour_of
from pods.model import WebId
from pods.storage.base import Transaction
from pods.transparency import records

SERVED = frozenset({"read", "claim", "aggregate"})
"""Actions by which something of a pod reached somebody; writing into it reaches nobody."""


@dataclass(frozen=True, slots=True)
class Served:
    """Somebody who was served data of a pod, for one purpose: how often, and from when to when."""

    agent: WebId
    purpose: str | None
    action: str
    times: int
    first: float
    last: float


def served_to(tx: Transaction, pod: int) -> list[Served]:
    """Return everybody but the owner who was served data of the pod, by agent, purpose and way."""
    owner = found.owner if (found := tx.pod_by_key(pod)) is not None else None
    spans: dict[tuple[str, str, str], list[float]] = {}
    after = 0
    while page := reading.lines(tx, pod, after=after, limit=reading.PAGE):
        after = page[-1].seq
        for line in page:
            if line.decision == PERMIT and line.action in SERVED and line.agent not in (None, owner):
                spans.setdefault((line.agent or "", line.purpose or "", line.action), []).append(line.at)
    return [
        Served(WebId(agent), purpose or None, action, len(times), min(times), max(times))
        for (agent, purpose, action), times in sorted(spans.items())
    ]


def affected(tx: Transaction, agent: WebId, start: float, end: float) -> list[int]:
    """Return the pods of which the agent was served data between two times, the end not included.

    Lines stand by the hour, and each log marks the agent in its own way: first the marks, then those lines alone.
    """
    rows = tx.execute(
        "SELECT DISTINCT pod, tag FROM access_line WHERE hour >= ? AND hour < ? AND tag IS NOT NULL",
        (hour_of(start), end),
    )
    marks = {(pod, bytes(tag)) for pod, tag in rows}
    marked = [pod for pod, key in keys_sql.keys(tx) if (pod, records.tag(key, agent)) in marks]
    return [pod for pod in marked if _served(tx, pod, agent, start, end)]


def _served(tx: Transaction, pod: int, agent: WebId, start: float, end: float) -> bool:
    return any(
        line.agent == agent and line.decision == PERMIT and line.action in SERVED
        for line in reading.between(tx, pod, start, end)
    )
