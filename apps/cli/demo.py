"""`portico demo`: the whole platform with a town's data in it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

import click
import httpx

from apps.cli import stage
from apps.cli.operator import operator_core
from apps.cli.progress import receipts_bar, steps_bar
from apps.cli.scenes import TIMEOUT, Town, open_programmes, opt_in
from apps.cli.serve import HOST, PARTS, follow_addresses, listener, run_until_stopped, serve_together
from apps.settings import AppSettings
from apps.town.organisations import ISSUERS_OF_PARTICIPATION, SHOPS
from pods.settings import PodSettings, read_settings

AGREED_IN_TEN = (
    8  # of ten people, this many have agreed when the demo starts; the others find requests waiting
)
WAITING = frozenset(stage.CITIZENS.values())
"""The citizens with a name find their requests waiting: a visitor decides for them."""


@click.command()
@click.option("--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA).")
@click.option(
    "--households",
    type=click.IntRange(2),
    default=300,
    show_default=True,
    help="How many people live in the town.",
)
@HOST
def command(data: str | None, households: int, hosts: tuple[str, ...]) -> None:
    """Run the pod host, the wallet and the apps with a demo town, and print addresses and log-ins.

    The first start loads real purchases and lets people log in and decide; later starts take seconds.
    """
    if data:
        os.environ["PORTICO_DATA"] = data
    settings = read_settings(AppSettings, os.environ)
    follow_addresses(settings)
    settings = read_settings(AppSettings, os.environ)
    record = _set_the_stage(settings, households)
    run_until_stopped(_run(settings, record, hosts))


def _set_the_stage(settings: AppSettings, households: int) -> stage.DemoRecord:
    record = stage.demo_record(settings)
    if record is not None and (record.pod_url, record.wallet_url, record.apps_url) != (
        settings.pod_url,
        settings.wallet_url,
        settings.apps_url,
    ):
        # WebIDs, grants and receipts name these addresses: under others nothing in the folder would be found.
        raise click.ClickException(
            f"The town in {settings.data} lives at {record.pod_url}, {record.wallet_url} and {record.apps_url}. "
            "Give the same addresses, or another folder with --data."
        )
    if record is not None and record.ready:
        return record
    record = record or stage.new_record(settings)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    record.save(settings.data)  # the secret that derives the keys must outlive an interrupted first start
    with operator_core(read_settings(PodSettings, os.environ)) as core:
        stage.settle_organisations(core, settings, record)
        with receipts_bar("signed receipts") as progress:
            stage.settle_people(core, settings, record, households=households, progress=progress)
    record.save(settings.data)
    return record


async def _run(settings: AppSettings, record: stage.DemoRecord, hosts: Sequence[str]) -> None:
    started = asyncio.Event()
    listeners = [listener(part, settings, hosts=hosts) for part in PARTS]
    serving = asyncio.create_task(serve_together(listeners, started=started))
    await started.wait()
    if not serving.done():
        if not record.ready:
            await _first_day(settings, record)
        _announce(record)
    await serving


async def _first_day(settings: AppSettings, record: stage.DemoRecord) -> None:
    """Let organisations publish and people decide, as they do by hand; then the demo is ready."""
    async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=False) as http:
        town = Town(http, settings, record)
        await open_programmes(town, read_settings(PodSettings, os.environ))
        agreeing = [
            name
            for place, name in enumerate(record.people)
            if name not in WAITING and place % 10 < AGREED_IN_TEN
        ]
        with steps_bar("people decide", len(agreeing)) as bar:
            await opt_in(town, agreeing, list(record.purposes.values()), lambda: bar.advance(bar.task_ids[0]))
    record.ready = True
    record.save(settings.data)


def _announce(record: stage.DemoRecord) -> None:
    click.echo("\nPortico is running; Ctrl-C stops it.\n")
    for what, url in (("pod host", record.pod_url), ("wallet", record.wallet_url), ("apps", record.apps_url)):
        click.echo(f"  {what:<16}{url}")
    click.echo(f"\nLog in with the password  {record.password}\n")
    for who, name, start in _logins(record):
        click.echo(f"  {who:<16}{name:<16}{start}")
    click.echo("\nIn a second terminal, `make tour` performs the main job step by step.")


def _logins(record: stage.DemoRecord) -> list[tuple[str, str, str]]:
    shop, house = SHOPS[0].id, ISSUERS_OF_PARTICIPATION[0].id
    return [
        *(("citizen", name, record.wallet_url) for name in stage.CITIZENS.values()),
        ("administration", "comune", f"{record.apps_url}/insight/staff"),
        ("cooperative", "coop", f"{record.apps_url}/valueback/staff"),
        ("shop", shop, f"{record.apps_url}/valueback/till"),
        ("association", house, f"{record.apps_url}/checkin/"),
    ]
