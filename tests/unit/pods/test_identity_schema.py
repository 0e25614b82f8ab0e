"""The identity tables of a database from before an account could have several WebIDs, with rows in them."""

from __future__ import annotations

from pathlib import Path

from pods.identity import accounts_sql, codes_sql, sessions_sql
from pods.identity.passwords import digest, seal
from pods.identity.schema_sql import IDENTITY, IDENTITY_1
from pods.storage.sqlite import SqliteStore

ANNA = "http://localhost:8080/anna/profile/card#me"


def old_database(path: Path) -> None:
    store = SqliteStore(path, (IDENTITY_1,))
    with store.writing() as tx:
        tx.execute("INSERT INTO account VALUES (7, 'anna', 'anna@example.org', NULL, ?, 1.0)", (ANNA,))
        tx.execute("INSERT INTO credential VALUES ('script', 7, 'backup', ?, 2.0, NULL)", (seal("s3cret"),))
        tx.execute(
            "INSERT INTO authorization_code VALUES (?, 'f', 7, 'app', 'https://app/', 'webid', NULL, 'c', NULL,"
            " 1.0, 90.0, NULL)",
            (digest("code"),),
        )
        tx.execute(
            "INSERT INTO refresh_token VALUES (?, 'f', 7, 'app', 'webid', 'jkt', 1.0, 90.0, NULL)",
            (digest("token"),),
        )
        tx.execute("INSERT INTO session VALUES (?, 7, 1.0, 90.0)", (digest("cookie"),))
        tx.execute("INSERT INTO approval VALUES (7, 'app', 'openid webid', 3.0)")
    store.close()


def test_what_was_given_before_is_given_for_the_one_webid_of_the_account(tmp_path: Path) -> None:
    old_database(tmp_path / "pods.sqlite")
    store = SqliteStore(tmp_path / "pods.sqlite", IDENTITY)
    with store.reading() as tx:
        account = accounts_sql.account_by_webid(tx, ANNA)
        assert account is not None
        assert (account.id, account.webid) == (7, ANNA)
        assert [(one.webid, one.pod) for one in accounts_sql.identities(tx, 7)] == [(ANNA, "anna")]
        credential = accounts_sql.credential(tx, "script")
        assert credential is not None
        assert credential.webid == ANNA
        code, token = codes_sql.code(tx, digest("code")), codes_sql.refresh_token(tx, digest("token"))
        assert code is not None
        assert token is not None
        assert (code.webid, token.webid) == (ANNA, ANNA)
        assert codes_sql.approved(tx, 7, "app") == ("openid webid", ANNA)
        session = sessions_sql.session(tx, digest("cookie"), 50.0)
        assert session is not None
        assert (session.account, session.id) == (7, None)
    store.close()


def test_a_webid_is_of_one_account_only(tmp_path: Path) -> None:
    old_database(tmp_path / "pods.sqlite")
    store = SqliteStore(tmp_path / "pods.sqlite", IDENTITY)
    with store.writing() as tx:
        tx.execute("INSERT INTO account VALUES (8, 'bob', NULL, NULL, 'http://bob', 1.0)")
        assert not accounts_sql.add_identity(tx, 8, ANNA, "other", 2.0)  # type: ignore[arg-type]  # a text will do
        assert not accounts_sql.add_identity(tx, 8, "http://b2", "anna", 2.0)  # type: ignore[arg-type]  # likewise
        assert accounts_sql.acting_as(tx, 8, ANNA) is None
    store.close()
