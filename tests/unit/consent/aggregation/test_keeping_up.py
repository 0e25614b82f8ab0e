"""The projection is followed while the host serves, whatever a single look runs into."""

import asyncio
from pathlib import Path

import pytest

from consent.aggregation import assembly
from consent.aggregation.projection import Projector
from consent.issuers import IssuerDirectory
from consent.main import schemas
from pods.identity.schema_sql import IDENTITY
from pods.storage.sqlite import SqliteStore


class Stumbling(Projector):
    """A projector that fails at its first look, as at a resource nobody foresaw."""

    looks = 0

    def catch_up(self) -> int:
        self.looks += 1
        if self.looks == 1:
            raise ValueError("a resource that cannot be read")
        return super().catch_up()


async def test_a_failed_look_is_logged_and_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(assembly, "KEEP_UP_SECONDS", 0.01)
    store = SqliteStore(tmp_path / "pods.sqlite", (*IDENTITY, *schemas()))
    projector = Stumbling(store, tmp_path / "projections.duckdb", IssuerDirectory(store))
    following = asyncio.create_task(assembly.keep_up(projector))
    async with asyncio.timeout(20):
        while projector.looks < 3:
            assert not following.done()
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert "could not be brought up to date" in caplog.text
    projector.close()
    store.close()
