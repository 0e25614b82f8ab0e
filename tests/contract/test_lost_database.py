"""A database that goes away is an error that says to try again; when it is back, the same worker goes on."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pods.authn.replay_sql import PostgresReplayGuard
from pods.errors import StoreUnavailable
from pods.http.problem import status_of
from pods.model import Path as ResourcePath
from pods.model import WebId
from pods.protocol.dpop import Proof
from pods.settings import BadSetting
from pods.storage import postgres_connection
from pods.storage.base import Transaction
from pods.storage.opening import Database, open_database
from tests.postgres_cluster import Cluster, NoPostgres, cluster


@pytest.fixture
def fragile() -> Iterator[Cluster]:
    """A server that a test may stop."""
    try:
        with cluster() as running:
            yield running
    except NoPostgres as missing:
        pytest.skip(str(missing))


def writes(name: str) -> Callable[[Transaction], str]:
    return lambda tx: tx.write(ResourcePath(f"/anna/{name}"), "text/plain", b"x", 2.0).path


def opened(address: str, folder: Path) -> Database:
    worker = open_database(address, folder)
    with worker.store.writing() as tx:
        tx.add_pod("anna", WebId("http://a"), 1.0)
    return worker


async def test_a_worker_outlives_a_crash_of_its_database(fragile: Cluster, tmp_path: Path) -> None:
    address = fragile.create()
    worker = opened(address, tmp_path)
    guard = PostgresReplayGuard(address)
    await asyncio.gather(*(worker.store.read(lambda tx: tx.pod("anna")) for _ in range(8)))
    await worker.commits.submit(writes("before"))
    await worker.wakeups.wait(0.5)
    fragile.stop("immediate")
    with pytest.raises(StoreUnavailable) as read:
        await worker.store.read(lambda tx: tx.pod("anna"))
    with pytest.raises(StoreUnavailable):
        await worker.commits.submit(writes("lost"))
    assert status_of(read.value) == 503
    fragile.start()
    assert await worker.commits.submit(writes("after")) == "/anna/after"
    found = await worker.store.read(lambda tx: tx.children(ResourcePath("/anna/")))
    assert [entry.path for entry in found] == ["/anna/after", "/anna/before"]
    assert guard.first_use(Proof("key", "jti", 1.0), 1.0)
    guard.close()
    await worker.commits.drain()
    worker.commits.close()
    worker.wakeups.close()
    worker.store.close()


def test_a_machine_that_is_gone_without_a_word_is_noticed_from_both_sides(postgres: Cluster) -> None:
    address = postgres.create()
    with closing(postgres_connection.connect(address)) as connection:
        assert connection.execute("SHOW client_connection_check_interval").fetchone() == ("10s",)
        known = connection.info.get_parameters()
    postgres.drop(address)
    assert {name: known.get(name) for name in postgres_connection.GONE} == {
        name: str(value) for name, value in postgres_connection.GONE.items()
    }


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="town at 127") as refused:
        open_database("postgresql://portico:very-secret@127.0.0.1:1/town", tmp_path)
    assert "very-secret" not in str(refused.value)


def test_an_address_of_another_kind_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as refused:
        open_database("mysql://portico:very-secret@127.0.0.1/town", tmp_path)
    assert "very-secret" not in str(refused.value)
