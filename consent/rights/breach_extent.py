"""Who is affected by a breach, by the access logs: the lines of a time, an agent and a client (GDPR art. 33(3)(a))."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consent.rights import breach_sql
from consent.rights.disclosures import INDIVIDUAL, touches
from pods import activity
from pods.activity import Line
from pods.storage.base import Pod, Store, Transaction
from vocab.shapes import SHAPES

AT_ONCE = 50  # pods of one commit; other writers wait no longer than that takes


@dataclass(frozen=True, slots=True)
class Suspect:
    """Through whose access data got out, and when: an agent, a client, or an agent with a client."""

    begins: float
    ends: float
    agent: str = ""
    client: str = ""
    data: tuple[str, ...] = ()
    """Shapes of the data that got out; none means whatever was served."""


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
    # What an organisation read of its own is no disclosure to it.
    pods = [pod for key in keys if (pod := tx.pod_by_key(key)) is not None and pod.owner != suspect.agent]
    return [(pod, lines) for pod in pods if (lines := _served(tx, pod, suspect))]


def _served(tx: Transaction, pod: Pod, suspect: Suspect) -> list[Line]:
    places = [pod.root + SHAPES[shape].container for shape in suspect.data]
    return [
        line
        for line in activity.between(tx, pod.key, suspect.begins, suspect.ends)
        if line.decision == activity.PERMIT
        and line.action in INDIVIDUAL
        and (not suspect.agent or line.agent == suspect.agent)
        and (not suspect.client or line.client == suspect.client)
        # A result is computed from a whole pod: it may rest on any kind of data.
        and (not places or line.action == "claim" or any(touches(line.path, place) for place in places))
    ]
