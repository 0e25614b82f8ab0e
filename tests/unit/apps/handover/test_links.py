"""A link gives its content once, to one taker, within its time, and the database alone gives nothing."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from apps.database import Database
from apps.handover.links import LIFE_SECONDS, Links, LinkUnknown, LinkUsed
from apps.handover.links_sql import SCHEMA

NOW = 1_772_366_400.0
RECEIPT = b"eyJhbGciOiJFZERTQSJ9.bread-and-olives.signature"
LINKS = Links(secrets.token_bytes)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "links.sqlite", [SCHEMA])
    yield database
    database.close()


def offered(database: Database) -> str:
    with database.writing() as tx:
        return LINKS.offer(tx, RECEIPT, at=NOW)


def taken(database: Database, token: str, at: float = NOW) -> bytes:
    with database.writing() as tx:
        return LINKS.take(tx, token, at=at)


def test_the_token_has_256_bits_and_fits_a_small_qr_code(database: Database) -> None:
    assert len(offered(database)) == 43


def test_the_first_taker_gets_the_content_and_the_second_nothing(database: Database) -> None:
    token = offered(database)
    assert taken(database, token) == RECEIPT
    with pytest.raises(LinkUsed):
        taken(database, token)


def test_looking_takes_nothing(database: Database) -> None:
    token = offered(database)
    with database.reading() as tx:
        LINKS.waiting(tx, token, at=NOW)
    assert taken(database, token) == RECEIPT


def test_a_link_ends_with_its_time(database: Database) -> None:
    token = offered(database)
    with pytest.raises(LinkUnknown):
        taken(database, token, at=NOW + LIFE_SECONDS)
    assert taken(database, token, at=NOW + LIFE_SECONDS - 1) == RECEIPT


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "è", "../.."])
def test_a_token_that_was_never_given_out_is_unknown(database: Database, token: str) -> None:
    offered(database)
    with pytest.raises(LinkUnknown):
        taken(database, token)


def test_of_many_takers_at_once_exactly_one_gets_it(database: Database) -> None:
    token = offered(database)
    together = Barrier(8)

    def race() -> bytes | None:
        together.wait()
        try:
            return taken(database, token)
        except LinkUsed:
            return None

    with ThreadPoolExecutor(8) as threads:
        results = [future.result() for future in [threads.submit(race) for _ in range(8)]]
    assert sorted(result is not None for result in results) == [False] * 7 + [True]


def test_the_files_hold_neither_the_content_nor_the_token(database: Database, tmp_path: Path) -> None:
    token = offered(database)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"bread-and-olives" not in stored
    assert token.encode() not in stored


def test_a_fetched_receipt_leaves_no_cipher_text_in_its_row(database: Database) -> None:
    token = offered(database)
    taken(database, token)
    with database.reading() as tx:
        assert tx.execute("SELECT sealed FROM handover").fetchall() == [(None,)]
