"""Figures of Portico alone, each against the budget that the product states for it.

A figure is a function of the ground it stands on; FIGURES is the list that runs, in this order, on one ground.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import question
from tests.bench.portico import Running, command_line
from tests.bench.servers import free_port


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured and what it had to reach; `at_least` tells the direction."""

    name: str
    value: float
    unit: str
    budget: float | None
    """None for a figure that is stated, and has nothing to reach."""
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        if self.budget is None:
            return True
        return self.value >= self.budget if self.at_least else self.value <= self.budget

    def told(self) -> str:
        """Return the figure as a line of the report."""
        said = f"{self.name}: {self.value:,.1f} {self.unit}"
        if self.budget is None:
            return said
        return f"{said}, budget {self.budget:g}: {'kept' if self.holds else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class Ground:
    """An empty folder, the origin that the pods in it will have, and how many households to use (None: all)."""

    folder: Path
    origin: str
    households: int | None

    @property
    def data(self) -> Path:
        return self.folder / "data"


def ground(folder: Path, households: int | None) -> Ground:
    """Return the ground of all figures in an empty folder."""
    return Ground(folder, f"http://localhost:{free_port()}", households)


def at_rest(host: Running) -> Figure:
    """Return what one worker of the plain pod host weighs before its first request."""
    return Figure("memory of a worker at rest", host.memory(), "MB", 150, at_least=False)


def start_up(host: Running) -> Figure:
    """Return how long the pod host took from its command to its first answer."""
    return Figure("start of the pod host", host.started_in, "s", 5, at_least=False)


def import_rate(on: Ground) -> Figure:
    """Load real purchases into fresh pods with the operator's command, and take the rate that it tells."""
    command = [command_line(), "import", "completejourney", "--json"]
    if on.households is not None:
        command += ["--limit", str(on.households)]
    environment = {**os.environ, "PORTICO_DATA": str(on.data), "PORTICO_POD_URL": on.origin}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=on.folder)
    told = json.loads(done.stdout)
    return Figure("import of signed receipts", float(told["receipts_per_second"]), "receipts/s", 1500)


def price_of_consent(on: Ground) -> Figure:
    """Ask over the imported pods, and compare with the same SQL on one table without pods or consent."""
    ratio = question.price(on.data, on.origin)
    return Figure("a question over all pods", ratio, "x the SQL on one table", 5, at_least=False)


FIGURES: tuple[Callable[[Ground], Figure], ...] = (import_rate, price_of_consent)
