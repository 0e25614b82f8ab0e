"""The table of mechanisms: each stands in the code once, each test exists, and what is taken out is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.mechanisms import MECHANISMS, Mechanism
from tests.mutants.removal import ROOT, Copy, Outcome, taken_out


@pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: f"{one.attack} {one.name}")
def test_what_is_taken_out_stands_in_the_code_once_and_what_is_left_is_code(one: Mechanism) -> None:
    code = (ROOT / one.module).read_text(encoding="utf-8")
    compile(taken_out(code, one), one.module, "exec")
    module, _, test = one.test.partition("::")
    assert f"def {test}(" in (ROOT / module).read_text(encoding="utf-8")


def test_a_mechanism_that_is_gone_is_noticed_and_the_copy_is_whole_again(tmp_path: Path) -> None:
    one = next(one for one in MECHANISMS if one.name == "a grant at its end is over")
    copy = Copy(tmp_path)
    assert copy.without(one) is Outcome.FAILED
    assert (tmp_path / one.module).read_bytes() == (ROOT / one.module).read_bytes()
