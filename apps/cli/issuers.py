"""`portico issuers`: the operator decides whose signed receipts count on this host."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from apps.cli.operator import operator_core
from consent import issuers
from pods.settings import PodSettings, read_settings


@click.group()
def command() -> None:
    """Admit issuers of receipts: shops and associations whose signatures count."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_issuers(as_json: bool) -> None:
    """List the admitted issuers with a digest of their keys."""
    with operator_core(read_settings(PodSettings, os.environ)) as core:
        known = issuers.IssuerDirectory(core.store).fingerprints()
    if as_json:
        click.echo(json.dumps(dict(known)))
    for iri, digest in sorted(known.items()) if not as_json else ():
        click.echo(f"{digest[:16]}  {iri}")


@command.command()
@click.argument("iri")
@click.argument("jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def admit(iri: str, jwks: Path) -> None:
    """Let receipts of the issuer IRI count under the keys in the file JWKS, as the issuer publishes it.

    Compare the file with the issuer over a second channel first: whoever owns these keys can sign purchases.
    """
    try:
        keys = json.loads(jwks.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{jwks}: this is no JSON ({error})") from error
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.writing() as tx:
        issuers.admit(tx, iri, keys, time.time())
    click.echo(f"admitted {iri}")


@command.command()
@click.argument("iri")
def dismiss(iri: str) -> None:
    """Let receipts of the issuer IRI count no more."""
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.writing() as tx:
        issuers.dismiss(tx, iri)
    click.echo(f"dismissed {iri}")
