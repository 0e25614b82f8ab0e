"""`portico import css`: the pods and accounts of a Community Solid Server, from its data folder."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import click

from apps.cli.operator import operator_core
from pods.archive.css import CssPod, pods_in
from pods.archive.large import keep_large
from pods.archive.layout import BadArchive
from pods.archive.rewriting import Rewritten
from pods.archive.settling import Place, rewritten, settle
from pods.identity.passwords import hash_password, new_secret
from pods.main import Core
from pods.settings import PodSettings, read_settings


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of one pod."""

    was: str
    webid: str
    resources: int
    as_text: tuple[str, ...]
    login: str
    password: str | None
    """First password of an account that was made for it; shown this once."""


@click.command("css")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--from-url",
    help="Address that the server had; the folder mostly knows, from version 6 of the server on.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each pod.")
def command(folder: Path, from_url: str | None, as_json: bool) -> None:
    """Take in every pod of a Community Solid Server whose data (file backend) lie in FOLDER.

    Stop that server first, or work on a copy. Names of the pods' own resources change to this host's; accounts get
    their address and a new password, which is printed this once, since the old ones cannot be read. A pod whose name
    is taken is left out: a second run goes on where the first stopped.
    """
    settings = read_settings(PodSettings, os.environ)
    try:
        found = pods_in(folder, from_url)
        with operator_core(settings) as core:
            addresses = tuple((pod.storage, f"{settings.pod_url}/{pod.name}/") for pod in found)
            for pod in found:
                moved = take_in(core, pod, addresses)
                click.echo(_line(pod, moved, as_json=as_json))
    except BadArchive as error:
        raise click.ClickException(str(error)) from error


def take_in(core: Core, pod: CssPod, neighbours: tuple[tuple[str, str], ...] = ()) -> Moved | None:
    """Settle one pod with its account, in one transaction; None if its name is taken."""
    place = Place(
        *(core.settings.pod_url, core.settings.issuer, pod.name, time.time(), core.settings.quota),
        foreign=True,
        neighbours=neighbours,
    )
    with core.store.reading() as tx:
        if tx.pod(pod.name) is not None:
            return None
    with rewritten(pod, place) as ready:
        return _settled(core, pod, place, ready)


def _settled(core: Core, pod: CssPod, place: Place, ready: Rewritten) -> Moved:
    password = new_secret()[:16]
    hashed = hash_password(password)
    large = keep_large(ready, core.store, core.blobs, core.clock)
    with core.store.writing() as tx:
        settled = settle(tx, ready, place, large)
        login = pod.email or pod.name
        account = core.accounts.by_login(tx, login) if pod.email else None
        if account is None:
            core.accounts.create(tx, pod.name, email=pod.email, password=hashed, webid=place.owner)
        else:
            core.accounts.add_identity(tx, account, place.owner, pod.name)
        first = password if account is None else None
        return Moved(pod.storage, place.owner, settled.resources, settled.left_out, login, first)


def _line(pod: CssPod, moved: Moved | None, *, as_json: bool) -> str:
    if moved is None:
        return json.dumps({"was": pod.storage, "kept": pod.name}) if as_json else f"{pod.name}: there already"
    if as_json:
        members = ("was", "webid", "resources", "as_text", "login", "password")
        return json.dumps({name: getattr(moved, name) for name in members})
    lines = [f"{moved.was} -> {moved.webid}, {moved.resources} resources"]
    if moved.password is not None:
        lines.append(f"  log in as {moved.login} with {moved.password}")
    lines += [f"  kept as plain text, since it does not parse: {path}" for path in moved.as_text]
    return "\n".join(lines)
