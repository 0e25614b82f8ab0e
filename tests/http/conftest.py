"""A pod host for the tests of what clients see over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.conftest import SettableClock
from tests.pod_host import PodHost


@pytest_asyncio.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[PodHost]:
    """A host with the pods of anna and bob."""
    host = PodHost.open(tmp_path, clock)
    yield host
    await host.aclose()
