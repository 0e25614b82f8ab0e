"""`portico accounts`: let somebody back into their account, or delete it with its pods for good."""

from __future__ import annotations

import json
import os
import time
from urllib.parse import urlencode

import click

from apps.cli.operator import operator_core
from consent.main import LEAVING
from pods.errors import NotFound
from pods.identity import recovery_sql
from pods.identity.accounts_sql import Account
from pods.identity.passwords import new_secret
from pods.identity.sessions import PATH
from pods.main import Core, removal_of
from pods.settings import PodSettings, read_settings
from pods.storage.base import Transaction


@click.group()
def command() -> None:
    """Recover and delete accounts."""


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def recover(name: str, as_json: bool) -> None:
    """Print a link with which the owner of the account NAME sets a new password; it is good once, for a day.

    Make sure first that whoever asks is the owner, and hand the link over in person or by a way that only they read.
    """
    settings = read_settings(PodSettings, os.environ)
    secret = new_secret()
    with operator_core(settings) as core, core.store.writing() as tx:
        recovery_sql.add_link(tx, _account(core, tx, name).id, secret, time.time())
    link = f"{settings.pod_url}{PATH}recover?{urlencode({'link': secret})}"
    click.echo(json.dumps({"link": link}) if as_json else link)


@command.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def delete(name: str, yes: bool, as_json: bool) -> None:
    """Delete the account NAME with all its pods for good; nobody gets the names again.

    `portico pods export` takes a copy first.
    """
    settings = read_settings(PodSettings, os.environ)
    with operator_core(settings) as core:
        with core.store.reading() as tx:
            identities = core.accounts.identities(tx, _account(core, tx, name))
        pods = [one.pod for one in identities]
        if not yes:
            click.confirm(f"Delete {', '.join(pods)} for good?", abort=True, err=True)
        removal = removal_of(core, LEAVING)
        with core.store.writing() as tx:
            for pod in filter(None, map(tx.pod, pods)):
                removal.close(tx, pod)
        removal.finish()
    click.echo(json.dumps({"deleted": pods}) if as_json else f"deleted {', '.join(pods)}")


def _account(core: Core, tx: Transaction, name: str) -> Account:
    account = core.accounts.by_login(tx, name)
    if account is None:
        raise NotFound(f"There is no account {name!r}.")
    return account
