"""Fixtures of the wallet's browser tests: the town, and giulia logged in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.wallet.stage import Stage, stage
from tests.browser.wallet.steps import log_in


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A town of its own for each file of tests."""
    with stage(tmp_path_factory.mktemp("town")) as made:
        yield made


@pytest.fixture
def giulia(page: Page, town: Stage) -> Page:
    """A page on which giulia has logged in."""
    log_in(page, town, "giulia")
    return page
