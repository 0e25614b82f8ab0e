"""`portico pods export` and `portico pods import`: a pod taken away as one archive, and settled on this host."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import click

from apps.cli.operator import operator_core
from consent.main import archived
from pods.archive.facts import account_facts
from pods.archive.large import contents_of, keep_large
from pods.archive.layout import BadArchive
from pods.archive.reading import MAX_TOTAL, PodArchive
from pods.archive.settling import Place, Settled, rewritten, settle
from pods.archive.writing import ArchiveWriter
from pods.errors import NotFound
from pods.identity.passwords import HashedPassword, hash_password
from pods.main import Core
from pods.settings import PodSettings, read_settings
from pods.storage.base import Transaction

PRIVATE = 0o600


@click.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def export_pod(name: str, file: Path, force: bool) -> None:
    """Write everything that the pod NAME holds into the zip archive FILE (docs/export.md)."""
    settings = read_settings(PodSettings, os.environ)
    if file.exists() and not force:
        raise click.ClickException(f"{file} exists; give --force to replace it.")
    # Beside the target first: a copy that was cut off must not look like a copy.
    draft = file.with_name(f".{file.name}.part")
    with operator_core(settings) as core, core.store.reading() as tx:
        pod = tx.pod(name)
        if pod is None:
            raise NotFound(f"There is no pod named {name!r}.")
        writer = ArchiveWriter(settings.pod_url, contents_of(core.blobs), archived(core))
        try:
            with open(draft, "wb", opener=_private) as output:
                writer.write(tx, pod, account_facts(core.accounts, tx, pod), output, time.time())
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    click.echo(f"{pod.owner}\n{file} {file.stat().st_size} bytes")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="Name of the new pod; otherwise the one that it had.")
@click.option("--account", help="Give the pod to this account; otherwise it gets an account of its own name.")
@click.option("--email", help="Address of the new account.")
@click.option("--password", help="Password of the new account; without one nobody can log in to it.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def import_pod(
    file: Path, name: str | None, account: str | None, email: str | None, password: str | None, as_json: bool
) -> None:
    """Settle the pod in the archive FILE on this host, as a new pod with a WebID of this host.

    Names of the pod's own resources change, and the owner's new WebID gets the rights of the old one. Consents stay
    behind: they are kept as history and must be given anew. Nothing is stored unless all of it can be.
    """
    settings = read_settings(PodSettings, os.environ)
    hashed = hash_password(password) if password else None
    try:
        with (
            PodArchive(file, max_total=settings.quota or MAX_TOTAL) as archive,
            operator_core(settings) as core,
        ):
            chosen = name or archive.title
            place = Place(settings.pod_url, settings.issuer, chosen, time.time(), settings.quota)
            with rewritten(archive, place) as ready:
                large = keep_large(ready, core.store, core.blobs, core.clock)
                with core.store.writing() as tx:
                    settled = settle(tx, ready, place, large)
                    _give(core, tx, settled, account, email, hashed)
    except BadArchive as error:
        raise click.ClickException(str(error)) from error
    result = {
        "webid": settled.pod.owner,
        "storage": place.storage,
        "resources": settled.resources,
        "history": settled.history,
    }
    click.echo(json.dumps(result) if as_json else f"{settled.pod.owner}\n{settled.resources} resources")


def _give(
    core: Core,
    tx: Transaction,
    settled: Settled,
    account: str | None,
    email: str | None,
    password: HashedPassword | None,
) -> None:
    """Let an account act for the new pod: one that is named, or one of its own."""
    pod = settled.pod
    if account is None:
        core.accounts.create(tx, pod.name, email=email, password=password, webid=pod.owner)
        return
    owner = core.accounts.by_login(tx, account)
    if owner is None:
        raise NotFound(f"There is no account named {account!r}.")
    core.accounts.add_identity(tx, owner, pod.owner, pod.name)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE)
