"""Modules stay small enough to be read in one go."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Design §3: 300 lines are the point to split. A test module may hold a longer table of cases.
MOST_LINES = {
    "apps": 300,
    "consent": 300,
    "pods": 300,
    "vocab": 300,
    "wallet": 300,
    "deploy": 300,
    "tests": 500,
}
DRAWERS = {"utils.py", "util.py", "helpers.py", "common.py", "manager.py", "misc.py"}


@pytest.mark.parametrize(("package", "most"), MOST_LINES.items())
def test_no_module_is_too_long(package: str, most: int) -> None:
    lines = {
        str(module.relative_to(ROOT)): len(module.read_text(encoding="utf-8").splitlines())
        for module in (ROOT / package).rglob("*.py")
    }
    assert {module: count for module, count in lines.items() if count > most} == {}


@pytest.mark.parametrize("package", MOST_LINES)
def test_no_module_is_a_drawer_for_everything(package: str) -> None:
    found = [module for module in (ROOT / package).rglob("*.py") if module.name in DRAWERS]
    assert [str(module.relative_to(ROOT)) for module in found] == []
