"""The data folder of a host is its operator's alone."""

import stat
from pathlib import Path

from pods.main import open_core
from pods.settings import PodSettings
from tests.conftest import SettableClock


def test_nobody_else_on_the_machine_may_look_into_the_data_folder(
    tmp_path: Path, clock: SettableClock
) -> None:
    core = open_core(PodSettings(data=tmp_path / "var"), clock)
    core.close()
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
