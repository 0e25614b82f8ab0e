"""On which database the hosts of a test are: SQLite in their folder, or PostgreSQL in the tests' own cluster.

PORTICO_TEST_DATABASE=postgresql lets every host of a run be on PostgreSQL. Without it, tests are on SQLite but
for the modules that tests/http/conftest.py runs on both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres_cluster import Cluster

SQLITE, POSTGRESQL = "sqlite", "postgresql"
DEFAULT = os.environ.get("PORTICO_TEST_DATABASE", SQLITE)


class _Current:
    """The databases of the test that runs."""

    def __init__(self) -> None:
        self.address: Callable[[Path], str] = lambda _: ""
        self.spare: dict[Path, list[str]] = {}
        """Databases that earlier tests have left, by their cluster."""


_current = _Current()


def database_of(folder: Path) -> str:
    """Return the setting `database` of a host in this folder; two hosts in one folder share it."""
    return _current.address(folder)


@contextmanager
def on_postgresql(cluster: Cluster) -> Iterator[None]:
    """Let hosts that open meanwhile be on databases of the cluster, which are emptied at the end."""
    known: dict[Path, str] = {}
    spare = _current.spare.setdefault(cluster.folder, [])

    def address(folder: Path) -> str:
        if folder not in known:
            known[folder] = spare.pop() if spare else _made(cluster)
        return known[folder]

    before, _current.address = _current.address, address
    try:
        yield
    finally:
        _current.address = before
        for url in known.values():
            cluster.empty(url)
            spare.append(url)


def _made(cluster: Cluster) -> str:
    """Return a new database that has every table already."""
    # Only here, since every test run loads this module, and most need no host.
    from consent.main import schemas
    from pods.identity.schema_sql import IDENTITY
    from pods.storage.postgres import PostgresStore

    url = cluster.create()
    PostgresStore(url, (*IDENTITY, *schemas())).close()
    return url
