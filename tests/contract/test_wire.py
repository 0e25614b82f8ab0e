"""A connection to PostgreSQL on the event loop: answers in order, whatever their size, and errors where they belong."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors as pg

from pods.errors import PodError
from pods.model import Path
from pods.storage import dialect, postgres_wire
from pods.storage.base import Transaction
from pods.storage.opening import Database
from pods.storage.postgres_wire import Wire
from pods.storage.postgres_wires import Digests, Keys, Texts, Times, Wires
from tests.postgres_cluster import Cluster

BEGIN, COMMIT = dialect.Statement(b"BEGIN"), dialect.Statement(b"COMMIT")


@pytest.fixture
def address(postgres: Cluster) -> Iterator[str]:
    url = postgres.create()
    yield url
    postgres.drop(url)


async def opened(address: str) -> tuple[Wires, Wire]:
    wires = Wires(address, 1)
    return wires, await wires.open()


async def test_answers_come_in_order_whatever_their_size(address: str) -> None:
    wires, wire = await opened(address)
    sizes = (1, 3_000_000, 0, 5_000_000, 17)
    answers = [wire.send(dialect.statement("SELECT ?::bytea"), (b"x" * size,)) for size in sizes]
    wire.flush()
    assert [len((await answer.awaited())[0][0]) for answer in answers] == list(sizes)
    wires.close()


async def test_lists_are_single_parameters(address: str) -> None:
    wires, wire = await opened(address)
    sent = wire.send(
        dialect.statement("SELECT ?::text[], ?::bytea[], ?::float8[], ?::bigint[]"),
        (Texts(["è", ""]), Digests([b"\0", b"a"]), Times([1.5]), Keys([-1, 1 << 40])),
    )
    wire.flush()
    assert await sent.awaited() == [(["è", ""], [b"\0", b"a"], [1.5], [-1, 1 << 40])]
    with pytest.raises(psycopg.DataError, match="NUL"):
        wire.send(dialect.statement("SELECT ?::text[]"), (Texts(["a\0b"]),))
    wires.close()


async def test_what_follows_an_error_fails_with_it_and_nothing_is_committed(address: str) -> None:
    wires, wire = await opened(address)
    wire.send(BEGIN)
    wire.send(dialect.Statement(b"CREATE TABLE t (a INT PRIMARY KEY)"))
    wire.send(dialect.statement("SELECT 1 / ?"), (0,))
    after = wire.send(dialect.statement("SELECT 1"))
    wire.flush()
    with pytest.raises(pg.DivisionByZero):
        await after.awaited()
    later, end = wire.send(dialect.statement("SELECT 2")), wire.send(COMMIT)
    wire.flush()
    with pytest.raises(pg.DivisionByZero):
        await later.awaited()
    with pytest.raises(pg.DivisionByZero):
        await end.awaited()
    end = wire.send(COMMIT)
    wire.flush()
    await end.awaited()
    there = wire.send(dialect.statement("SELECT to_regclass('t')"))
    wire.flush()
    assert await there.awaited() == [(None,)]
    assert end.tag == b"ROLLBACK"
    wires.close()


async def test_more_statements_than_are_kept_are_answered_too(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_wire, "MOST_PREPARED", 3)  # a limit, so that the test needs no thousands
    wires, wire = await opened(address)
    answers = [wire.send(dialect.statement(f"SELECT {n % 6} + ?"), (n,)) for n in range(30)]
    wire.flush()
    assert [await answer.awaited() for answer in answers] == [[(n % 6 + n,)] for n in range(30)]
    wires.close()


async def test_a_lost_connection_tells_everybody_who_waits_and_makes_room(
    address: str, postgres: Cluster
) -> None:
    wires, wire = await opened(address)
    waiting = [wire.send(dialect.Statement(b"SELECT pg_sleep(60)", gives_rows=True)) for _ in range(2)]
    wire.flush()
    with psycopg.connect(postgres.url(), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
        )
    results = await asyncio.gather(*(one.awaited() for one in waiting), return_exceptions=True)
    assert all(isinstance(result, psycopg.OperationalError) for result in results)
    wires.give(wire)
    assert wires.room
    assert wires.idle() is None
    wires.close()


async def test_a_read_that_fails_takes_none_along_that_share_its_snapshot(worker: Database) -> None:
    def fails(tx: Transaction) -> None:
        tx.execute("SELECT 1 / ?", (0,))

    reads = [worker.store.read(lambda tx: tx.first_of([Path("/anna")])) for _ in range(5)]
    bad = [worker.store.read(fails), worker.store.read(lambda tx: tx.get(Path("/anna/\0")))]
    pages = [worker.store.read(lambda tx: tx.children(Path("/anna/"))) for _ in range(3)]
    results = await asyncio.gather(*reads, *bad, *pages, return_exceptions=True)
    assert [isinstance(result, PodError) for result in results] == [
        *[False] * 5,
        *[True] * 2,
        *[False] * 3,
    ]


async def test_reads_of_a_snapshot_see_all_that_was_acknowledged_before_they_came(worker: Database) -> None:
    async def one(name: str) -> bool:
        path = Path(f"/anna/{name}")
        await worker.commits.submit(lambda tx: tx.write(path, "text/plain", b"x", 2.0))
        return await worker.store.read(lambda tx: tx.get(path)) is not None

    assert all(await asyncio.gather(*(one(f"{n}") for n in range(60))))
