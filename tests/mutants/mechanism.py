"""One mechanism: where it stands in the code, what stands there without it, and the test that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One thing that the code does against an attack."""

    attack: str
    name: str
    module: str
    code: str
    without: str
    test: str
