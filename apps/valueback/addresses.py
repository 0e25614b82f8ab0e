"""The public addresses of value-back: every IRI that leaves this app is made here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses below `base`, such as `http://localhost:8082/valueback`."""

    base: str
    pods: str
    """Origin of the pod host that the cooperative uses."""
    wallet: str

    @property
    def shops(self) -> str:
        return f"{self.base}/shops/"

    def programme(self, name: str, version: int) -> str:
        return f"{self.base}/programmes/{name}/{version}"

    def series(self, name: str) -> str:
        return f"{self.base}/programmes/{name}"

    def run(self, run_id: str) -> str:
        return f"{self.base}/runs/{run_id}"

    def vote(self, run_id: str) -> str:
        return f"{self.base}/runs/{run_id}/vote"

    def grant(self, grant_id: str) -> str:
        return f"{self.pods}/.consent/grants/{grant_id}"
