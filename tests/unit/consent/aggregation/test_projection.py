"""The projection follows the pods: verified receipts only, each once, gone when the resource is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent import issuers
from consent.aggregation.projection import Projector
from consent.issuers import IssuerDirectory
from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.signing import sign
from pods import removal_sql
from pods.model import Path as ResourcePath
from tests.conftest import SettableClock
from tests.unit.consent.aggregation.town import (
    SHOP_KEY,
    Town,
    add_person,
    line,
    open_town,
    purchase,
    store_receipt,
    visit,
)


@pytest.fixture
async def town(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Town]:
    async with open_town(tmp_path, clock) as opened:
        yield opened


def rows(town: Town, sql: str) -> list[Any]:
    town.projector.catch_up()
    return list(town.projector.cursor().execute(sql).fetchall())


LINES = "SELECT unit, month, category, line_amount FROM purchase_line ORDER BY ALL"


def test_lines_that_no_question_tells_from_each_other_become_one_row(town: Town) -> None:
    with town.store.writing() as tx:
        unit = add_person(tx, "anna", "b")
        bought = [line("meat", 700), line("grocery", 250), line("meat", 80)]
        store_receipt(tx, "anna", purchase(1, "2017-03-05", *bought))
        store_receipt(tx, "anna", purchase(2, "2017-03-05", line("meat", 5)))
    added = "SELECT category, line_amount, quantity, lines FROM purchase_line WHERE unit = {} ORDER BY ALL"
    assert rows(town, added.format(unit)) == [(0, 250, 1, 1), (2, 5, 1, 1), (2, 780, 2, 2)]


def test_a_receipt_becomes_rows_of_codes(town: Town) -> None:
    with town.store.writing() as tx:
        unit = add_person(tx, "anna", "b")
        store_receipt(tx, "anna", purchase(1, "2017-03-05", line("meat", 700), line("grocery", 250)))
        store_receipt(tx, "anna", visit(2, "2017-04-01", "volunteering", 90))
    march = 2017 * 12 + 2
    assert rows(town, LINES) == [(unit, march, 0, 250), (unit, march, 2, 700)]
    assert rows(town, "SELECT unit, month, seller, total FROM purchase") == [(unit, march, 0, 950)]
    assert rows(town, "SELECT unit, month, kind, minutes FROM participation") == [(unit, march + 1, 1, 90)]
    assert rows(town, "SELECT unit, district, age_class, gender FROM profile") == [(unit, 1, 2, None)]


def test_a_deleted_receipt_leaves_no_row(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        path = store_receipt(tx, "anna", purchase(1, "2017-03-05", line("meat", 700)))
    assert rows(town, LINES)
    with town.store.writing() as tx:
        tx.delete(path, 2.0)
        tx.delete(ResourcePath("/anna/profile/private.ttl"), 2.0)
    assert rows(town, LINES) == []
    assert rows(town, "SELECT * FROM purchase UNION ALL SELECT 1, 1, 1, 1, 1, 1 FROM profile") == []


def test_a_removed_pod_leaves_no_row_and_that_of_another_stays(town: Town, clock: SettableClock) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        unit = add_person(tx, "bob", "b")
        for name in ("anna", "bob"):
            store_receipt(tx, name, purchase(1, "2017-03-05", line("meat", 700)))
    assert len(rows(town, LINES)) == 2
    with town.store.writing() as tx:
        pod = tx.pod("anna")
        assert pod is not None
        removal_sql.close(tx, pod, clock())
    for table in ("receipt", "profile", "purchase", "purchase_line"):
        assert rows(town, f"SELECT DISTINCT unit FROM {table}") == [(unit,)]


def test_a_profile_is_replaced_not_added_to(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
    assert rows(town, "SELECT district FROM profile") == [(1,)]
    with town.store.writing() as tx:
        stored = tx.get(ResourcePath("/anna/profile/private.ttl"))
        assert stored is not None
        tx.write(stored.path, "text/turtle", stored.content.replace(b"#b>", b"#c>"), 2.0)
    assert rows(town, "SELECT district FROM profile") == [(2,)]


def test_what_others_say_about_a_person_does_not_count(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        stored = tx.get(ResourcePath("/anna/profile/private.ttl"))
        assert stored is not None
        tx.write(stored.path, "text/turtle", stored.content.replace(b"/anna/", b"/berto/"), 2.0)
    assert rows(town, "SELECT district FROM profile") == [(None,)]


@pytest.mark.parametrize(
    "forged",
    [
        lambda receipt: sign(receipt, SHOP_KEY)[:-4] + b"AAAA",
        lambda receipt: sign(receipt, IssuerKey.generate(SHOP_KEY.issuer)),
        lambda receipt: b"no receipt at all",
    ],
)
def test_a_receipt_that_nobody_signed_counts_for_nothing(town: Town, forged: Any) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        path = ResourcePath("/anna/purchases/2017-03/x.jws")
        tx.write(path, "application/jose", forged(purchase(1, "2017-03-05", line("meat", 700))), 1.0)
    assert rows(town, LINES) == []


def test_rdf_beside_a_receipt_counts_for_nothing(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        tx.write(ResourcePath("/anna/purchases/2017-03/x.ttl"), "text/turtle", b"<#it> a <urn:x> .", 1.0)
    assert rows(town, LINES) == []


def test_a_receipt_stored_twice_in_a_pod_counts_once_until_both_are_gone(town: Town) -> None:
    receipt = purchase(1, "2017-03-05", line("meat", 700))
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        first = store_receipt(tx, "anna", receipt)
        copy = ResourcePath("/anna/purchases/2017-03/copy.jws")
        tx.write(copy, "application/jose", sign(receipt, SHOP_KEY), 1.0)
    assert len(rows(town, LINES)) == 1
    with town.store.writing() as tx:
        tx.delete(first, 2.0)
    assert len(rows(town, LINES)) == 1
    with town.store.writing() as tx:
        tx.delete(copy, 3.0)
    assert rows(town, LINES) == []


def test_an_issuer_admitted_later_and_then_dismissed_counts_in_between(town: Town) -> None:
    stranger = IssuerKey.generate("https://shops.example/stranger")
    receipt = replace(purchase(1, "2017-03-05", line("meat", 700)), issuer=stranger.issuer)
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        path = ResourcePath("/anna/purchases/2017-03/x.jws")
        tx.write(path, "application/jose", sign(receipt, stranger), 1.0)
    assert rows(town, LINES) == []
    with town.store.writing() as tx:
        issuers.admit(tx, stranger.issuer, jwks([stranger.public()]), 2.0)
    assert len(rows(town, LINES)) == 1
    with town.store.writing() as tx:
        other = IssuerKey.generate(stranger.issuer)
        issuers.admit(tx, stranger.issuer, jwks([other.public()]), 3.0)
    assert rows(town, LINES) == []
    with town.store.writing() as tx:
        issuers.admit(tx, stranger.issuer, jwks([other.public(), stranger.public()]), 4.0)
    assert len(rows(town, LINES)) == 1
    with town.store.writing() as tx:
        issuers.dismiss(tx, stranger.issuer)
    assert rows(town, LINES) == []


def test_reading_the_feed_again_changes_nothing(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        store_receipt(tx, "anna", purchase(1, "2017-03-05", line("meat", 700)))
    before = rows(town, LINES)
    town.projector.cursor().execute("UPDATE state SET position = 0").fetchall()
    assert rows(town, LINES) == before
    assert len(rows(town, "FROM profile")) == 1


def test_the_projection_survives_a_restart_and_goes_on_where_it_stood(tmp_path: Path, town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
        store_receipt(tx, "anna", purchase(1, "2017-03-05", line("meat", 700)))
    position = town.projector.catch_up()
    town.projector.close()
    with town.store.writing() as tx:
        # Nothing is read again: a second reading would find another receipt.
        tx.execute("UPDATE resource SET content = ? WHERE name LIKE '%.jws'", (b"changed behind the feed",))
    again = Projector(town.store, tmp_path / "projections.duckdb", IssuerDirectory(town.store))
    assert again.catch_up() == position
    assert len(again.cursor().execute(LINES).fetchall()) == 1
    again.close()


def test_changes_that_no_question_is_about_are_passed_over_and_not_read_again(
    tmp_path: Path, town: Town
) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
    before = town.projector.catch_up()
    with town.store.writing() as tx:
        tx.write(ResourcePath("/anna/notes.ttl"), "text/turtle", b"", 0.0)
    after = town.projector.catch_up()
    assert after > before
    assert town.projector.cursor().execute("SELECT position FROM state").fetchall() == [(before,)]
    town.projector.close()
    again = Projector(town.store, tmp_path / "projections.duckdb", IssuerDirectory(town.store))
    again.open()
    assert again.cursor().execute("SELECT position FROM state").fetchall() == [(after,)]
    again.close()


def test_a_failed_batch_leaves_rows_and_position_as_they_were(town: Town) -> None:
    with town.store.writing() as tx:
        add_person(tx, "anna", "b")
    town.projector.catch_up()
    town.projector.cursor().execute("ALTER TABLE purchase_line RENAME TO hidden").fetchall()
    with town.store.writing() as tx:
        add_person(tx, "berto", "b")
        store_receipt(tx, "anna", purchase(1, "2017-03-05", line("meat", 700)))
    with pytest.raises(Exception, match="purchase_line"):
        town.projector.catch_up()
    assert len(town.projector.cursor().execute("FROM profile").fetchall()) == 1
    town.projector.cursor().execute("ALTER TABLE hidden RENAME TO purchase_line").fetchall()
    assert len(rows(town, "FROM profile")) == 2
    assert len(rows(town, LINES)) == 1


def test_a_second_owner_of_the_file_is_refused(tmp_path: Path, town: Town) -> None:
    town.projector.catch_up()
    file = tmp_path / "projections.duckdb"
    code = (
        "import sys, pathlib\n"
        "from pods.errors import StoreError\n"
        "from consent.aggregation.projection import Projector\n"
        "try:\n"
        "    Projector(None, pathlib.Path(sys.argv[1]), None).open()\n"
        "except StoreError as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, check=True, text=True, timeout=60
    )
    assert "another process" in ran.stdout
