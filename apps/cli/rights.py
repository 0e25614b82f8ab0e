"""`portico rights`: what the operator owes people, and what others owe them and did not do."""

from __future__ import annotations

import os
import time

import click

from apps.cli.operator import operator_core
from consent import registry_sql
from consent.decisions import Consents
from consent.main import SECRET
from consent.rights import outgoing_sql, rights_sql
from consent.rights.disclosures import Looked, after_looking
from consent.rights.escalation import Escalation, escalated, late_requests
from consent.rights.model import RequestEvent, RightsRequest
from consent.rights.requests import Rights
from consent.secret import derived, open_secret
from consent.wire import timestamp
from pods.model import PUBLIC
from pods.settings import PodSettings, read_settings

HOST_STEPS = ("acknowledge", "extend", "answer", "refuse")


@click.group()
def command() -> None:
    """Answer requests to the host, and see whose answers are overdue (GDPR art. 12 to 22)."""


@command.command()
def received() -> None:
    """List the requests that people sent to the host itself."""
    settings = read_settings(PodSettings, os.environ)
    at = time.time()
    with operator_core(settings) as core, core.store.reading() as tx:
        for request in rights_sql.of_controller(tx, settings.pod_url + "/"):
            late = "  OVERDUE" if request.overdue(at) else ""
            click.echo(
                f"{request.id}  {request.kind:<18} {request.state:<12} by {timestamp(request.due_at)}{late}"
            )


@command.command()
@click.argument("request")
@click.argument("step", type=click.Choice(HOST_STEPS))
@click.option("--text", default="", help="What is told to the person.")
@click.option(
    "--attachment", "attachments", multiple=True, help="The address of a document; may be repeated."
)
def step(request: str, step: str, text: str, attachments: tuple[str, ...]) -> None:
    """Take a REQUEST to the host one STEP further."""
    settings = read_settings(PodSettings, os.environ)
    secret = open_secret(settings.data / SECRET)
    rights = Rights(settings.pod_url, Consents(settings.pod_url, derived(secret, "pairwise")))
    with operator_core(settings) as core:

        def taken(looked: Looked | None) -> RightsRequest:
            with core.store.writing() as tx:
                return rights.step(
                    *(tx, rights.of_controller(tx, rights.host, request), RequestEvent(step), time.time()),
                    text=text,
                    attachments=attachments,
                    agent=PUBLIC,
                    looked=looked,
                )

        after = after_looking(core.store, taken)
    click.echo(f"{after.id}  {after.state}")


@command.command()
def overdue() -> None:
    """List what organisations owe people past its time, with whom to call; it names no person."""
    at = time.time()
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.reading() as tx:
        rows = [
            *(("request", one.kind, one.controller, one.due_at) for one in late_requests(tx, at)),
            *(("duty", one.kind, one.recipient, one.due_at) for one in escalated(tx, at)),
        ]
        officers = {
            who: known.dpo for _, _, who, _ in rows if (known := registry_sql.controller(tx, who)) is not None
        }
    for what, kind, who, due_at in rows:
        click.echo(f"{what:<8} {kind:<18} since {timestamp(due_at)}  {who}  {officers.get(who, '-')}")


@command.command()
def undelivered() -> None:
    """List notices that inboxes on other hosts did not take, with the reason; it names no person."""
    with operator_core(read_settings(PodSettings, os.environ)) as core, core.store.reading() as tx:
        found = outgoing_sql.undelivered(tx)
    for notice in found:
        state = "waits" if notice.given_up_at is None else "given up"
        click.echo(f"{state:<8}  since {timestamp(notice.made_at)}  {notice.recipient}  {notice.why}")


@command.command()
def remind() -> None:
    """Send the reminders that are due now; a running host does it by itself every hour."""
    settings = read_settings(PodSettings, os.environ)
    escalation, count = Escalation(settings.pod_url), 0
    with operator_core(settings) as core:
        while True:
            with core.store.writing() as tx:
                some = escalation.remind_some(tx, time.time())
            if not some:
                break
            count += some
    click.echo(f"reminded {count}")
