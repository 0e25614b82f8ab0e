"""A short soak in the default run: mixed load from several clients, every answer checked."""

from pathlib import Path

from tests.soak.__main__ import soak

SECONDS = 8.0


def test_no_answer_under_mixed_load_is_wrong(tmp_path: Path) -> None:
    tally, memory = soak(SECONDS, tmp_path)
    assert not tally.wrong
    assert len(tally.seconds) >= 10, "kinds of work that were done"
    assert memory
