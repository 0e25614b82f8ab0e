"""A pod host for the tests of what clients see over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.conftest import SettableClock
from tests.databases import DEFAULT, POSTGRESQL, SQLITE
from tests.pod_host import PodHost

ON_BOTH = frozenset(
    [
        "test_activity",
        "test_client_credentials",
        "test_code_flow",
        "test_conditional",
        "test_permission_table",
        "test_pod_pages",
        "test_recovery",
        "test_resources",
        "test_large_content",
        "test_log_proof",
        "test_breaches",
        "test_credentials",
        "test_decisions",
        "test_grant_pages",
        "test_requests",
        "test_versions",
        "test_interleavings",
        "test_long_records",
        "test_long_log_rights",
        "test_delegation",
        "test_preferences",
        "test_duties",
        "test_person_rights",
        "test_rows",
        "test_uma",
        "test_uses",
        "test_results",
        "test_running_question",
        "test_web_sockets",
        "test_webhooks",
    ]
)
"""Modules whose tests run on SQLite and on PostgreSQL: rights, resources, log-in, the log, consent and withdrawal, notifications."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each test of these modules run on both databases."""
    if metafunc.module.__name__.rpartition(".")[2] in ON_BOTH and DEFAULT == SQLITE:
        metafunc.parametrize("database", (SQLITE, POSTGRESQL), indirect=True)


@pytest_asyncio.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[PodHost]:
    """A host with the pods of anna and bob."""
    host = PodHost.open(tmp_path, clock)
    yield host
    await host.aclose()
