"""`portico serve`: run the pod host, the wallet and the apps, together or apart."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import uvicorn
import uvloop
from uvicorn.supervisors import Multiprocess

from apps.cli.listening import LOCALHOST, sockets
from apps.settings import AppSettings
from pods.http.connection import Connection
from pods.settings import PodSettings, read_settings

PARTS = {
    "pods": ("consent.main:create_app", "pod_url"),
    "wallet": ("wallet.main:create_app", "wallet_url"),
    "apps": ("apps.main:create_app", "apps_url"),
}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
BACKLOG = 2048
GRACE = 5  # seconds that open requests get when the platform stops
WEB_SOCKET_INPUT = 4096  # bytes; receivers of notifications have nothing to say
WEB_SOCKET_PING = 20.0  # seconds between pings, and for their answers: who is gone is noticed
KEEP_ALIVE = 75  # seconds an idle connection stays open: longer than clients keep one, or they would write to a closed one


@dataclass(frozen=True, slots=True)
class Listener:
    """One origin: the factory of its application and where it listens."""

    factory: str
    hosts: Sequence[str]
    port: int


def listener(part: str, settings: AppSettings, *, hosts: Sequence[str], port: int | None = None) -> Listener:
    """Return where a part listens: the port of its public address, unless another is given."""
    factory, url = PARTS[part]
    return Listener(factory, hosts, port or urlsplit(getattr(settings, url)).port or 80)


def config(at: Listener, *, workers: int = 1) -> uvicorn.Config:
    """Return uvicorn's configuration for an origin. The access log would name pods; it stays off."""
    return uvicorn.Config(
        at.factory,
        factory=True,
        workers=workers,
        backlog=BACKLOG,
        access_log=False,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        loop="uvloop",
        http=Connection,
        ws="websockets-sansio",
        ws_max_size=WEB_SOCKET_INPUT,
        ws_ping_interval=WEB_SOCKET_PING,
        ws_ping_timeout=WEB_SOCKET_PING,
        ws_per_message_deflate=False,  # messages are short, and a compressor for each connection is not small
    )


async def serve_together(listeners: Sequence[Listener], *, started: asyncio.Event | None = None) -> None:
    """Serve several origins in this process until a signal stops them; all stop when one does."""
    try:
        bound = [sockets(at.hosts, at.port) for at in listeners]
    except click.ClickException:
        if started is not None:
            started.set()  # or who waits for it would not hear of the error
        raise
    servers = [uvicorn.Server(config(at)) for at in listeners]
    running = [
        asyncio.create_task(server.serve(sockets=taken)) for server, taken in zip(servers, bound, strict=True)
    ]
    if started is not None:
        while not all(server.started for server in servers):
            if any(task.done() for task in running):
                break
            await asyncio.sleep(0.02)
        started.set()
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def follow_addresses(settings: AppSettings, trusted: Sequence[str] = ()) -> None:
    """Let unset settings follow from the three addresses, unless a settings file states them.

    The wallet of this installation may manage consent; and where an address is on this machine, without TLS,
    the three may call each other there, which the guard of outgoing requests would refuse. `trusted` are further
    servers of that kind, whatever is set.
    """
    if "PORTICO_CONFIG" in os.environ:
        if trusted:
            os.environ["PORTICO_TRUSTED_HOSTS"] = " ".join((*settings.trusted_hosts, *trusted))
        return
    addresses = [urlsplit(url) for url in (settings.pod_url, settings.wallet_url, settings.apps_url)]
    own = [address.netloc for address in addresses if address.hostname in LOOPBACK]
    known = os.environ.get("PORTICO_TRUSTED_HOSTS", " ".join(own))
    os.environ["PORTICO_TRUSTED_HOSTS"] = " ".join((known, *trusted)).strip()
    os.environ.setdefault("PORTICO_CONSENT_CLIENTS", f"{settings.wallet_url}/client.jsonld")


