"""What the tests of the whole system share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.demo_platform import Platform, running
from tests.system.whole_town import WholeTown, import_town

HOUSEHOLDS = (
    120  # well above the thirty that the demo programme asks for, so that noise cannot refuse a question
)
NOW = 1772366400.0  # 2026-03-01T12:00:00Z


@pytest.fixture(scope="session")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> WholeTown:
    """All households of the package in pods; imported once for all tests, and not changed by any."""
    return import_town(tmp_path_factory.mktemp("whole-town"), lambda: NOW)


@pytest.fixture(scope="session")
def toured_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A running demo with a small town, through which the tour went once."""
    with running(Platform(tmp_path_factory.mktemp("toured") / "var", HOUSEHOLDS)) as platform:
        told = platform.portico("tour")
        assert told.returncode == 0, told.stdout + told.stderr
        yield platform


@pytest.fixture
def quiet_town(tmp_path: Path) -> Iterator[Platform]:
    """A running demo of its own, to be killed."""
    with running(Platform(tmp_path / "var", HOUSEHOLDS)) as platform:
        yield platform
