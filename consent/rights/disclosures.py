"""Who was actually served what of a pod, by its access log (GDPR art. 15(1)(c) and 19)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pods import activity
from pods.activity import Line
from pods.storage.base import Pod, Store, Transaction

T = TypeVar("T")
INDIVIDUAL = frozenset({"read", "claim"})
"""Actions by which data about this one person left."""
RUN = "aggregate"
"""Rec. 162: a total is no personal data, so it makes nobody a recipient; the person sees the run all the same."""
_PAGE = 1_000  # lines in memory at a time
TAIL = 500  # lines that are opened within a commit: some milliseconds, in which nobody else writes


@dataclass(frozen=True, slots=True)
class Scope:
    """Which uses of a pod a request is about: those under some grants, of one place, or all."""

    grants: frozenset[str] | None = None
    """IRIs of grants; None for any use, also one that the pod's own rules allowed."""
    agent: str | None = None
    """Somebody whose uses count whatever they went under."""
    resource: str = ""

    def reached(self, agent: str, grant: str | None) -> bool:
        """Say whether a use by somebody under a grant, or under none, is in scope."""
        return self.grants is None or grant in self.grants or agent == self.agent


@dataclass(frozen=True, slots=True)
class Looked:
    """Who was served what touches a resource of a pod, by the lines of its log up to a number."""

    pod: int
    resource: str
    upto: int
    served: frozenset[tuple[str, str | None]]
    """Agents, each with the IRI of a grant that it was served under."""


class LongLog(Exception):
    """There are more lines than a commit should open: `look` at them beforehand, and commit with what was found."""

    def __init__(self, pod: Pod, resource: str) -> None:
        super().__init__(f"more than {TAIL} lines of the log were not looked at")
        self.pod = pod
        self.resource = resource


def used_so_far(store: Store, pod: Pod) -> Iterator[Line]:
    """Yield what others did with data of the pod and were allowed to, the oldest first.

    Each page is read in a transaction of its own: a long log holds no snapshot open. A log only grows, so pages of
    different moments still are one log. Not for an event loop.
    """
    for page in _pages(store, pod, 0):
        yield from _by_others(page, pod)


def _pages(store: Store, pod: Pod, after: int) -> Iterator[Sequence[Line]]:
    while True:
        with store.reading() as tx:
            page = activity.lines(tx, pod.key, after=after, limit=_PAGE)
        if not page:
            return
        after = page[-1].seq
        yield page


def _by_others(lines: Sequence[Line], pod: Pod) -> Iterator[Line]:
    for line in lines:
        if line.decision == activity.PERMIT and line.agent is not None and line.agent != pod.owner:
            yield line


def look(store: Store, long: LongLog, before: Looked | None = None) -> Looked:
    """Look through a log that is too long for a commit, from where somebody looked before. Not for an event loop."""
    found = _so_far(long.pod, long.resource, before)
    for page in _pages(store, long.pod, found.upto):
        found = _further(found, page, long.pod)
    return found


def after_looking(store: Store, job: Callable[[Looked | None], T]) -> T:
    """Do what commits by itself, and again with what stands in a long log; for programs without an event loop."""
    looked: Looked | None = None
    while True:
        try:
            return job(looked)
        except LongLog as long:
            looked = look(store, long, looked)


def recipients(
    tx: Transaction, pod: Pod, scope: Scope, looked: Looked | None = None
) -> dict[str, tuple[str, ...]]:
    """Return everybody who was served data in scope, each with the IRIs of the grants that it went under.

    What was written since somebody `looked` is read here. Raises LongLog where that is too much for a commit.
    """
    found = _so_far(pod, scope.resource, looked)
    newest = activity.newest(tx, pod.key, limit=1)
    if newest and newest[0].seq - found.upto > TAIL:
        raise LongLog(pod, scope.resource)
    found = _further(found, activity.lines(tx, pod.key, after=found.upto, limit=TAIL), pod)
    served: dict[str, list[str]] = {}
    for agent, grant in sorted(found.served, key=lambda pair: (pair[0], pair[1] or "")):
        if scope.reached(agent, grant):
            served.setdefault(agent, []).extend([grant] if grant is not None else [])
    return {agent: tuple(grants) for agent, grants in served.items()}


def _so_far(pod: Pod, resource: str, looked: Looked | None) -> Looked:
    if looked is not None and (looked.pod, looked.resource) == (pod.key, resource):
        return looked
    return Looked(pod.key, resource, 0, frozenset())


def _further(looked: Looked, lines: Sequence[Line], pod: Pod) -> Looked:
    """Return what somebody found who read on for some lines."""
    if not lines:
        return looked
    # A result is computed from a whole pod: it may rest on any of its documents.
    more = {
        (line.agent or "", line.grant)
        for line in _by_others(lines, pod)
        if line.action in INDIVIDUAL
        and (not looked.resource or line.action == "claim" or touches(line.path, looked.resource))
    }
    return replace(looked, upto=lines[-1].seq, served=looked.served | more)


def touches(path: str, resource: str) -> bool:
    """Say whether one of two places lies in the other, as a container and its member do."""
    return (
        path == resource
        or (resource.endswith("/") and path.startswith(resource))
        or (path.endswith("/") and resource.startswith(path))
    )
