"""Who was actually served what of a pod, by its access log (GDPR art. 15(1)(c) and 19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pods import activity
from pods.activity import Line
from pods.storage.base import Pod, Store, Transaction

INDIVIDUAL = frozenset({"read", "claim"})
"""Actions by which data about this one person left."""
RUN = "aggregate"
"""Rec. 162: a total is no personal data, so it makes nobody a recipient; the person sees the run all the same."""
_PAGE = 1_000  # lines in memory at a time


@dataclass(frozen=True, slots=True)
class Scope:
    """Which uses of a pod a request is about: those under some grants, of one place, or all."""

    grants: frozenset[str] | None = None
    """IRIs of grants; None for any use, also one that the pod's own rules allowed."""
    agent: str | None = None
    """Somebody whose uses count whatever they went under."""
    resource: str = ""

    def holds(self, line: Line) -> bool:
        """Say whether a line of the log is in scope."""
        by_whom = self.grants is None or line.grant in self.grants or line.agent == self.agent
        # A result is computed from a whole pod: it may rest on any of its documents.
        what = not self.resource or line.action == "claim" or touches(line.path, self.resource)
        return by_whom and what


def used(tx: Transaction, pod: Pod) -> Iterator[Line]:
    """Yield what others did with data of the pod and were allowed to, the oldest first."""
    after = 0
    while page := activity.lines(tx, pod.key, after=after, limit=_PAGE):
        after = page[-1].seq
        yield from _by_others(page, pod)


def used_so_far(store: Store, pod: Pod) -> Iterator[Line]:
    """Yield the same, each page read in a transaction of its own: a long log holds no snapshot open.

    A log only grows, so pages of different moments still are one log. Not for an event loop.
    """
    after = 0
    while True:
        with store.reading() as tx:
            page = activity.lines(tx, pod.key, after=after, limit=_PAGE)
        if not page:
            return
        after = page[-1].seq
        yield from _by_others(page, pod)


def _by_others(lines: Sequence[Line], pod: Pod) -> Iterator[Line]:
    for line in lines:
        if line.decision == activity.PERMIT and line.agent is not None and line.agent != pod.owner:
            yield line


def recipients(tx: Transaction, pod: Pod, scope: Scope) -> dict[str, tuple[str, ...]]:
    """Return everybody who was served data in scope, each with the IRIs of the grants that it went under."""
    found: dict[str, dict[str, None]] = {}
    for line in used(tx, pod):
        if line.action in INDIVIDUAL and scope.holds(line):
            grants = found.setdefault(line.agent or "", {})
            if line.grant is not None:
                grants[line.grant] = None
    return {agent: tuple(grants) for agent, grants in sorted(found.items())}


def touches(path: str, resource: str) -> bool:
    """Say whether one of two places lies in the other, as a container and its member do."""
    return (
        path == resource
        or (resource.endswith("/") and path.startswith(resource))
        or (path.endswith("/") and resource.startswith(path))
    )
