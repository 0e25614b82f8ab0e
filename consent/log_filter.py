"""Which lines of an access log somebody asks for: by who it was, purpose, decision and time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from consent.wire import seconds, timestamp

PERMIT, DENY = "permit", "deny"


class Logged(Protocol):
    """What a line says as far as a filter looks at it."""

    @property
    def at(self) -> float: ...
    @property
    def agent(self) -> str | None: ...
    @property
    def purpose(self) -> str | None: ...
    @property
    def decision(self) -> str: ...


@dataclass(frozen=True, slots=True)
class LogFilter:
    """All that is not None must hold of a line. `purpose` that ends in `/` stands for all versions of a purpose."""

    agent: str | None = None
    purpose: str | None = None
    decision: str | None = None
    start: float | None = None
    end: float | None = None
    """The first moment that is too late."""

    def fits(self, line: Logged) -> bool:
        """Say whether a line is asked for."""
        return (
            (self.agent is None or line.agent == self.agent)
            and (self.decision is None or line.decision == self.decision)
            and (self.start is None or line.at >= self.start)
            and (self.end is None or line.at < self.end)
            and (self.purpose is None or self._about(line.purpose or ""))
        )

    def _about(self, purpose: str) -> bool:
        wanted = self.purpose or ""
        return purpose.startswith(wanted) if wanted.endswith("/") else purpose == wanted

    def query(self) -> dict[str, str]:
        """Return the filter as parameters of an address."""
        times = {"from": self.start, "until": self.end}
        texts = {"agent": self.agent, "purpose": self.purpose, "decision": self.decision}
        return {
            **{name: value for name, value in texts.items() if value is not None},
            **{name: timestamp(at) for name, at in times.items() if at is not None},
        }


EVERYTHING = LogFilter()


def log_filter(parameters: Mapping[str, str]) -> LogFilter:
    """Return the filter that `query` wrote; raise ValueError naming the parameter that is wrong."""
    decision = parameters.get("decision")
    if decision not in (None, PERMIT, DENY):
        raise ValueError(f"?decision= is {PERMIT} or {DENY}")
    times: dict[str, float | None] = {}
    for name in ("from", "until"):
        text = parameters.get(name)
        try:
            times[name] = seconds(text) if text is not None else None
        except ValueError as error:
            raise ValueError(f"?{name}= is a time such as 2026-11-22T08:00:00Z") from error
    return LogFilter(
        parameters.get("agent"), parameters.get("purpose"), decision, times["from"], times["until"]
    )
