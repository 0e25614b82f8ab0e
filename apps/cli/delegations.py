"""`portico delegations`: the operator records who may act for whom, after seeing the documents."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from apps.cli.operator import operator_core
from consent.decisions import Consents
from consent.delegation import assistance_sql, delegations_sql
from consent.delegation.appointments import Appointments
from consent.delegation.coming_of_age import ROME
from consent.delegation.death import Deaths
from consent.delegation.model import APPROVED_BY_OPERATOR, Delegation, Kind, Power
from consent.main import SECRET
from consent.secret import derived, open_secret
from pods.errors import NotFound
from pods.main import Core
from pods.settings import PodSettings, read_settings
from pods.storage.base import Pod, Transaction

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Record who may act for whom; admit custodians; record deaths."""


@command.command("list")
@click.option("--pod", "name", help="Only the delegations of this pod.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_delegations(name: str | None, as_json: bool) -> None:
    """List delegations: those of a pod, or those that nobody accepted yet."""
    with _core() as core, core.store.reading() as tx:
        found = delegations_sql.of_pod(tx, _pod(tx, name).key) if name else delegations_sql.proposed(tx)
        plain = [_plain(tx, one) for one in found]
    if as_json:
        click.echo(json.dumps(plain, ensure_ascii=False))
    for one in plain if not as_json else ():
        click.echo("{id}  {state:<9} {kind:<14} {delegate} for {person}".format(**one))


@command.command()
@click.argument("kind", type=click.Choice(sorted(kind.value for kind in APPROVED_BY_OPERATOR)))
@click.argument("pod")
@click.argument("delegate")
@click.option("--evidence", required=True, help="Where the document is kept that you were shown.")
@click.option("--born", type=_DAY, help="The minor's birthday; needed for a guardian.")
@click.option("--until", type=_DAY, help="The first day on which the powers are over.")
@click.option("--power", "powers", multiple=True, type=click.Choice([power.value for power in Power]))
@click.option("--exclusive", is_flag=True, help="The person cannot give consent themself meanwhile.")
def approve(
    kind: str,
    pod: str,
    delegate: str,
    evidence: str,
    born: datetime | None,
    until: datetime | None,
    powers: tuple[str, ...],
    exclusive: bool,
) -> None:
    """Let DELEGATE (a WebID) act for the owner of POD; it counts once they accept."""
    with _core() as core, core.store.writing() as tx:
        made = Appointments(core.settings.pod_url).appoint(
            *(tx, _pod(tx, pod), Kind(kind), delegate, evidence, core.clock()),
            powers=frozenset(Power(name) for name in powers) or None,
            ends=until.replace(tzinfo=ROME).timestamp() if until else None,
            born=born.date() if born else None,
            exclusive=exclusive,
        )
    click.echo(f"{made.id}  waits for {delegate} to accept")


@command.command()
@click.argument("delegation")
def end(delegation: str) -> None:
    """End DELEGATION at once, because you were shown that it is over."""
    with _core() as core, core.store.writing() as tx:
        Appointments(core.settings.pod_url).revoke(tx, delegation, core.clock())
    click.echo(f"ended {delegation}")


@command.command()
@click.argument("webid")
@click.option("--evidence", help="Where the mandate is kept that you were shown.")
@click.option("--dismiss", is_flag=True, help="They assist nobody any more.")
def custodian(webid: str, evidence: str | None, dismiss: bool) -> None:
    """Admit WEBID as a community custodian, or dismiss them."""
    if not dismiss and not evidence:
        raise click.UsageError("Say where the mandate is kept (--evidence), or --dismiss.")
    with _core() as core, core.store.writing() as tx:
        if dismiss:
            assistance_sql.dismiss(tx, webid)
        else:
            assistance_sql.admit(tx, webid, evidence or "", core.clock())
    click.echo(f"{'dismissed' if dismiss else 'admitted'} {webid}")


@command.command()
@click.argument("delegate")
@click.argument("controller")
def interest(delegate: str, controller: str) -> None:
    """Record that DELEGATE has an interest in CONTROLLER, and gives it consent for nobody."""
    with _core() as core, core.store.writing() as tx:
        delegations_sql.declare_interest(tx, delegate, controller, core.clock())
    click.echo(f"recorded: {delegate} gives no consent to {controller} for others")


@command.command()
@click.argument("pod")
@click.option("--day", type=_DAY, required=True, help="The day of the death.")
@click.option("--evidence", required=True, help="Where the document is kept that you were shown.")
def death(pod: str, day: datetime, evidence: str) -> None:
    """Record the death of the owner of POD: all their consents end, and nobody gives any in their name."""
    with _core() as core, core.store.writing() as tx:
        origin = core.settings.pod_url
        consents = Consents(origin, derived(open_secret(core.settings.data / SECRET), "pairwise"))
        deaths = Deaths(origin, consents, Appointments(origin))
        ended = deaths.record(tx, _pod(tx, pod), day.date(), evidence, core.clock())
    click.echo(f"recorded; consents ended: {ended}")


@contextmanager
def _core() -> Iterator[Core]:
    with operator_core(read_settings(PodSettings, os.environ)) as core:
        yield core


def _pod(tx: Transaction, name: str) -> Pod:
    found = tx.pod(name)
    if found is None:
        raise NotFound(f"There is no pod {name!r} here.")
    return found


def _plain(tx: Transaction, one: Delegation) -> dict[str, str]:
    pod = tx.pod_by_key(one.pod)
    return {
        "id": one.id,
        "person": pod.owner if pod else "",
        "delegate": one.delegate,
        "kind": one.kind.value,
        "state": one.state.value,
        "evidence": one.evidence,
    }
