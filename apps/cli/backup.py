"""`portico backup`: a consistent copy of everything that a host stores, while it serves."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from apps.cli.operator import operator_core
from pods.archive.layout import timestamp
from pods.settings import PodSettings, read_settings
from pods.upkeep.backup import back_up
from pods.upkeep.copies import BadBackup, target_at
from pods.upkeep.outside import OutsideContent


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA).")
@click.option(
    "--earlier",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A backup that is a folder: content on S3 that it has is not fetched again.",
)
@click.option("--without-content", is_flag=True, help="Leave content that lies on S3 (PORTICO_BLOBS) there.")
def command(target: Path, data: str | None, earlier: Path | None, *, without_content: bool) -> None:
    """Copy the data folder into TARGET: a tar file if its name ends in .tar, else a new folder.

    Works beside a running server. Every database is one snapshot; what they name is copied with them, from S3 too.
    """
    if data:
        os.environ["PORTICO_DATA"] = data
    settings = read_settings(PodSettings, os.environ)
    if not settings.data.is_dir():
        raise click.ClickException(f"{settings.data} is no folder; --data names the one to back up.")
    try:
        with operator_core(settings) as core:
            listing = back_up(
                *(settings.data, target_at(target)),
                at=timestamp(time.time()),
                database=settings.database,
                store=core.store,
                outside=OutsideContent(core.blobs, earlier)
                if settings.blobs and not without_content
                else None,
            )
    except BadBackup as error:
        raise click.ClickException(str(error)) from error
    total = sum(file.size for file in listing.files)
    click.echo(f"{target}: {len(listing.files)} files, {total} bytes, {listing.database}")
    for reason in listing.left_out:
        click.echo(f"left out: {reason}")
