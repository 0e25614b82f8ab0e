"""What the tests of the whole system share."""

from __future__ import annotations

import pytest

from tests.system.whole_town import WholeTown, import_town

NOW = 1772366400.0  # 2026-03-01T12:00:00Z


@pytest.fixture(scope="session")
def whole_town(tmp_path_factory: pytest.TempPathFactory) -> WholeTown:
    """All households of the package in pods; imported once for all tests, and not changed by any."""
    return import_town(tmp_path_factory.mktemp("whole-town"), lambda: NOW)
