"""The table of mechanisms: each stands in the code once, each test exists, and what is taken out is noticed."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.mechanism import Mechanism
from tests.mutants.mechanisms import MECHANISMS
from tests.mutants.removal import Copy, taken_out, taken_out_of
from tests.mutants.trial import ROOT, Outcome

TWINS = "test_attacks_14_and_15_what_is_not_granted_changes_no_answer"


@pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: f"{one.attack} {one.name}")
def test_what_is_taken_out_stands_in_the_code_once_and_what_is_left_is_code(one: Mechanism) -> None:
    code = (ROOT / one.module).read_text(encoding="utf-8")
    compile(taken_out(code, one), one.module, "exec")
    module, _, test = one.test.partition("::")
    assert f"def {test}(" in (ROOT / module).read_text(encoding="utf-8")


DRAWN = {"given", "run_state_machine_as_test"}


@cache
def parts_of(module: str) -> dict[str, ast.AST]:
    """Return the functions and classes of a test module by their names, if it draws cases at all."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    imported = [one for one in tree.body if isinstance(one, ast.ImportFrom)]
    if not DRAWN & {name.name for one in imported for name in one.names}:
        return {}
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {one.name: one for one in tree.body if isinstance(one, named)}


def draws_its_cases(test: str) -> bool:
    """Say whether a test, or what it uses of its module, has other cases in each run."""
    module, _, name = test.partition("::")
    parts, seen = parts_of(module), set[str]()
    waiting = [name] if parts else []
    while waiting:
        name = waiting.pop()
        seen.add(name)
        used = {one.id for one in ast.walk(parts[name]) if isinstance(one, ast.Name)}
        if used & DRAWN:
            return True
        waiting += (used & parts.keys()) - seen
    return False


def test_each_is_noticed_by_a_test_that_is_the_same_in_every_run() -> None:
    """A property finds what nobody thought of, but in some runs only: then a mechanism could go unnoticed."""
    assert draws_its_cases("tests/property/test_rows_differential.py::" + TWINS)
    assert [one.name for one in MECHANISMS if draws_its_cases(one.test)] == []


def test_every_attack_has_a_mechanism_that_is_taken_out() -> None:
    taken = {number for one in MECHANISMS for number in one.attack.split(", ")}
    assert taken == {str(number) for number in range(1, 35)}


def test_the_table_of_the_threats_is_this_one() -> None:
    text = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8")
    section = text.partition("## Mechanisms that were taken out\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    told = {
        f"| {one.attack} | {one.name} | `{one.module}` | `{one.test.rpartition('::')[2]}` |"
        for one in MECHANISMS
    }
    assert set(rows) == told
    assert f"the {len(MECHANISMS)} mechanisms" in section


def test_a_mechanism_that_is_gone_is_noticed_and_the_copy_is_whole_again(tmp_path: Path) -> None:
    one = next(one for one in MECHANISMS if one.name == "a grant at its end is over")
    copy = Copy(tmp_path)
    ((_, _, outcome),) = taken_out_of([copy], [one])
    assert outcome is Outcome.FAILED
    assert (tmp_path / one.module).read_bytes() == (ROOT / one.module).read_bytes()
