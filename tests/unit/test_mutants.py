"""The table of mechanisms: each stands in the code once, each test exists, and what is taken out is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mechanism import Mechanism
from tests.mutants.mechanisms import MECHANISMS
from tests.mutants.removal import Copy, taken_out, taken_out_of
from tests.mutants.trial import ROOT, Outcome


@pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: f"{one.attack} {one.name}")
def test_what_is_taken_out_stands_in_the_code_once_and_what_is_left_is_code(one: Mechanism) -> None:
    code = (ROOT / one.module).read_text(encoding="utf-8")
    compile(taken_out(code, one), one.module, "exec")
    module, _, test = one.test.partition("::")
    assert f"def {test}(" in (ROOT / module).read_text(encoding="utf-8")


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
