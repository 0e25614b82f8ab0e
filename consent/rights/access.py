"""The answer to art. 15 that the host gives at once: who may use what, who did, and what left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from consent import decided_sql, registry_sql
from consent.claims import claims_sql
from consent.model import OwnGrant
from consent.overview import Overview
from consent.rights import disclosures
from pods.activity import Line
from pods.storage.base import Pod, Transaction

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
    tx: Transaction, overview: Overview, origin: str, pod: Pod, at: float, *, most: int | None = None
) -> AccessReport:
    """Return the whole answer for the owner of a pod, or `most` of each kind and how many there are."""
    individual: list[Line] = []
    runs: list[Line] = []
    for line in disclosures.used(tx, pod):
        if line.action in disclosures.INDIVIDUAL:
            individual.append(line)
        elif line.action == disclosures.RUN:
            runs.append(line)
    names = {
        agent: found.name
        for agent in {line.agent or "" for line in (*individual, *runs)}
        if (found := registry_sql.controller(tx, agent)) is not None
    }
    uses, counted = _summed(individual, names), _summed(runs, names)
    totals: Mapping[str, int] = {}
    if most is None:
        grants = overview.own(tx, pod, at)
    else:
        totals = {
            "grants": sum(decided_sql.totals(tx, pod.key, at).states.values()),
            "uses": len(uses),
            "runs": len(counted),
            "results": claims_sql.count_of_pod(tx, pod.key),
        }
        uses, counted = _latest(uses, most), _latest(counted, most)
        grants = _some(tx, overview, pod, at, most, {use.purpose for use in (*uses, *counted)})
    return AccessReport(
        subject=pod.owner,
        storage=origin + pod.root,
        made_at=at,
        grants=tuple(grants),
        uses=uses,
        runs=counted,
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


def _summed(lines: Sequence[Line], names: Mapping[str, str]) -> tuple[Use, ...]:
    times: dict[tuple[str, str, str], list[float]] = {}
    for line in lines:
        times.setdefault((line.agent or "", line.purpose or "", line.action), []).append(line.at)
    return tuple(
        Use(agent, names.get(agent, ""), purpose, action, len(at), min(at), max(at))
        for (agent, purpose, action), at in sorted(times.items())
    )
