"""Who is affected by a breach, by the access logs: the lines of a time, an agent and a client (GDPR art. 33(3)(a))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consent.rights import breach_sql
from consent.rights.disclosures import INDIVIDUAL
from pods import activity
from pods.activity import Line
from pods.storage.base import Pod, Store, Transaction

AT_ONCE = 50  # pods of one commit; other writers wait no longer than that takes


@dataclass(frozen=True, slots=True)
class Suspect:
    """Through whose access data got out, and when: an agent, a client, or an agent with a client."""

    begins: float
    ends: float
    agent: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a breach reaches, as art. 33(3)(a) asks: people, and what was read of theirs."""

    people: tuple[Pod, ...] = field(default=(), repr=False)
    uses: int = 0
    documents: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    """Documents by the container of pods that they lie in: purchases, participation, profile."""


def extent(store: Store, suspect: Suspect) -> Extent:
    """Count over all pods, in short transactions; not for an event loop."""
    people: list[Pod] = []
    uses = 0
    documents: set[str] = set()
    after: int | None = 0
    while after is not None:
        with store.reading() as tx:
            keys = breach_sql.pods_after(tx, after, AT_ONCE)
            for pod, lines in hit(tx, keys, suspect):
                people.append(pod)
                uses += len(lines)
                documents |= {line.path for line in lines if not line.path.endswith("/")}
        after = keys[-1] if len(keys) == AT_ONCE else None
    places = Counter(parts[2] for path in documents if len(parts := path.split("/")) > 3)
    return Extent(tuple(people), uses, len(documents), dict(sorted(places.items())))


def hit(tx: Transaction, keys: Sequence[int], suspect: Suspect) -> list[tuple[Pod, list[Line]]]:
    """Return those of some pods of which data was served, with the lines that say so."""
    found = [(tx.pod_by_key(key), _served(tx, key, suspect)) for key in keys]
    # What an organisation read of its own is no disclosure to it.
    return [(pod, lines) for pod, lines in found if pod and lines and pod.owner != suspect.agent]


def _served(tx: Transaction, pod: int, suspect: Suspect) -> list[Line]:
    return [
        line
        for line in activity.between(tx, pod, suspect.begins, suspect.ends)
        if line.decision == activity.PERMIT
        and line.action in INDIVIDUAL
        and (not suspect.agent or line.agent == suspect.agent)
        and (not suspect.client or line.client == suspect.client)
    ]
