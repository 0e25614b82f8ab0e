"""A short soak in the default run: mixed load from several clients, every answer checked."""

from pathlib import Path

from tests.soak.__main__ import soak
from tests.soak.memory import slope

SECONDS = 8.0


def test_no_answer_under_mixed_load_is_wrong(tmp_path: Path) -> None:
    outcome = soak(SECONDS, tmp_path)
    assert outcome.wrong() == []
    assert len(outcome.tally.seconds) >= 20, "kinds of work that were done"
    assert len(outcome.memory.held) >= 2, "processes that were watched"


def test_memory_that_grows_is_told_from_memory_that_moves() -> None:
    assert slope([100, 101, 102, 103]) == 3
    assert abs(slope([100, 110, 100, 110, 100, 110, 100])) < 1
