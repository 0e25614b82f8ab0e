"""The routes of export and import, for the host that `pods.main` puts together."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import BaseRoute

from pods.archive.ground import Ground
from pods.archive.large import contents_of
from pods.archive.pages import ArchivePages
from pods.archive.sending import Sender
from pods.archive.writing import ArchiveWriter, Further
from pods.identity.site import Site


def sender_of(ground: Ground, further: Further | None = None) -> Sender:
    """Return what sends archives of pods of this host; `further` is what layers above add."""
    writer = ArchiveWriter(ground.settings.pod_url, contents_of(ground.blobs), further)
    return Sender(writer, ground.accounts, ground.store, ground.clock)


def archive_routes(ground: Ground, further: Further | None = None) -> list[BaseRoute]:
    """Return the account's pages for export and import."""
    site = Site(ground, Path(__file__).resolve().parent)
    return ArchivePages(site, ground, sender_of(ground, further)).routes()
