"""An app's database migrates once, serialises writers, and shows readers a snapshot."""

import sqlite3
from pathlib import Path

import pytest

from apps.database import Database, savepoint

FIRST = ("first", ("CREATE TABLE note (text TEXT PRIMARY KEY) STRICT",))
SECOND = ("second", ("ALTER TABLE note ADD COLUMN number INTEGER",))


def notes(tx: sqlite3.Connection) -> list[str]:
    return [row[0] for row in tx.execute("SELECT text FROM note ORDER BY text")]


def test_a_migration_is_applied_once_and_a_later_one_is_added(tmp_path: Path) -> None:
    path = tmp_path / "app.sqlite"
    Database(path, [FIRST]).close()
    database = Database(path, [FIRST, SECOND])
    with database.writing() as tx:
        tx.execute("INSERT INTO note (text, number) VALUES ('a', 1)")
    database.close()
    Database(path, [FIRST, SECOND]).close()


def test_a_failed_block_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "app.sqlite", [FIRST])
    with pytest.raises(sqlite3.IntegrityError), database.writing() as tx:
        tx.executemany("INSERT INTO note VALUES (?)", [("a",), ("a",)])
    with database.reading() as tx:
        assert notes(tx) == []
    database.close()


def test_a_failed_step_leaves_the_rest_of_its_block(tmp_path: Path) -> None:
    database = Database(tmp_path / "app.sqlite", [FIRST])
    with database.writing() as tx:
        tx.execute("INSERT INTO note VALUES ('kept')")
        with pytest.raises(sqlite3.IntegrityError), savepoint(tx):
            tx.executemany("INSERT INTO note VALUES (?)", [("lost",), ("lost",)])
    with database.reading() as tx:
        assert notes(tx) == ["kept"]
    database.close()


def test_a_reader_keeps_its_snapshot_while_another_connection_writes(tmp_path: Path) -> None:
    reader = Database(tmp_path / "app.sqlite", [FIRST])
    writer = Database(tmp_path / "app.sqlite", [FIRST])
    with reader.reading() as seen:
        assert notes(seen) == []
        with writer.writing() as tx:
            tx.execute("INSERT INTO note VALUES ('new')")
        assert notes(seen) == []
    with reader.reading() as seen:
        assert notes(seen) == ["new"]
    reader.close()
    writer.close()
