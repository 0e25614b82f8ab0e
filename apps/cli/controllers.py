"""`portico controllers`: the operator approves who may ask people for consent."""

from __future__ import annotations

import json
import os

import click

from apps.cli.operator import operator_core
from consent import controllers, registry_sql
from consent.decisions import Consents
from consent.ending import Ending
from consent.main import SECRET
from consent.model import Revoker
from consent.secret import derived, open_secret
from pods.settings import PodSettings, read_settings

BY = (Revoker.OPERATOR.value, Revoker.COURT.value)


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


@command.command()
@click.argument("iri")
def stop(iri: str) -> None:
    """Take back the approval of the controller IRI: nobody is asked and nothing is read until it is approved again."""
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.writing() as tx:
        controllers.stop(tx, iri)
    click.echo(f"stopped {iri}")


@command.command()
@click.argument("iri")
@click.option("--by", type=click.Choice(BY), required=True, help="Whose word ends them.")
@click.option("--reason", required=True, help="Why, e.g. the number of an order; every person reads it.")
@click.option("--purpose", default="", help="Only consents for this version of a purpose.")
def revoke(iri: str, by: str, reason: str, purpose: str) -> None:
    """End all consents to the controller IRI for good; consenting again does not bring them back."""
    settings = read_settings(PodSettings, os.environ)
    secret = derived(open_secret(settings.data / SECRET), "pairwise")
    ending = Ending(settings.pod_url, Consents(settings.pod_url, secret))
    count = 0
    after: str | None = ""
    with operator_core(settings) as core:
        while after is not None:
            with core.store.writing() as tx:
                some, after = ending.revoke_some(
                    tx, iri, Revoker(by), reason, core.clock(), purpose=purpose, after=after
                )
                count += some
    click.echo(f"revoked {count}")
