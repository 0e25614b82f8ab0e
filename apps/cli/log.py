"""`portico log`: are the access logs what they were when they were written?"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from apps.cli.operator import operator_core
from consent.main import checkpoints_of
from pods.activity import checking, keys_sql
from pods.archive.layout import LOG_PROOF, SEALED_LOG
from pods.settings import PodSettings, read_settings
from pods.transparency import wire
from pods.transparency.proof import Fault, Verdict, check
from pods.transparency.wire import BadProof

MAX_PROOF = 1024 * 1024  # bytes; a tree of a million entries needs twenty digests
WHAT = {
    Fault.MISSING: "line {line} is missing",
    Fault.CHANGED: "line {line} is not what was written",
    Fault.CUT: "line {line} and those after it were cut off",
    Fault.NOT_COMMITTED: "these lines are not those that the host signed",
    Fault.BAD_CHECKPOINT: "the checkpoint is not signed by the host",
    Fault.OTHER_THAN_SEEN: "the host signed another history before",
    Fault.OTHER_KEY: "the host has another key than before",
}


@click.group()
def command() -> None:
    """Verify access logs: chains of digests, and the checkpoints that the host signed."""


@command.command()
@click.option("--pod", "name", help="Look at the log of one pod only.")
@click.option(
    "--archive",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify the log in an exported archive; no host is needed.",
)
@click.option("--key", help="With --archive: the host's public key, as /.consent/checkpoints/key gives it.")
@click.option("--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA).")
@click.pass_context
def verify(
    ctx: click.Context, name: str | None, archive: Path | None, key: str | None, data: str | None
) -> None:
    """Verify every log and every checkpoint of the host, the log of one pod, or the log in an archive.

    Exit status 1: a line was changed, moved or dropped, or a checkpoint is not the host's.
    """
    if archive is not None:
        found = list(_of_archive(archive, key))
    else:
        if data:
            os.environ["PORTICO_DATA"] = data
        settings = read_settings(PodSettings, os.environ)
        if not settings.data.is_dir():
            raise click.ClickException(f"{settings.data} is no folder; --data names the one to look at.")
        found = list(_of_host(settings, name))
    if found:
        for one in found:
            click.echo(one)
        ctx.exit(1)


def _of_host(settings: PodSettings, name: str | None) -> Iterator[str]:
    with operator_core(settings) as core, core.store.reading() as tx:
        if name is not None:
            pod = tx.pod(name)
            if pod is None:
                raise click.ClickException(f"There is no pod {name!r} on this host.")
            pods = [(pod.key, pod.name)]
        else:
            pods = [(key, name) for key, name in tx.execute("SELECT key, name FROM pod ORDER BY key")]
            for fault in checking.tree_faults(tx, checkpoints_of(core).verifier_key):
                yield f"checkpoints: {fault}"
        whole = 0
        for key, title in pods:
            faults = list(checking.faults(tx, key))
            yield from (f"{title}: {fault}" for fault in faults)
            whole += not faults
        covered = sum(log.size for log in (keys_sql.log_of(tx, each[0]) for each in pods) if log)
        click.echo(f"{whole} of {len(pods)} logs are whole; checkpoints cover {covered} lines")


def _of_archive(path: Path, key: str | None) -> Iterator[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(LOG_PROOF).file_size > MAX_PROOF:
                raise BadProof(f"{LOG_PROOF} is too large.")
            proof = wire.proof_value(orjson.loads(archive.read(LOG_PROOF)))
            with archive.open(SEALED_LOG) as lines:
                verdict = check((wire.record_value(orjson.loads(line)) for line in lines), proof)
    except (KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise click.ClickException(f"{path} holds no log that can be verified: {error}") from error
    if key is not None and proof.verifier_key != key.strip():
        yield f"{path.name}: {WHAT[Fault.BAD_CHECKPOINT]}: its key is {proof.verifier_key or 'missing'}"
    if verdict.fault is not None:
        yield f"{path.name}: {WHAT[verdict.fault].format(line=verdict.line)}"
        return
    click.echo(_said(verdict))
    if key is None and verdict.covered:
        click.echo(f"signed by {proof.verifier_key}: compare it with what the host publishes, or give --key")


def _said(verdict: Verdict) -> str:
    if not verdict.covered:
        return f"{verdict.lines} lines follow one another; no checkpoint covers them"
    at = datetime.fromtimestamp(verdict.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{verdict.lines} lines are whole; {verdict.covered} are covered by the checkpoint of {at}"
