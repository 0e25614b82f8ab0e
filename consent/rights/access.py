"""The answer to art. 15 that the host gives at once: who may use what, who did, and what left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from consent import decided_sql, registry_sql
from consent.claims import claims_sql
from consent.model import OwnGrant
from consent.overview import Overview
from consent.rights import disclosures
from pods.storage.base import Pod, Store, Transaction

_Counts = dict[tuple[str, str, str], tuple[int, float, float]]
MOST_RESULTS = 100_000  # a claim a month of a thousand programmes over eight years


@dataclass(frozen=True, slots=True)
class Use:
    """What one recipient was actually served for one purpose: the disclosure that art. 15(1)(c) asks for."""

    recipient: str
    name: str
    """The registered name, if it is an organisation of this host."""
    purpose: str
    action: str
    times: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Result:
    """A result that was computed from the pod and left."""

    at: float
    purpose: str
    result: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccessReport:
    """Everything that the host can say about a person's data. The data itself is in the pod, which is theirs."""

    subject: str
    storage: str
    """Where the data is and came from: what is kept of a person is in their pod, and nowhere else on the host."""
    made_at: float
    grants: tuple[OwnGrant, ...]
    """Each with controller, purpose, legal basis, categories, recipients foreseen, retention and period."""
    uses: tuple[Use, ...]
    """Individual disclosures."""
    runs: tuple[Use, ...]
    """Aggregate runs that counted the person: totals, which make nobody a recipient."""
    results: tuple[Result, ...]
    totals: Mapping[str, int] = field(default_factory=dict)
    """How many of each kind there are, where not all of them are told."""


def report(
    store: Store, overview: Overview, origin: str, pod: Pod, at: float, *, most: int | None = None
) -> AccessReport:
    """Return the whole answer for the owner of a pod, or `most` of each kind and how many there are.

    It opens every line of the log: not for an event loop.
    """
    counted = _counted(store, pod)
    with store.reading() as tx:
        uses, runs = (_summed(tx, found) for found in counted)
        totals: Mapping[str, int] = {}
        if most is None:
            grants = overview.own(tx, pod, at)
        else:
            totals = {
                "grants": sum(decided_sql.totals(tx, pod.key, at).states.values()),
                "uses": len(uses),
                "runs": len(runs),
                "results": claims_sql.count_of_pod(tx, pod.key),
            }
            uses, runs = _latest(uses, most), _latest(runs, most)
            grants = _some(tx, overview, pod, at, most, {use.purpose for use in (*uses, *runs)})
        return AccessReport(
            subject=pod.owner,
            storage=origin + pod.root,
            made_at=at,
            grants=tuple(grants),
            uses=uses,
            runs=runs,
            results=tuple(
                Result(left.at, left.purpose, left.result)
                for left in claims_sql.of_pod(tx, pod.key, limit=most or MOST_RESULTS)
            ),
            totals=totals,
        )


def _latest(uses: Sequence[Use], most: int) -> tuple[Use, ...]:
    return tuple(sorted(uses, key=lambda use: -use.last)[:most])


def _some(
    tx: Transaction, overview: Overview, pod: Pod, at: float, most: int, used: Collection[str]
) -> list[OwnGrant]:
    """Return the latest decisions, and those about what the uses that are told went under: they explain them."""
    found: dict[str, OwnGrant] = {
        grant.purpose.iri: grant for grant in overview.page(tx, pod, at, limit=most).grants
    }
    for iri in sorted(set(used) - set(found)):
        if (grant := overview.about(tx, pod, iri, at)) is not None:
            found[iri] = grant
    return list(found.values())


def _counted(store: Store, pod: Pod) -> tuple[_Counts, _Counts]:
    """Return times, first and last of individual disclosures and of aggregate runs; no line is kept."""
    individual: _Counts = {}
    runs: _Counts = {}
    for line in disclosures.used_so_far(store, pod):
        if line.action in disclosures.INDIVIDUAL:
            counts = individual
        elif line.action == disclosures.RUN:
            counts = runs
        else:
            continue
        key = line.agent or "", line.purpose or "", line.action
        times, first, last = counts.get(key, (0, line.at, line.at))
        counts[key] = times + 1, min(first, line.at), max(last, line.at)
    return individual, runs


def _summed(tx: Transaction, counts: _Counts) -> tuple[Use, ...]:
    names = registry_sql.names(tx, {agent for agent, _, _ in counts})
    return tuple(
        Use(agent, names.get(agent, ""), purpose, action, times, first, last)
        for (agent, purpose, action), (times, first, last) in sorted(counts.items())
    )
