"""`portico restore`: a host as it was when its backup was made, in an empty folder."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pods.settings import PodSettings, read_settings
from pods.storage.blobs import open_blobs
from pods.upkeep.copies import BadBackup
from pods.upkeep.outside import OutsideContent
from pods.upkeep.restoring import restore


@click.command()
@click.argument("backup", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA); empty or missing."
)
def command(backup: Path, data: str | None) -> None:
    """Restore BACKUP, a tar file or a folder that `portico backup` wrote.

    Refuses a folder, and a database, that is not empty. Every file is compared with the list in the backup. With
    PORTICO_BLOBS=s3://... large content is put there.
    """
    if data:
        os.environ["PORTICO_DATA"] = data
    settings = read_settings(PodSettings, os.environ)
    try:
        # Content goes where the host will look for it, whatever it lay on when the backup was made.
        outside = OutsideContent(open_blobs(settings.blobs, settings.data)) if settings.blobs else None
        listing = restore(backup, settings.data, database=settings.database, outside=outside)
    except BadBackup as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{settings.data}: {len(listing.files)} files as of {listing.at}; check them with portico doctor"
    )
    for reason in listing.left_out:
        click.echo(f"was left out: {reason}")
