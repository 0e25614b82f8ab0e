"""`portico controllers`: the operator approves who may ask people for consent."""

from __future__ import annotations

import json
import os

import click

from apps.cli.operator import operator_core
from consent import controllers, registry_sql
from pods.settings import PodSettings, read_settings


@click.group()
def command() -> None:
    """Approve organisations that ask for consent."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_controllers(as_json: bool) -> None:
    """List the controllers with their state."""
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.reading() as tx:
        known = [
            {"iri": c.iri, "name": c.name, "kind": c.kind, "state": c.state}
            for c in registry_sql.controllers(tx)
        ]
    if as_json:
        click.echo(json.dumps(known, ensure_ascii=False))
    for controller in known if not as_json else ():
        click.echo("{state:<9} {name}  {iri}".format(**controller))


@command.command()
@click.argument("iri")
@click.option("--evidence", default="", help="What was checked, in public words, e.g. a register number.")
def approve(iri: str, evidence: str) -> None:
    """Approve the controller with the WebID IRI, once its identity and keys are checked."""
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.writing() as tx:
        if evidence:
            controllers.verify(tx, iri, evidence, core.clock())
        else:
            controllers.approve(tx, iri)
    click.echo(f"approved {iri}")
