"""Sessions on the server: short-lived, sealed, and worth nothing without the browser's cookie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pods.relying_party import SessionStore
from tests.conftest import SettableClock


@pytest.fixture
def store(tmp_path: Path, clock: SettableClock) -> Iterator[SessionStore]:
    made = SessionStore(tmp_path / "s.sqlite", tmp_path / "s.key", clock=clock, idle=1800, longest=7200)
    yield made
    made.close()


def test_a_value_is_read_back_under_its_name_only(store: SessionStore) -> None:
    name = store.start({"token": "abc"})
    assert store.read(name) == {"token": "abc"}
    assert store.read(name + "x") is None
    assert store.read("") is None


def test_names_are_long_and_different(store: SessionStore) -> None:
    names = {store.start({}) for _ in range(20)}
    assert len(names) == 20
    assert min(map(len, names)) >= 43


def test_neither_name_nor_value_stands_in_the_files(store: SessionStore, tmp_path: Path) -> None:
    name = store.start({"token": "a-very-secret-token"})
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"a-very-secret-token" not in content
    assert name.encode() not in content


def test_the_files_are_for_their_owner_only(store: SessionStore, tmp_path: Path) -> None:
    store.start({})
    assert {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("s.*") if path.suffix != ""} == {
        path.name: 0 for path in tmp_path.glob("s.*")
    }


def test_a_session_ends_when_nobody_uses_it(store: SessionStore, clock: SettableClock) -> None:
    name = store.start({"a": 1})
    clock.advance(1700)
    assert store.read(name) is not None
    clock.advance(1700)
    assert store.read(name) is not None
    clock.advance(1801)
    assert store.read(name) is None


def test_a_session_ends_in_any_case(store: SessionStore, clock: SettableClock) -> None:
    name = store.start({"a": 1})
    for _ in range(6):
        clock.advance(1190)
        store.read(name)
    clock.advance(100)
    assert store.read(name) is None


def test_a_session_that_has_ended_is_not_brought_back(store: SessionStore) -> None:
    name = store.start({"a": 1})
    store.end(name)
    store.replace(name, {"a": 2})
    assert store.read(name) is None


def test_another_key_file_ends_all_sessions(
    store: SessionStore, tmp_path: Path, clock: SettableClock
) -> None:
    name = store.start({"a": 1})
    other = SessionStore(tmp_path / "s.sqlite", tmp_path / "other.key", clock=clock)
    assert other.read(name) is None
    other.close()


def test_a_second_process_reads_the_same_sessions(
    store: SessionStore, tmp_path: Path, clock: SettableClock
) -> None:
    name = store.start({"a": 1})
    other = SessionStore(tmp_path / "s.sqlite", tmp_path / "s.key", clock=clock)
    assert other.read(name) == {"a": 1}
    other.close()


def test_a_renamed_session_is_there_under_its_new_name_only(store: SessionStore) -> None:
    name = store.start({"who": "anna"})
    fresh = store.rename(name, {"who": "anna", "for": "bob"})
    assert fresh is not None
    assert fresh != name
    assert store.read(name) is None
    assert store.read(fresh) == {"who": "anna", "for": "bob"}


def test_renaming_a_session_makes_it_no_younger(store: SessionStore, clock: SettableClock) -> None:
    name: str | None = store.start({"who": "anna"})
    for _ in range(7):
        clock.advance(1000)
        assert name is not None
        name = store.rename(name, {"who": "anna"})
        assert name is not None
        store.read(name)
    clock.advance(201)
    assert name is not None
    assert store.read(name) is None


def test_a_session_that_has_ended_is_not_renamed(store: SessionStore) -> None:
    name = store.start({"who": "anna"})
    store.end(name)
    assert store.rename(name, {"who": "anna"}) is None
