"""`portico breach` and `portico rights`: counts first, names only when asked, the operator's list."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apps.cli.main import main
from apps.cli.operator import operator_core
from consent import registry_sql
from consent.model import Controller, ControllerState
from pods import activity
from pods.model import Agent, WebId
from pods.settings import PodSettings

ORIGIN = "http://localhost:8080"
COOP = "https://coop.example/#it"
SPAN = ("--from", "2026-11-20T08:00", "--to", "2026-11-20T18:00")
INSIDE = 1_795_170_000.0  # 2026-11-20T11:20:00Z


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PORTICO_")]:
        monkeypatch.delenv(name)


def portico(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), env={"PORTICO_DATA": str(folder)})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A host on which the cooperative read anna's pod inside the span and bruno's after it."""
    with operator_core(PodSettings(data=tmp_path)) as core:
        for name, at in (("anna", INSIDE), ("bruno", INSIDE + 86_400)):
            assert portico(tmp_path, "pods", "create", name).exit_code == 0
            with core.store.writing() as tx:
                pod = tx.pod(name)
                assert pod is not None
                agent = Agent(webid=WebId(COOP), client_id="https://coop.example/id")
                path = pod.root + "purchases/"
                activity.append(
                    *(tx, pod.key), agent=agent, path=path, action="read", decision=activity.PERMIT, at=at
                )
    return tmp_path


def test_a_breach_is_opened_counted_told_reported_and_closed(folder: Path) -> None:
    opened = portico(folder, "breach", "open", "--agent", COOP, *SPAN, "--nature", "Chiave rubata.")
    assert "1 people affected" in opened.output
    breach = opened.output.split()[0]
    refused = portico(folder, "breach", "notify", breach)
    assert (refused.exit_code, "describe" in refused.output) == (1, True)
    words = (
        "--consequences",
        "Si sa la spesa.",
        "--measures",
        "Chiave cambiata.",
        "--contact",
        "dpo@coop.example",
    )
    assert portico(folder, "breach", "describe", breach, *words).exit_code == 0
    assert portico(folder, "breach", "notify", breach).output == "told 1 people\n"
    assert portico(folder, "breach", "notify", breach).output == "told 0 people\n"
    portico(folder, "breach", "note", breach, "Chiave sostituita.")
    assert "Chiave sostituita." in portico(folder, "breach", "show", breach, "--report").output
    portico(folder, "breach", "publish", breach)
    portico(folder, "breach", "authority", breach)
    portico(folder, "breach", "close", breach, "Nessuna copia trovata.")
    (entry,) = json.loads(portico(folder, "breach", "list", "--json").output)
    assert entry["state"].startswith("closed ")
    assert portico(folder, "breach", "note", breach, "ancora").exit_code == 1


def test_no_name_is_printed_unless_asked_for(folder: Path) -> None:
    opened = portico(folder, "breach", "open", "--agent", COOP, *SPAN, "--nature", "Chiave rubata.")
    breach = opened.output.split()[0]
    silent = [
        opened,
        portico(folder, "breach", "list"),
        portico(folder, "breach", "show", breach),
        portico(folder, "breach", "show", breach, "--report"),
    ]
    assert all(result.exit_code == 0 and "anna" not in result.output for result in silent)
    asked = portico(folder, "breach", "show", breach, "--list").output
    assert f"{ORIGIN}/anna/profile/card#me" in asked
    assert "bruno" not in asked


def test_a_time_that_is_none_is_wrong_usage(folder: Path) -> None:
    refused = portico(folder, "breach", "open", "--from", "ieri", "--to", "oggi", "--nature", "x")
    assert refused.exit_code == 2


def test_a_host_that_owes_nothing_prints_nothing(folder: Path) -> None:
    for listing in ("received", "overdue"):
        result = portico(folder, "rights", listing)
        assert (result.exit_code, result.output) == (0, "")
    assert portico(folder, "rights", "remind").output == "reminded 0\n"


def test_a_controller_is_stopped_and_its_consents_are_ended_for_a_reason(folder: Path) -> None:
    with operator_core(PodSettings(data=folder)) as core, core.store.writing() as tx:
        value = Controller(
            WebId(COOP), "Coop", "cooperative", "i", "d", {"keys": []}, ControllerState.APPROVED, 0.0
        )
        registry_sql.save_controller(tx, value)
    assert portico(folder, "controllers", "stop", COOP).output == f"stopped {COOP}\n"
    (listed,) = json.loads(portico(folder, "controllers", "list", "--json").output)
    assert listed["state"] == "pending"
    ended = portico(folder, "controllers", "revoke", COOP, "--by", "court", "--reason", "Ordinanza 12/2026")
    assert ended.output == "revoked 0\n"
    assert portico(folder, "controllers", "revoke", COOP, "--by", "court", "--reason", " ").exit_code == 1
