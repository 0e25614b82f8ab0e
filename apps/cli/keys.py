"""`portico keys`: the keys with which the pod host signs tokens, and those with which it attests."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from apps.cli.operator import every_key_file, operator_core
from consent.credentials.keys import AssertionKey, AssertionKeys
from consent.main import ASSERTION_KEYS
from pods.identity import same_keys
from pods.identity.key_file import KeptKey
from pods.identity.keys import SigningKeys
from pods.main import SIGNING_KEYS
from pods.settings import PodSettings, read_settings


@click.group()
def command() -> None:
    """List and rotate the keys that sign tokens; a running host notices within a second."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_keys(as_json: bool) -> None:
    """List the keys, the newest first, with the times from which they sign and until which they verify."""
    kept = SigningKeys.open(_path(), clock=time.time).kept()
    if as_json:
        click.echo(json.dumps([_facts(one) for one in kept]))
    for one in kept if not as_json else ():
        until = "" if one.until is None else f", verifies until {_moment(one.until)}"
        click.echo(f"{one.kid}  {one.alg} signs from {_moment(one.signs_from)}{until}")


@command.command()
@click.option(
    "--compromised", is_flag=True, help="Sign with the new key at once, and void what the old ones signed."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def rotate(compromised: bool, as_json: bool) -> None:
    """Publish new keys, sign with them ten minutes later, and let the old ones verify for a month more."""
    path, now = _path(), time.time()
    SigningKeys.open(path, clock=time.time)  # a host that was never started has no key yet
    SigningKeys.rotate(path, at=now, compromised=compromised)
    _note()
    newest = SigningKeys.open(path, clock=time.time).kept()[0]
    if as_json:
        click.echo(json.dumps(_facts(newest)))
    else:
        click.echo(f"{newest.kid} signs from {_moment(max(now, newest.signs_from))}")


@command.command("attesting")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_attesting(as_json: bool) -> None:
    """List the keys that prove consents, the newest first; the retired ones verify for good."""
    kept = _attesting().kept()
    if as_json:
        click.echo(json.dumps([_attests(one) for one in kept]))
    for one in kept if not as_json else ():
        state = "retired" if one.seed is None else f"signs from {_moment(one.signs_from)}"
        click.echo(f"{one.public}  {state}")


@command.command("rotate-attesting")
@click.option(
    "--compromised", is_flag=True, help="Attest with the new key at once, and void what the old ones proved."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def rotate_attesting(compromised: bool, as_json: bool) -> None:
    """Publish a new key for credentials, and sign with it ten minutes later; what the old ones proved stays proved."""
    now = time.time()
    _attesting()  # a host that was never started has no key yet
    fresh = AssertionKeys.rotate(_folder() / ASSERTION_KEYS, at=now, compromised=compromised)
    _note()
    if as_json:
        click.echo(json.dumps(_attests(fresh)))
    else:
        click.echo(f"{fresh.public} signs from {_moment(fresh.signs_from)}")


@command.command()
def adopt() -> None:
    """Say that the keys in this data folder are those of all machines on the PostgreSQL database."""
    if not read_settings(PodSettings, os.environ).database:
        raise click.ClickException(
            "The database is SQLite and lies beside its keys: there are no other machines."
        )
    _note()
    click.echo("Copy the key files to the other machines before they are started again.")


def _note() -> None:
    """Let the other machines on the same database notice that their key files are older."""
    settings = read_settings(PodSettings, os.environ)
    if settings.database:
        with operator_core(settings) as core, core.store.writing() as tx:
            same_keys.note(tx, every_key_file(core), time.time())


def _attesting() -> AssertionKeys:
    settings = read_settings(PodSettings, os.environ)
    return AssertionKeys.open(settings.data / ASSERTION_KEYS, settings.pod_url, clock=time.time)


def _attests(one: AssertionKey) -> dict[str, Any]:
    return {"key": one.public, "signs_from": one.signs_from, "retired": one.seed is None}


def _folder() -> Path:
    return read_settings(PodSettings, os.environ).data


def _path() -> Path:
    return _folder() / SIGNING_KEYS


def _facts(one: KeptKey) -> dict[str, Any]:
    return {"kid": one.kid, "alg": one.alg, "signs_from": one.signs_from, "until": one.until}


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
