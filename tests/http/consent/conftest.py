"""A town with consent for the tests of what clients see over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.conftest import SettableClock
from tests.consent_host import Town, town


@pytest_asyncio.fixture
async def host(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    """A host with anna's pod."""
    async with town(tmp_path, clock) as found:
        yield found
