"""The answer to art. 15 that the host gives at once: who may use what, who did, and what left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from consent import registry_sql
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


def report(tx: Transaction, overview: Overview, origin: str, pod: Pod, at: float) -> AccessReport:
    """Return the whole answer for the owner of a pod."""
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
    return AccessReport(
        subject=pod.owner,
        storage=origin + pod.root,
        made_at=at,
        grants=tuple(overview.own(tx, pod, at)),
        uses=_summed(individual, names),
        runs=_summed(runs, names),
        results=tuple(
            Result(left.at, left.purpose, left.result)
            for left in claims_sql.of_pod(tx, pod.key, limit=MOST_RESULTS)
        ),
    )


def _summed(lines: Sequence[Line], names: Mapping[str, str]) -> tuple[Use, ...]:
    times: dict[tuple[str, str, str], list[float]] = {}
    for line in lines:
        times.setdefault((line.agent or "", line.purpose or "", line.action), []).append(line.at)
    return tuple(
        Use(agent, names.get(agent, ""), purpose, action, len(at), min(at), max(at))
        for (agent, purpose, action), at in sorted(times.items())
    )
