"""`portico breach`: the register of breaches, who is affected, and the notices to them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from apps.cli.operator import operator_core
from consent.rights import breach_sql
from consent.rights.breach_report import draft
from consent.rights.breach_sql import Breach
from consent.rights.breaches import Breaches, Suspect
from consent.rights.deadlines import ROME
from consent.wire import timestamp
from pods.main import Core
from pods.settings import PodSettings, read_settings


class Moment(click.ParamType[float]):
    """A time as RFC 3339; without an offset it is Italian time."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            read = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-20T08:00 or 2026-11-20T07:00:00Z", param, ctx)
        return (read if read.tzinfo else read.replace(tzinfo=ROME)).timestamp()


@contextmanager
def _register() -> Iterator[tuple[Core, Breaches]]:
    settings = read_settings(PodSettings, os.environ)
    with operator_core(settings) as core:
        yield core, Breaches(settings.pod_url, core.store)


@click.group()
def command() -> None:
    """Keep the register of breaches and tell the people affected (GDPR art. 33 and 34)."""


@command.command("open")
@click.option("--agent", default="", help="The WebID through whose access the data got out.")
@click.option("--client", default="", help="The client id through which it did.")
@click.option("--from", "begins", type=Moment(), required=True, help="When it began, as 2026-11-20T08:00.")
@click.option("--to", "ends", type=Moment(), required=True, help="When it ended.")
@click.option("--nature", required=True, help="What happened, in the words that people will read.")
@click.option("--list", "names", is_flag=True, help="Print the WebIDs of those affected, too.")
def open_(agent: str, client: str, begins: float, ends: float, nature: str, names: bool) -> None:
    """Open an entry and count who is affected by the access log; nobody is told yet."""
    with _register() as (_, breaches):
        suspect = Suspect(begins, ends, agent, client)
        breach = breaches.open(suspect, nature, time.time())
        people = breaches.affected(suspect) if names else []
    click.echo(f"{breach.id}  {breach.affected} people affected; tell the authority by {_due(breach)}")
    for pod in people:
        click.echo(pod.owner)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the register as JSON.")
def list_(as_json: bool) -> None:
    """List the register, the newest first, with the clock of each entry."""
    at = time.time()
    with _register() as (core, _), core.store.reading() as tx:
        register = breach_sql.every(tx)
    if as_json:
        click.echo(json.dumps([_plain(breach, at) for breach in register], ensure_ascii=False))
    for breach in register if not as_json else ():
        click.echo(f"{breach.id}  {_state(breach, at):<34} {breach.affected:>6} people")


@command.command()
@click.argument("breach")
@click.option("--report", is_flag=True, help="Print the draft for the authority as Markdown.")
@click.option("--list", "names", is_flag=True, help="Print the WebIDs of those affected, too.")
def show(breach: str, report: bool, names: bool) -> None:
    """Show the entry BREACH with everything that was noted."""
    at = time.time()
    with _register() as (core, breaches):
        found = breaches.found(breach)
        with core.store.reading() as tx:
            entries, told = breach_sql.entries(tx, breach), breach_sql.told(tx, breach)
        people = (
            breaches.affected(Suspect(found.begins, found.ends, found.agent, found.client)) if names else []
        )
    if report:
        click.echo(draft(found, entries, told, at))
    else:
        click.echo(f"{found.id}  {_state(found, at)}")
        click.echo(
            f"{found.affected} people affected, {told} told; tell the authority by {_due(found)}\n{found.nature}"
        )
        for when, words in entries:
            click.echo(f"{timestamp(when)}  {words}")
    for pod in people:
        click.echo(pod.owner)


@command.command()
@click.argument("breach")
def notify(breach: str) -> None:
    """Put a notice into the inbox of everybody affected by BREACH; again, it tells only those not told yet."""
    with _register() as (_, breaches):
        count = breaches.notify(breach, time.time())
    click.echo(f"told {count} people")


@command.command()
@click.argument("breach")
@click.argument("words")
def note(breach: str, words: str) -> None:
    """Note a measure or a finding about BREACH."""
    with _register() as (_, breaches):
        breaches.note(breach, words, time.time())
    click.echo("noted")


@command.command()
@click.argument("breach")
def authority(breach: str) -> None:
    """Note that the authority was told of BREACH."""
    with _register() as (_, breaches):
        breaches.authority(breach, time.time())
    click.echo("noted")


@command.command()
@click.argument("breach")
@click.argument("reason")
def close(breach: str, reason: str) -> None:
    """Close BREACH for a REASON; the entry stays in the register."""
    with _register() as (_, breaches):
        breaches.close(breach, reason, time.time())
    click.echo(f"closed {breach}")


def _state(breach: Breach, at: float) -> str:
    if breach.closed_at is not None:
        return f"closed {timestamp(breach.closed_at)}"
    if breach.authority_at is not None:
        return f"authority told {timestamp(breach.authority_at)}"
    return ("OVERDUE since " if breach.overdue(at) else "due ") + _due(breach)


def _due(breach: Breach) -> str:
    return timestamp(breach.due_at)


def _plain(breach: Breach, at: float) -> dict[str, object]:
    return {
        "id": breach.id,
        "state": _state(breach, at),
        "aware_at": timestamp(breach.aware_at),
        "due_at": _due(breach),
        "affected": breach.affected,
        "agent": breach.agent,
        "client": breach.client,
    }
