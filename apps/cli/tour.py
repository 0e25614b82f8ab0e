"""`portico tour`: the main job against the running demo, told step by step."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any

import click
import httpx

from apps.cli import stage
from apps.cli.scenes import TIMEOUT, Town
from apps.cli.teller import Teller
from apps.cli.tour_steps import Tour
from apps.cli.visitor import LostVisitor
from apps.settings import AppSettings
from consent.client import AccessRefused
from pods.client import SolidError
from pods.relying_party import LoginFailed
from pods.settings import read_settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the steps and whether they hold as JSON.")
def command(as_json: bool) -> None:
    """Perform the main job against the running demo; exit status 1 if a step does not hold."""
    settings = read_settings(AppSettings, os.environ)
    record = stage.demo_record(settings)
    if record is None or not record.ready:
        raise click.ClickException(
            "There is no running demo here: start `portico demo` first (same PORTICO_DATA)."
        )
    teller = Teller(quiet=as_json)
    try:
        asyncio.run(_walk(settings, record, teller))
    except httpx.TransportError as error:
        raise click.ClickException(
            f"The demo does not answer ({error}); is `portico demo` running?"
        ) from error
    except (SolidError, AccessRefused, LoginFailed, LostVisitor) as error:
        teller.expect(False, f"the step went through: {error}")
    click.echo(
        teller.as_json()
        if as_json
        else ("\nEverything holds." if teller.all_hold() else "\nNOT everything holds.")
    )
    sys.exit(0 if teller.all_hold() else 1)


async def _walk(settings: AppSettings, record: stage.DemoRecord, teller: Teller) -> None:
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [teller.sent], "response": [teller.received]}
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, event_hooks=hooks) as http:
        await Tour(Town(http, settings, record), teller).walk()