def run_until_stopped(serving: Coroutine[Any, Any, None]) -> None:
    """Run to the end; Ctrl-C is how it ends, not an error."""
    # uvicorn takes its loop from the configuration only where it starts the loop itself, and here we do.
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving)


HOST = click.option(
    "--host",
    "hosts",
    multiple=True,
    default=(LOCALHOST,),
    show_default=True,
    help="Address to listen on, of IPv4 or IPv6; may be repeated. :: is every address of both kinds.",
)


def seed_pods(seed: str | None, users: Sequence[str]) -> None:
    """Give the pod host the accounts that the operator listed, and print what their clients must know."""
    from apps.cli import seed as seeding  # here: a server without a seed need not load what writes one
    from apps.cli.operator import operator_core

    listed = (*(seeding.from_file(Path(seed)) if seed else ()), *map(seeding.from_option, users))
    if not listed:
        return
    with operator_core(read_settings(PodSettings, os.environ)) as core:
        seeded = seeding.settle(core, listed)
    click.echo("\n".join(one.lines() for one in seeded))


@click.command()
@click.argument("part", required=False, type=click.Choice(list(PARTS)))
@click.option("--data", type=click.Path(file_okay=False), help="Data folder (PORTICO_DATA).")
@HOST
@click.option(
    "--port", type=int, help="Port of the named PART; otherwise that of its address in the settings."
)
@click.option(
    "--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes of the named PART."
)
@click.option("--base-url", help="Public address of the named PART where it is not http://localhost:PORT.")
@click.option(
    "--seed", type=click.Path(dir_okay=False), help="JSON file of accounts that the pods have from the start."
)
@click.option(
    "--user",
    "users",
    multiple=True,
    metavar="NAME:PASSWORD[:CLIENT_ID:CLIENT_SECRET]",
    help="One such account; may be repeated.",
)
@click.option(
    "--trust",
    "trusted",
    multiple=True,
    metavar="HOST:PORT",
    help="A server on a private address, or without TLS, that may be asked for keys; may be repeated.",
)
def command(
    part: str | None,
    data: str | None,
    hosts: tuple[str, ...],
    port: int | None,
    workers: int,
    base_url: str | None,
    seed: str | None,
    users: tuple[str, ...],
    trusted: tuple[str, ...],
) -> None:
    """Run the platform, or only PART of it.

    Without PART the pod host, the wallet and the apps run in one process, each at its own origin.
    With --port, and without PORTICO_POD_URL or a settings file, the pod host takes http://localhost:PORT as
    its address; wallet and apps do the same. `portico serve pods` alone is a plain Solid server: see
    docs/solid-server.md for --seed and --user.
    """
    if part is None and (port or workers > 1 or base_url):
        raise click.UsageError("--port, --workers and --base-url need a PART: pods, wallet or apps.")
    if part != "pods" and (seed or users):
        raise click.UsageError("--seed and --user make accounts on the pod host: portico serve pods.")
    if data:
        os.environ["PORTICO_DATA"] = data
    if part and base_url:
        os.environ[f"PORTICO_{PARTS[part][1].upper()}"] = base_url.rstrip("/")
    if part and port and "PORTICO_CONFIG" not in os.environ:  # a settings file states the public address
        os.environ.setdefault(f"PORTICO_{PARTS[part][1].upper()}", f"http://localhost:{port}")
    os.environ["PORTICO_WORKERS"] = str(workers)
    settings = read_settings(AppSettings, os.environ)
    follow_addresses(settings, trusted)
    if part == "pods":
        seed_pods(seed, users)
    if part is None:
        run_until_stopped(serve_together([listener(name, settings, hosts=hosts) for name in PARTS]))
        return
    at = listener(part, settings, hosts=hosts, port=port)
    if workers == 1:
        run_until_stopped(serve_together([at]))
        return
    shared = config(at, workers=workers)
    bound = sockets(at.hosts, at.port)
    for each in bound:
        each.set_inheritable(True)
    Multiprocess(shared, sockets=bound).run()
