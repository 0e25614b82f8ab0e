"""What every queue of write jobs promises: a job is alone with its failure, durable when it answers, and never lost among others."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from pods.errors import StoreError
from pods.model import Path, WebId
from pods.storage.base import Commits, Pod, Store, Transaction
from pods.storage.opening import Database
from tests.contract.conftest import Opener


@pytest.fixture
def store(worker: Database) -> Store:
    return worker.store


@pytest.fixture
def commits(worker: Database) -> Commits:
    return worker.commits


def writes(name: str) -> Callable[[Transaction], str]:
    return lambda tx: tx.write(Path(f"/anna/{name}"), "text/plain", b"x", 2.0).path


def names(store: Store) -> set[str]:
    with store.reading() as tx:
        return {entry.path for entry in tx.children(Path("/anna/"))}


async def test_a_job_is_committed_when_it_answers(store: Store, commits: Commits) -> None:
    assert await commits.submit(writes("a")) == "/anna/a"
    assert names(store) == {"/anna/a"}


async def test_a_job_that_fails_takes_nobody_along(store: Store, commits: Commits) -> None:
    def fails(tx: Transaction) -> None:
        tx.write(Path("/anna/half"), "text/plain", b"x", 2.0)
        raise ValueError("mine alone")

    one, two, three = commits.submit(writes("a")), commits.submit(fails), commits.submit(writes("b"))
    results = await asyncio.gather(one, two, three, return_exceptions=True)
    assert results[0] == "/anna/a"
    assert isinstance(results[1], ValueError)
    assert names(store) == {"/anna/a", "/anna/b"}


async def test_a_pod_of_a_job_that_failed_is_known_to_nobody(store: Store, commits: Commits) -> None:
    def makes(name: str, *, fails: bool) -> Callable[[Transaction], Pod]:
        def job(tx: Transaction) -> Pod:
            made = tx.add_pod(name, WebId(f"https://{name}.example/"), 2.0)
            # On SQLite the key of the pod that was given up is the next pod's.
            assert tx.pod_by_key(made.key) == made
            if fails:
                raise ValueError("given up")
            return made

        return job

    jobs = (makes("bob", fails=True), makes("carol", fails=False), makes("dave", fails=True))
    _, carol, _ = await asyncio.gather(*map(commits.submit, jobs), return_exceptions=True)
    erin = await commits.submit(makes("erin", fails=False))
    assert isinstance(carol, Pod)
    assert (carol.name, erin.name) == ("carol", "erin")
    with store.reading() as tx:
        assert [tx.pod_by_key(made.key) for made in (carol, erin)] == [carol, erin]


async def test_jobs_run_in_the_order_of_their_arrival(store: Store, commits: Commits) -> None:
    order: list[int] = []
    await asyncio.gather(*(commits.submit(lambda tx, n=n: order.append(n)) for n in range(500)))  # type: ignore[misc]  # a default binds n
    assert order == list(range(500))


async def test_a_long_job_does_not_hold_up_reads(store: Store, commits: Commits) -> None:
    going_on, read = threading.Event(), threading.Event()

    def waits_for_a_read(tx: Transaction) -> bool:
        going_on.set()
        return writes("long")(tx) == "/anna/long" and read.wait(20)

    long = asyncio.ensure_future(commits.submit(waits_for_a_read, long=True))
    await asyncio.to_thread(going_on.wait, 20)
    assert await store.read(lambda tx: tx.get(Path("/anna/long"))) is None
    read.set()
    assert await long
    assert names(store) == {"/anna/long"}


async def test_another_writer_is_waited_for(worker: Database, opener: Opener) -> None:
    with opener().store.writing() as tx:
        tx.write(Path("/anna/outside"), "text/plain", b"x", 2.0)
        waiting = asyncio.ensure_future(worker.commits.submit(writes("a")))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting
    assert names(worker.store) == {"/anna/outside", "/anna/a"}


async def test_two_workers_share_one_database(worker: Database, opener: Opener) -> None:
    other = opener()
    jobs = [queue.submit(writes(f"{n}")) for n in range(100) for queue in (worker.commits, other.commits)]
    assert len(await asyncio.gather(*jobs)) == 200
    assert names(worker.store) == {f"/anna/{n}" for n in range(100)}


async def test_of_many_who_create_one_is_first(worker: Database, opener: Opener) -> None:
    def creates(tx: Transaction) -> bool:
        if tx.get(Path("/anna/once")) is not None:
            return False
        writes("once")(tx)
        return True

    workers = (worker, opener())
    made = await asyncio.gather(*(one.commits.submit(creates) for _ in range(50) for one in workers))
    assert sorted(made)[-2:] == [False, True]


async def test_no_worker_overwrites_what_another_added(worker: Database, opener: Opener) -> None:
    def adds(word: str) -> Callable[[Transaction], None]:
        def add(tx: Transaction) -> None:
            stored = tx.get(Path("/anna/list"))
            before = stored.content if stored is not None else b""
            tx.write(Path("/anna/list"), "text/plain", before + f"{word} ".encode(), 2.0)

        return add

    workers = (worker, opener())
    await asyncio.gather(
        *(one.commits.submit(adds(f"{n}-{place}")) for n in range(50) for place, one in enumerate(workers))
    )
    with worker.store.reading() as tx:
        stored = tx.get(Path("/anna/list"))
    assert stored is not None
    assert sorted(stored.content.decode().split()) == sorted(
        f"{n}-{place}" for n in range(50) for place in (0, 1)
    )


async def test_what_two_workers_decide_could_have_been_decided_one_after_the_other(
    worker: Database, opener: Opener
) -> None:
    # Each may take what is left of ten; both look before either has written (a write skew).
    schema = ("layer-1", ("CREATE TABLE taken (who TEXT NOT NULL, amount INTEGER NOT NULL)",))

    def takes(tx: Transaction) -> int:
        left = 10 - tx.execute("SELECT coalesce(sum(amount), 0) FROM taken")[0][0]
        amount = min(left, 3)
        if amount:
            tx.execute("INSERT INTO taken VALUES ('x', ?)", (amount,))
        return int(amount)

    workers = (opener([schema]), opener([schema]))
    taken = await asyncio.gather(*(one.commits.submit(takes) for _ in range(10) for one in workers))
    assert sum(taken) == 10


async def test_a_container_that_gets_a_member_is_not_deleted(worker: Database, opener: Opener) -> None:
    other = opener()

    async def race(number: int) -> None:
        folder = Path(f"/anna/{number}/")
        await worker.commits.submit(lambda tx: tx.write(folder, "text/turtle", b"", 2.0))
        await asyncio.gather(
            worker.commits.submit(lambda tx: tx.delete(folder, 3.0)),
            other.commits.submit(writes(f"{number}/member")),
            return_exceptions=True,
        )

    for number in range(20):
        await race(number)
    with worker.store.reading() as tx:
        for number in range(20):
            member, folder = tx.get(Path(f"/anna/{number}/member")), tx.get(Path(f"/anna/{number}/"))
            assert (member is not None) <= (folder is not None)


async def test_a_closed_queue_takes_nothing(worker: Database) -> None:
    await worker.commits.drain()
    with pytest.raises(StoreError):
        await worker.commits.submit(writes("a"))


async def test_what_was_submitted_is_finished_when_the_queue_is_drained(worker: Database) -> None:
    waiting = [asyncio.ensure_future(worker.commits.submit(writes(f"{n}"))) for n in range(40)]
    await asyncio.sleep(0)
    await worker.commits.drain()
    assert all(one.done() for one in waiting) or len(await asyncio.gather(*waiting)) == 40
    assert len(names(worker.store)) == 40


async def test_nobody_waits_for_who_has_gone(worker: Database) -> None:
    gone = asyncio.ensure_future(worker.commits.submit(writes("gone")))
    gone.cancel()
    assert await worker.commits.submit(writes("a")) == "/anna/a"
