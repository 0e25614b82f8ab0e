"""`portico accounts`: a link back into an account, and deletion for good."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apps.cli.main import main


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PORTICO_")]:
        monkeypatch.delenv(name)


def portico(folder: Path, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"PORTICO_DATA": str(folder)}, input=answer)


def test_a_link_is_printed_for_an_account_and_for_no_other_name(tmp_path: Path) -> None:
    assert portico(tmp_path, "pods", "create", "anna").exit_code == 0
    link = json.loads(portico(tmp_path, "accounts", "recover", "anna", "--json").output)["link"]
    assert link.startswith("http://localhost:8080/.account/recover?link=")
    refused = portico(tmp_path, "accounts", "recover", "nobody")
    assert refused.exit_code == 1
    assert "There is no account 'nobody'" in refused.output


def test_an_account_is_deleted_after_a_question_and_its_name_is_not_given_again(tmp_path: Path) -> None:
    portico(tmp_path, "pods", "create", "anna")
    assert portico(tmp_path, "accounts", "delete", "anna", answer="n\n").exit_code == 1
    assert json.loads(portico(tmp_path, "accounts", "delete", "anna", "--yes", "--json").output) == {
        "deleted": ["anna"]
    }
    assert portico(tmp_path, "accounts", "delete", "anna", "--yes").exit_code == 1
    again = portico(tmp_path, "pods", "create", "anna")
    assert again.exit_code == 1
    assert "taken" in again.output
    assert b"anna/profile" not in (tmp_path / "pods.sqlite").read_bytes()


def test_with_an_account_goes_what_its_owner_had_asked_for(tmp_path: Path) -> None:
    portico(tmp_path, "pods", "create", "anna")
    with closing(sqlite3.connect(tmp_path / "pods.sqlite")) as database, database:
        (pod,) = database.execute("SELECT key FROM pod WHERE name = 'anna'").fetchone()
        database.execute("INSERT INTO breach_notice (breach, pod, at) VALUES ('a leak', ?, 0)", (pod,))
    assert portico(tmp_path, "accounts", "delete", "anna", "--yes").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "pods.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM breach_notice").fetchone() == (0,)
