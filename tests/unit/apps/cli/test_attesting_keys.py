"""`portico keys attesting` and `rotate-attesting`: what an operator does with the keys that prove consents."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from apps.cli.keys import command


@pytest.fixture
def portico(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("PORTICO_DATA", str(tmp_path))
    return CliRunner()


def said(portico: CliRunner, *arguments: str) -> Any:
    done = portico.invoke(command, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_a_rotation_keeps_the_old_key_until_the_next_one(portico: CliRunner) -> None:
    (first,) = said(portico, "attesting")
    fresh = said(portico, "rotate-attesting")
    assert [one["key"] for one in said(portico, "attesting")] == [fresh["key"], first["key"]]
    # The first key signs until the fresh one does, so its secret is still there.
    assert [one["retired"] for one in said(portico, "attesting")] == [False, False]
    text = portico.invoke(command, ["attesting"]).output
    assert fresh["key"] in text
    assert "signs from" in text


def test_a_compromised_key_is_gone_at_once(portico: CliRunner) -> None:
    said(portico, "attesting")
    fresh = said(portico, "rotate-attesting", "--compromised")
    assert said(portico, "attesting") == [fresh]
