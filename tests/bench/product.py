"""Figures of Portico alone, each against the budget that the product states for it.

A figure is a function of an empty folder and of how many households to use; FIGURES is the list that runs.
"""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.portico import command_line


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured and what it had to reach; `at_least` tells the direction."""

    name: str
    value: float
    unit: str
    budget: float
    at_least: bool = True

    @property
    def holds(self) -> bool:
        """Whether the budget is kept."""
        return self.value >= self.budget if self.at_least else self.value <= self.budget


def import_rate(folder: Path, households: int | None) -> Figure:
    """Load real purchases into fresh pods with the operator's command, and take the rate that it tells."""
    command = [command_line(), "import", "completejourney", "--json"]
    if households is not None:
        command += ["--limit", str(households)]
    environment = {**os.environ, "PORTICO_DATA": str(folder / "data")}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=folder)
    told = json.loads(done.stdout)
    return Figure("import of signed receipts", float(told["receipts_per_second"]), "receipts/s", 1500)


FIGURES: tuple[Callable[[Path, int | None], Figure], ...] = (import_rate,)
