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
from consent import registry_sql
from consent.rights import breach_sql
from consent.rights.breach_extent import Suspect
from consent.rights.breach_report import draft
from consent.rights.breach_sql import Breach
from consent.rights.breach_steps import BreachStep
from consent.rights.breaches import Breaches, Description, suspect_of
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
        with core.store.reading() as tx:
            found = breaches.found(tx, breach)
            entries, told = breach_sql.entries(tx, breach), breach_sql.told(tx, breach)
            controller = registry_sql.controller(tx, found.agent)
        extent = breaches.extent(suspect_of(found))
    if report:
        name = f"{controller.name}, {controller.contact}" if controller is not None else ""
        click.echo(draft(found, extent, entries, told, at, controller=name))
    else:
        click.echo(f"{found.id}  {_state(found, at)}")
        click.echo(
            f"{found.affected} people affected, {told} told; tell the authority by {_due(found)}\n{found.nature}"
        )
        for when, words in entries:
            click.echo(f"{timestamp(when)}  {words}")
    for pod in extent.people if names else ():
        click.echo(pod.owner)


@command.command()
@click.argument("breach")
@click.option("--consequences", default="", help="What may follow for people, in words that they understand.")
@click.option("--measures", default="", help="What was done, and what people can do.")
@click.option(
    "--contact", default="", help="Where more can be learned: the data protection officer, as a rule."
)
def describe(breach: str, consequences: str, measures: str, contact: str) -> None:
    """Write what people must be told of BREACH beside its nature (GDPR art. 34(2))."""
    _step(breach, BreachStep.DESCRIBE, description=Description(consequences, measures, contact))


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
    _step(breach, BreachStep.NOTE, words)


@command.command()
@click.argument("breach")
@click.option("--reason", default="", help="Why only now, if the 72 hours are over.")
def authority(breach: str, reason: str) -> None:
    """Note that the authority was told of BREACH."""
    _step(breach, BreachStep.REPORT, reason)


@command.command()
@click.argument("breach")
def publish(breach: str) -> None:
    """Show BREACH on the public page of this host (GDPR art. 34(3)(c)); it names nobody affected."""
    _step(breach, BreachStep.PUBLISH)


@command.command()
@click.argument("breach")
@click.argument("reason")
def close(breach: str, reason: str) -> None:
    """Close BREACH for a REASON; the entry stays in the register."""
    _step(breach, BreachStep.CLOSE, reason)


def _step(breach: str, step: BreachStep, text: str = "", description: Description | None = None) -> None:
    at = time.time()
    with _register() as (core, breaches), core.store.writing() as tx:
        found = breaches.found(tx, breach)
        after = breaches.step(tx, found, step, at, text=text, description=description)
    click.echo(f"{breach}  {_state(after, at)}")


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
        "opened_by": breach.opened_by,
        "agent": breach.agent,
        "client": breach.client,
    }
