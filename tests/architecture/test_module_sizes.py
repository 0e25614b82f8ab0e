"""Modules stay small enough to be read in one go."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("apps", "consent", "pods", "vocab", "wallet", "tests", "deploy")
MOST_LINES = 300  # the point to split, design §3

MODULES = sorted(module for package in PACKAGES for module in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_module_has_at_most_300_lines(module: Path) -> None:
    lines = len(module.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: split it at a job of its own"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_a_drawer_for_everything(package: str) -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "common.py", "manager.py", "misc.py"}
    found = [
        str(module.relative_to(ROOT)) for module in (ROOT / package).rglob("*.py") if module.name in drawers
    ]
    assert found == []
