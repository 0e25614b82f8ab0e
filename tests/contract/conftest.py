"""Every database that the host takes, opened by as many workers as a test wants."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pods.model import WebId
from pods.storage.migrations import Schema
from pods.storage.opening import Database, open_database

Opener = Callable[..., Database]


@pytest.fixture
def opener(address: str, tmp_path: Path) -> Iterator[Opener]:
    """A function that opens the database of the test as a worker does."""
    opened: list[Database] = []

    def another(schemas: Sequence[Schema] = ()) -> Database:
        opened.append(open_database(address, tmp_path, schemas))
        return opened[-1]

    yield another
    for database in opened:
        database.commits.close()
        database.wakeups.close()
        database.store.close()


@pytest.fixture
def worker(opener: Opener) -> Database:
    """A worker, in whose database anna has a pod."""
    opened = opener()
    with opened.store.writing() as tx:
        tx.add_pod("anna", WebId("http://localhost:8080/anna/profile/card#me"), 1.0)
    return opened
