"""A host that serves lets the thread of the disk go on at once, and leaves the process as it found it."""

import sys
from pathlib import Path

import pytest

from pods.main import SWITCH_SECONDS, application, open_core
from pods.settings import PodSettings
from tests.conftest import SettableClock
from tests.serving import serving


def test_threads_take_turns_quickly_while_a_host_serves_and_as_before_when_it_ended(
    tmp_path: Path, clock: SettableClock
) -> None:
    before = sys.getswitchinterval()
    core = open_core(PodSettings(data=tmp_path), clock)
    with serving(application(core)):
        assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
        assert before > SWITCH_SECONDS
    assert sys.getswitchinterval() == pytest.approx(before)
