"""What rules would do to what is published, and what they did: shown to the person, who may decide otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from consent import registry_sql, wire
from consent.delegation import drafts_sql
from consent.model import Controller, ControllerState, GrantState, PurposeDeclaration
from consent.preferences import preferences_sql
from consent.preferences.model import Choice, Rule
from consent.preferences.standing import PREFERENCES_PATH
from consent.preferences.verdict import verdict
from consent.registry_sql import Purposes
from pods.storage.base import Transaction

MOST_SHOWN = 200  # purposes or decisions; more than a person reads through


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one published purpose, before and after."""

    purpose: PurposeDeclaration
    controller: Controller
    before: Choice
    after: Choice

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**_named(self.purpose, self.controller), "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class RuleDecision:
    """What a rule decided: a refusal (`never`) with where it stands now, or an answer that waits (`allow`)."""

    purpose: PurposeDeclaration
    controller: Controller
    choice: Choice
    at: float
    state: str
    open: bool
    """The person can still decide about it."""

    def plain(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            **_named(self.purpose, self.controller),
            "choice": self.choice,
            "at": wire.timestamp(self.at),
            "state": self.state,
            "open": self.open,
        }


class Effects:
    """Looks at the rules of people on the host at `origin`."""

    def __init__(self, origin: str) -> None:
        self._source = origin + PREFERENCES_PATH
        self._purposes = Purposes(origin)

    def of(self, tx: Transaction, now: Sequence[Rule], then: Sequence[Rule], at: float) -> list[Effect]:
        """Return what two sets of rules say to every purpose that is published and not over, in a fixed order."""
        controllers = {one.iri: one for one in registry_sql.controllers(tx)}
        latest: dict[str, PurposeDeclaration] = {}
        for purpose in self._purposes.all(tx):
            known = latest.get(purpose.identifier)
            if known is None or purpose.version > known.version:
                latest[purpose.identifier] = purpose
        found = [
            Effect(purpose, owner, verdict(now, purpose, owner.kind), verdict(then, purpose, owner.kind))
            for purpose in latest.values()
            if (owner := controllers.get(purpose.controller)) is not None
            and owner.state is ControllerState.APPROVED
            and purpose.active(at)
        ]
        return sorted(found, key=lambda one: (one.controller.name, one.purpose.iri))[:MOST_SHOWN]

    def decided(self, tx: Transaction, pod: int, at: float) -> list[RuleDecision]:
        """Return what rules refused or prepared for the owner of a pod, the newest first."""
        refused = preferences_sql.refused_by_rule(tx, pod, self._source, limit=MOST_SHOWN)
        drafts = [one for one in drafts_sql.of_pod(tx, pod) if one.prepared_by == self._source]
        said = [(iri, Choice.NEVER, when, state) for iri, when, state in refused]
        said += [(one.purpose, Choice.ALLOW, one.at, "prepared") for one in drafts]
        found = []
        for iri, choice, when, state in sorted(said, key=lambda one: -one[2]):
            purpose = self._purposes.by_iri(tx, iri)
            owner = registry_sql.controller(tx, purpose.controller) if purpose is not None else None
            if purpose is not None and owner is not None:
                still = purpose.active(at) and state in (GrantState.REFUSED.value, "prepared")
                found.append(RuleDecision(purpose, owner, choice, when, state, still))
        return found


def _named(purpose: PurposeDeclaration, controller: Controller) -> Mapping[str, Any]:
    return {"purpose": purpose.iri, "title": dict(purpose.title), "controller_name": controller.name}
