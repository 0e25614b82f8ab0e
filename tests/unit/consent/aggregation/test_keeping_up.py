"""The projection is followed while the host serves, whatever a single look runs into."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from consent import issuers
from consent.aggregation import assembly
from consent.aggregation.projection import Projector
from consent.issuers import IssuerDirectory
from consent.main import schemas
from consent.receipts.keys import jwks
from pods.identity.schema_sql import IDENTITY
from pods.storage.sqlite import SqliteStore
from tests.unit.consent.aggregation.town import SHOP_KEY


class Stumbling(Projector):
    """A projector that fails at its first look, as at a resource nobody foresaw."""

    looks = 0

    def catch_up(self) -> int:
        self.looks += 1
        if self.looks == 1:
            raise ValueError("a resource that cannot be read")
        return super().catch_up()


def test_a_host_without_issuers_opens_no_projection(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "pods.sqlite", (*IDENTITY, *schemas()))
    projector = Projector(store, tmp_path / "projections.duckdb", IssuerDirectory(store))
    projector.keep_up()
    assert not (tmp_path / "projections.duckdb").exists()
    with store.writing() as tx:
        issuers.admit(tx, SHOP_KEY.issuer, jwks([SHOP_KEY.public()]), 0.0)
    projector.keep_up()
    assert (tmp_path / "projections.duckdb").exists()
    projector.close()
    store.close()


def test_a_pod_host_loads_no_engine_before_somebody_asks() -> None:
    code = (
        "import sys, consent.main\n"
        "print(sorted({'duckdb', 'pyarrow', 'opendp', 'numpy', 'pyshacl', 'altair'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def settled() -> None:
    """Nothing was left by anybody."""


async def test_a_failed_look_is_logged_and_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(assembly, "KEEP_UP_SECONDS", 0.01)
    store = SqliteStore(tmp_path / "pods.sqlite", (*IDENTITY, *schemas()))
    before = Projector(store, tmp_path / "projections.duckdb", IssuerDirectory(store))
    before.open()
    before.close()
    projector = Stumbling(store, tmp_path / "projections.duckdb", IssuerDirectory(store))
    following = asyncio.create_task(assembly.keep_up(projector, settled))
    async with asyncio.timeout(20):
        while projector.looks < 3:
            assert not following.done()
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert "could not be brought up to date" in caplog.text
    projector.close()
    store.close()
