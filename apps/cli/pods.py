"""`portico pods`: create a pod with its account, and credentials for scripts."""

from __future__ import annotations

import json
import os
import time

import click

from apps.cli import travel
from apps.cli.operator import operator_core
from pods.errors import Conflict
from pods.provision import create_pod, webid_for
from pods.settings import PodSettings, read_settings


@click.group()
def command() -> None:
    """Create pods and credentials for scripts; take a pod away, or bring one in."""


command.add_command(travel.export_pod)
command.add_command(travel.import_pod)


@command.command()
@click.argument("name")
@click.option("--email", help="Address for the log-in page; the name works too.")
@click.option("--password", help="Password of the account; without one nobody can log in to it.")
@click.option("--title", help="Name that the WebID profile shows.")
@click.option("--organisation", is_flag=True, help="The pod belongs to an organisation, not to a person.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def create(
    name: str, email: str | None, password: str | None, title: str | None, organisation: bool, as_json: bool
) -> None:
    """Create the pod NAME with its WebID and account."""
    settings = read_settings(PodSettings, os.environ)
    with operator_core(settings) as core, core.store.writing() as tx:
        pod = create_pod(
            tx,
            name,
            webid_for(settings.pod_url, name),
            base=settings.pod_url,
            issuer=settings.issuer,
            display_name=title or name,
            at=time.time(),
            kind="organisation" if organisation else "person",
        )
        core.accounts.create(tx, name, email=email, password=password, webid=pod.owner)
    result = {"webid": pod.owner, "storage": settings.pod_url + pod.root, "issuer": settings.issuer}
    click.echo(json.dumps(result) if as_json else f"{pod.owner}\nstorage {result['storage']}")


@command.command()
@click.argument("name")
@click.option(
    "--label", default="script", show_default=True, help="What the account page calls these credentials."
)
def credentials(name: str, label: str) -> None:
    """Print new client credentials of the pod NAME as JSON; the secret is shown this once."""
    settings = read_settings(PodSettings, os.environ)
    with operator_core(settings) as core, core.store.writing() as tx:
        pod = tx.pod(name)
        if pod is None:
            raise Conflict(f"There is no pod named {name!r}; create it with `portico pods create {name}`.")
        client_id, client_secret = core.accounts.credentials(tx, pod.owner, label)
    click.echo(
        json.dumps(
            {
                "webid": pod.owner,
                "storage": settings.pod_url + pod.root,
                "issuer": settings.issuer,
                "client_id": client_id,
                "client_secret": client_secret,
            }
        )
    )
