"""What deploy/ offers fits the code: its settings exist, its commands are ours."""

import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from apps.cli.main import main
from apps.settings import AppSettings
from pods.settings import PodSettings, read_settings
from tests.bench.servers import running
from wallet.settings import WalletSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
EXAMPLE = DEPLOY / "portico.toml"
KINDS = (PodSettings, WalletSettings, AppSettings)


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_settings_are_read(kind: type[Any]) -> None:
    settings = read_settings(kind, {"PORTICO_CONFIG": str(EXAMPLE)})
    assert settings.pod_url == "https://pods.example.org"
    assert settings.data == Path("/var/lib/portico")


def test_the_example_names_only_settings_that_exist() -> None:
    known = {field.name for kind in KINDS for field in fields(kind)}
    assert set(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))) <= known


def test_the_unit_starts_a_command_with_options_that_exist() -> None:
    unit = (DEPLOY / "portico@.service").read_text(encoding="utf-8")
    start = re.search(r"^ExecStart=\S+/portico (\w+) %i(.*)$", unit, flags=re.MULTILINE)
    assert start is not None
    command = main.get_command(click.Context(main), start[1])
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--\w+", start[2])) <= known


def test_the_chromium_script_is_valid_shell() -> None:
    assert subprocess.run(["sh", "-n", str(DEPLOY / "chromium.sh")], check=False).returncode == 0


def test_behind_a_proxy_the_pod_host_keeps_its_public_address(free_port: int, tmp_path: Path) -> None:
    environment = {**os.environ, "PORTICO_CONFIG": str(EXAMPLE)}
    command = [
        sys.executable,
        "-m",
        "apps.cli",
        "serve",
        "pods",
        "--data",
        str(tmp_path),
        "--port",
        str(free_port),
    ]
    origin = f"http://localhost:{free_port}"
    with running(command, tmp_path / "log", origin, environment):
        address = f"{origin}/.well-known/openid-configuration"
        # A proxy hands on the name that the client asked for, or calls this machine by its own.
        configuration = httpx.get(address, headers={"host": "pods.example.org"}).json()
        assert httpx.get(address).json() == configuration
        assert httpx.get(address, headers={"host": "other.example"}).status_code == 421
    assert configuration["issuer"] == "https://pods.example.org/"
