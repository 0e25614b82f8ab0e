"""What a command line takes from the three addresses, and what it refuses."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from apps.cli import stage
from apps.cli.demo import command as demo
from apps.cli.serve import follow_addresses
from apps.settings import AppSettings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PORTICO_")]:
        monkeypatch.delenv(name)
    for name in (
        "PORTICO_DATA",
        "PORTICO_TRUSTED_HOSTS",
        "PORTICO_CONSENT_CLIENTS",
    ):  # so that the test takes them back
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_origins_on_this_machine_may_call_each_other() -> None:
    follow_addresses(AppSettings(pod_url="http://localhost:9000"))
    assert os.environ["PORTICO_TRUSTED_HOSTS"].split() == [
        "localhost:9000",
        "localhost:8081",
        "localhost:8082",
    ]
    assert os.environ["PORTICO_CONSENT_CLIENTS"] == "http://localhost:8081/client.jsonld"


def test_public_origins_are_trusted_no_more_than_others() -> None:
    public = AppSettings(
        pod_url="https://pods.example.org",
        wallet_url="https://wallet.example.org",
        apps_url="https://apps.example.org",
    )
    follow_addresses(public)
    assert os.environ["PORTICO_TRUSTED_HOSTS"] == ""


def test_a_settings_file_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTICO_CONFIG", str(tmp_path / "portico.toml"))
    follow_addresses(AppSettings())
    assert "PORTICO_TRUSTED_HOSTS" not in os.environ


def test_a_town_is_not_moved_to_another_address(tmp_path: Path) -> None:
    stage.new_record(AppSettings(data=tmp_path)).save(tmp_path)
    refused = CliRunner().invoke(
        demo, ["--data", str(tmp_path)], env={"PORTICO_POD_URL": "http://localhost:9000"}
    )
    assert refused.exit_code == 1
    assert "lives at http://localhost:8080" in refused.output
