"""`portico doctor`: is everything that the host stores as it should be?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence

import click

from apps.cli.operator import every_key_file, operator_core
from consent.main import checkpoints_of, schemas
from pods.activity.checking import tree_faults
from pods.identity.same_keys import differing
from pods.identity.schema_sql import IDENTITY
from pods.main import BLOBS, Core
from pods.notify.schema_sql import NOTIFY_1
from pods.settings import PodSettings, read_settings
from pods.storage.migrations import PODS
from pods.storage.opening import SQLITE
from pods.storage.postgres_schema import OWN as POSTGRESQL
from pods.upkeep import doctor_sql
from pods.upkeep.doctor import ERROR, Doctor, Finding, permissions, writers
from pods.upkeep.lost_blobs import lost_blobs

OTHER_KEYS = (
    "lacks a key that another machine on this database uses; see docs/operations.md, Several machines"
)
SECRET_FILES = ("*.key", "*.json")  # keys and credentials; the folder itself keeps others from the databases


@click.command()
@click.option("--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA).")
@click.option("--fast", is_flag=True, help="Look at the size of large content only, not at its digest.")
@click.option("--repair", is_flag=True, help="Set right what can be set right without losing anything.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each finding.")
@click.pass_context
def command(ctx: click.Context, data: str | None, fast: bool, repair: bool, as_json: bool) -> None:
    """Read everything that the host stores, and say what is not as it should be.

    Works beside a running server, on one snapshot. Exit status 1: something is wrong; notices alone are no error.
    """
    if data:
        os.environ["PORTICO_DATA"] = data
    settings = read_settings(PodSettings, os.environ)
    if not settings.data.is_dir():
        raise click.ClickException(f"{settings.data} is no folder; --data names the one to look at.")
    with operator_core(settings) as core:
        findings = examine(core, fast=fast)
        repaired = _repaired(core, findings) if repair else set()
    for number, finding in enumerate(findings):
        click.echo(_line(finding, number in repaired, as_json=as_json))
    wrong = [finding for number, finding in enumerate(findings) if number not in repaired]
    if not as_json:
        click.echo(
            f"{len(findings)} findings, {len(repaired)} repaired" if findings else "all is as it should be"
        )
    if any(finding.severity == ERROR for finding in wrong):
        ctx.exit(1)


def examine(core: Core, *, fast: bool = False) -> list[Finding]:
    """Return all findings about a host."""
    steps = frozenset(name for name, _ in (*PODS, *POSTGRESQL, *IDENTITY, NOTIFY_1, *schemas()))
    doctor = Doctor(core.settings.pod_url, core.blobs, steps, fast=fast)
    findings = list(permissions(core.settings.data, SECRET_FILES))
    with core.store.reading() as tx:
        findings += doctor.examine(tx)
        key = checkpoints_of(core).verifier_key
        findings += [Finding(ERROR, "logs", "checkpoints", what) for what in tree_faults(tx, key)]
        known = doctor_sql.known_blobs(tx)
        if core.settings.database:
            findings += [
                Finding(ERROR, "keys", name, OTHER_KEYS) for name in differing(tx, every_key_file(core))
            ]
    if not core.settings.database:
        findings += writers(core.settings.data / SQLITE)
    findings += lost_blobs(core.settings.data / BLOBS, known, core.blobs, time.time())
    return findings


def _repaired(core: Core, findings: Sequence[Finding]) -> set[int]:
    done: set[int] = set()
    for number, finding in enumerate(findings):
        if finding.repair is not None:
            with core.store.writing() as tx:
                finding.repair(tx)
            done.add(number)
    return done


def _line(finding: Finding, repaired: bool, *, as_json: bool) -> str:
    if as_json:
        members = ("severity", "check", "where", "what")
        return json.dumps({**{name: getattr(finding, name) for name in members}, "repaired": repaired})
    return f"{finding.severity}: {finding.check}: {finding.where} {finding.what}{' (repaired)' if repaired else ''}"
