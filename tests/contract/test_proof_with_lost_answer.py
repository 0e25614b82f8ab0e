"""A connection that is lost once a proof is remembered: its first use is no replay, and no replay is let in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psycopg
import pytest

from pods.authn import replay_sql
from pods.authn.replay_sql import PostgresReplayGuard
from pods.errors import StoreUnavailable
from pods.protocol.dpop import Proof
from pods.storage.opening import open_database
from tests.postgres_cluster import Cluster

PROOF = Proof("key", "jti", 1.0)
OTHER = Proof("key", "another jti", 1.0)
MOST = 1 << 16  # bytes that are carried at once
SOCKET = ".s.PGSQL.5432"
COMMITTED = b"Z\0\0\0\5I"  # ReadyForQuery, in no transaction


@dataclass
class Way:
    """The way to a database. It may be cut: once that has done what it was told, before its answer is back."""

    server: Path
    cut_at: bytes = b""
    """The words at which it is cut, once."""
    carrying: set[asyncio.Task[None]] = field(default_factory=set)

    async def carry(self, there: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.carrying.add(asyncio.create_task(self._carry(there, back)))

    async def _carry(self, there: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        reader, writer = await asyncio.open_unix_connection(self.server)
        answering = asyncio.create_task(_copy(reader, back))
        try:
            while question := await there.read(MOST):
                if self.cut_at and self.cut_at in question:
                    self.cut_at = b""
                    answering.cancel()
                    await asyncio.wait([answering])
                    writer.write(question)
                    await reader.readuntil(COMMITTED)
                    break
                writer.write(question)
        finally:
            answering.cancel()
            for end in (writer, back):
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(MOST):
        writer.write(piece)
    writer.close()


@asynccontextmanager
async def way_to(postgres: Cluster, database: str) -> AsyncIterator[tuple[Way, PostgresReplayGuard]]:
    """Open a way to a database, with the memory of proofs at its beginning."""
    way = Way(postgres.folder / SOCKET)
    with TemporaryDirectory(prefix="way") as folder:
        address = database.replace(quote(str(postgres.folder), safe=""), quote(folder, safe=""))
        assert address != database
        async with await asyncio.start_unix_server(way.carry, Path(folder, SOCKET)):
            with closing(PostgresReplayGuard(address)) as guard:
                yield way, guard
            await asyncio.gather(*way.carrying)


@pytest.fixture
def database(postgres: Cluster, tmp_path: Path) -> str:
    address = postgres.create()
    opened = open_database(address, tmp_path)
    opened.commits.close()
    opened.wakeups.close()
    opened.store.close()
    return address


async def test_a_first_use_is_unknown_and_no_replay_where_the_answer_is_lost(
    postgres: Cluster, database: str
) -> None:
    async with way_to(postgres, database) as (way, guard):
        way.cut_at = b"INSERT INTO seen_proof"
        with pytest.raises(StoreUnavailable, match="new proof") as lost:
            await guard.ask(PROOF, 1.0)
        assert ("retry-after", "5") in lost.value.headers
        assert not await guard.ask(PROOF, 1.0)  # who has seen it on its way gets nothing with it
        assert await guard.ask(OTHER, 1.0)


async def test_a_proof_that_the_database_never_saw_is_good_once_it_answers(
    postgres: Cluster, database: str
) -> None:
    async with way_to(postgres, database) as (_, guard):
        assert await guard.ask(OTHER, 1.0)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert await guard.ask(PROOF, 1.0)
        assert not await guard.ask(OTHER, 1.0)


async def test_a_purge_that_fails_forgets_no_proof(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'busy'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER refuse BEFORE DELETE ON seen_proof FOR EACH STATEMENT EXECUTE FUNCTION refuse()"
        )
    monkeypatch.setattr(replay_sql, "PURGE_EVERY", 1)  # so that the test needs no thousand proofs
    with closing(PostgresReplayGuard(database)) as guard:
        assert await guard.ask(PROOF, 1.0)
        assert not await guard.ask(PROOF, 1.0)
