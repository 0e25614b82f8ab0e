"""A database of any earlier schema, with rows in it, becomes one of today's; many workers may try at once."""

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from consent.main import schemas
from pods.identity.schema_sql import IDENTITY
from pods.model import Path as ResourcePath
from pods.notify.schema_sql import NOTIFY_1
from pods.storage import migrations, postgres_schema
from pods.storage.migrations import PODS, Schema
from pods.storage.opening import open_database
from pods.storage.postgres_connection import connect
from pods.storage.transaction import ENTRY_BYTES

LAYERS: tuple[Schema, ...] = (*IDENTITY, NOTIFY_1, *schemas())
EVERY = (*PODS, *LAYERS)
TURTLE = b"<#a> <#b> <#c>."
# Rows as each step's own tables took them: a step that changes a table later finds some in it.
ROWS: dict[str, Sequence[str]] = {
    "pods-1": (
        "INSERT INTO pod (key, name, owner, created) VALUES (7, 'anna', 'http://a.example/me', 1.5)",
        "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content)"
        " VALUES ('/anna', 1, NULL, 7, 'text/turtle', 'e1', 1, 0, '')",
        "INSERT INTO resource (name, container, parent, pod, media_type, etag, modified, size, content)"
        " VALUES ('/anna/a', 0, '/anna/', 7, 'text/turtle', 'e2', 2, 15, '<#a> <#b> <#c>.')",
        "INSERT INTO change (pod, path, kind, at) VALUES (7, '/anna/', 'Create', 1.5)",
        "INSERT INTO change (pod, path, kind, at) VALUES (7, '/anna/a', 'Create', 2.5)",
    ),
    "identity-1": (
        "INSERT INTO account (id, name, email, password, webid, created)"
        " VALUES (3, 'anna', 'Anna@example.org', 'x', 'http://a.example/me', 1.5)",
        "INSERT INTO credential (client_id, account, label, secret, created)"
        " VALUES ('c', 3, 'script', 's', 1.5)",
        "INSERT INTO session (digest, account, started, expires) VALUES ('d', 3, 1.5, 9.5)",
        "INSERT INTO approval (account, client_id, scope, at) VALUES (3, 'c', 'webid', 1.5)",
    ),
}


def rows_of(address: str, name: str) -> Sequence[str]:
    if address:
        return ROWS.get(name, ())
    return [statement.replace("'<#a> <#b> <#c>.'", f"x'{TURTLE.hex()}'") for statement in ROWS.get(name, ())]


def at_step(address: str, folder: Path, steps: Sequence[Schema]) -> None:
    """Make a database as it was when these were all the steps, with rows in it."""
    if address:
        with connect(address) as connection:
            for number, (name, _) in enumerate(steps, 1):
                postgres_schema.migrate(connection, steps[:number])
                for statement in rows_of(address, name):
                    connection.execute(statement.encode())
        return
    with sqlite3.connect(folder / "pods.sqlite", isolation_level=None) as file:
        for number, (name, _) in enumerate(steps, 1):
            migrations.migrate(file, steps[:number])
            for statement in rows_of(address, name):
                file.execute(statement)
    file.close()


@pytest.mark.parametrize("count", range(1, len(EVERY)), ids=[name for name, _ in EVERY[:-1]])
def test_a_database_of_an_earlier_schema_becomes_one_of_today(
    address: str, tmp_path: Path, count: int
) -> None:
    at_step(address, tmp_path, EVERY[:count])
    opened = open_database(address, tmp_path, LAYERS)
    try:
        opened.store.settle()
        with opened.store.writing() as tx:
            pod = tx.pod("anna")
            assert pod is not None
            stored = tx.get(ResourcePath("/anna/a"))
            assert stored is not None
            assert stored.content == TURTLE
            assert tx.usage(pod.key).used == len(TURTLE) + 2 * ENTRY_BYTES
            assert [(change.seq, change.kind) for change in tx.changes(0, 9)] == [
                (1, "Create"),
                (2, "Create"),
            ]
            assert {name for (name,) in tx.execute("SELECT name FROM migration")} >= {
                name for name, _ in EVERY
            }
            if any(name == "identity-1" for name, _ in EVERY[:count]):
                assert tx.execute("SELECT name FROM account WHERE email = 'anna@example.org'") == [("anna",)]
            tx.write(ResourcePath("/anna/b"), "text/turtle", TURTLE, 5.0)
    finally:
        opened.commits.close()
        opened.wakeups.close()
        opened.store.close()


def test_many_workers_may_start_at_once_on_an_empty_database(address: str, tmp_path: Path) -> None:
    failures: list[BaseException] = []
    ready = threading.Barrier(6)

    def start() -> None:
        ready.wait()
        try:
            opened = open_database(address, tmp_path, LAYERS)
            opened.commits.close()
            opened.wakeups.close()
            opened.store.close()
        except BaseException as error:  # noqa: BLE001  # said by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
