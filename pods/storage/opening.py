"""Opens the database that the settings name: SQLite in the data folder, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from pods.settings import BadSetting
from pods.storage.base import Commits, Store
from pods.storage.commits import CommitQueue
from pods.storage.migrations import Schema
from pods.storage.sqlite import SqliteStore
from pods.storage.wakeups import FileWakeups, Wakeups

SQLITE = "pods.sqlite"
POSTGRES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Database:
    """A store, the one door to writes on it, and who tells of them."""

    store: Store
    commits: Commits
    wakeups: Wakeups


def open_database(url: str, folder: FilePath, schemas: Sequence[Schema] = ()) -> Database:
    """Open the database at `url`, or the file in `folder` if it is empty; raise BadSetting or StoreError."""
    if not url:
        store = SqliteStore(folder / SQLITE, schemas)
        wakeups = FileWakeups(store.connect)
        return Database(store, CommitQueue(store, wakeups.committed), wakeups)
    if not url.startswith(POSTGRES):
        # The address may hold a password, so the message does not repeat it.
        raise BadSetting("database: it starts with postgresql://, or is empty for SQLite in the data folder")
    # Only here: a host on SQLite needs neither the library nor the time to load it.
    from pods.storage.postgres import PostgresStore
    from pods.storage.postgres_commits import PostgresCommits
    from pods.storage.postgres_wakeups import PostgresWakeups

    served = PostgresStore(url, schemas)
    notices = PostgresWakeups(served)
    return Database(served, PostgresCommits(served, notices.committed), notices)
