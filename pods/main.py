"""Composition root of the pod host: builds the parts of a plain Solid server, and the ground for layers above."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from pods.activity.sealing import seal_plain_lines
from pods.archive.routes import archive_routes
from pods.archive.writing import Further
from pods.authn.issuers import Issuers
from pods.authn.nonces import Nonces
from pods.authn.replay import FileReplayGuard, ReplayGuard
from pods.authn.signatures import Signatures, has_room
from pods.authn.verifier import Verifier
from pods.authz.base import Authorizer
from pods.authz.remote_groups import RemoteGroups
from pods.authz.wac import Wac
from pods.guard import guarded_client
from pods.http.hosts import Hosts
from pods.http.https_only import HttpsOnly
from pods.http.resources import Resources
from pods.http.routing import Alongside, Host, management
from pods.identity.accounts import Accounts
from pods.identity.keys import SigningKeys
from pods.identity.leaving import AccountLeaving
from pods.identity.routes import identity_routes
from pods.identity.same_keys import KeyFile, SameKeys, of_signing_keys
from pods.identity.schema_sql import IDENTITY
from pods.model import Clock
from pods.notify.assembly import notifications
from pods.notify.leaving import ChannelsLeaving
from pods.notify.schema_sql import NOTIFY_1
from pods.pages.page import ResourcePages
from pods.quota import Quota
from pods.removal import Leaving, Removal
from pods.service import Pods
from pods.settings import PodSettings, read_settings
from pods.storage.base import Commits, Observer, Store
from pods.storage.blobs import BlobStore, open_blobs
from pods.storage.migrations import Schema
from pods.storage.opening import open_database
from pods.storage.wakeups import Wakeups
from pods.sweeper import Sweeper
from vocab.routes import vocabulary_routes

BLOBS = "blobs"
SIGNING_KEYS = "signing-keys.json"
REPLAY = "replay"  # a folder
SWITCH_SECONDS = 0.0003  # between two threads that both want to run Python


@dataclass(frozen=True, slots=True)
class Core:
    """The parts that a pod host is made of, and that consent builds upon."""

    settings: PodSettings
    clock: Clock
    store: Store
    blobs: BlobStore
    commits: Commits
    wakeups: Wakeups
    keys: SigningKeys
    accounts: Accounts
    signatures: Signatures
    verifier: Verifier
    replay: ReplayGuard
    http: httpx.AsyncClient
    """The guarded client for addresses that a stranger chose."""

    def close(self) -> None:
        """Release files and threads; for programs that ran no server."""
        self.commits.close()
        self.wakeups.close()
        self.store.close()
        self.replay.close()

    async def aclose(self) -> None:
        """Finish what was submitted, then release everything."""
        await self.commits.drain()
        await self.http.aclose()
        self.close()


def open_core(settings: PodSettings, clock: Clock, *, schemas: Sequence[Schema] = ()) -> Core:
    """Open the data folder and return the parts of a host; `schemas` are the tables of layers above."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)  # pods are nobody else's on this machine
    database = open_database(settings.database, settings.data, (*IDENTITY, NOTIFY_1, *schemas))
    seal_plain_lines(database.store)
    keys = SigningKeys.open(settings.data / SIGNING_KEYS, clock=clock)
    replay = _replay_guard(settings)
    http = guarded_client(settings.trusted_hosts)
    issuers = Issuers(http, clock=clock)
    signatures = Signatures(beside=has_room(settings.workers, len(os.sched_getaffinity(0))))
    return Core(
        settings=settings,
        clock=clock,
        store=database.store,
        blobs=open_blobs(settings.blobs, settings.data / BLOBS),
        commits=database.commits,
        wakeups=database.wakeups,
        keys=keys,
        accounts=Accounts(clock=clock),
        signatures=signatures,
        verifier=Verifier(
            *(keys, replay, issuers),
            issuer=settings.issuer,
            clock=clock,
            nonces=Nonces(keys.derived(b"dpop nonces"), clock=clock) if settings.dpop_nonces else None,
            signatures=signatures,
        ),
        replay=replay,
        http=http,
    )


def _replay_guard(settings: PodSettings) -> ReplayGuard:
    if not settings.database:
        return FileReplayGuard(settings.data / REPLAY)
    from pods.authn.replay_sql import PostgresReplayGuard  # a host on SQLite does without the library

    return PostgresReplayGuard(settings.database)


def application(
    core: Core,
    *,
    authorizer: Authorizer | None = None,
    observers: Sequence[Observer] = (),
    routes: Sequence[BaseRoute] = (),
    alongside: Sequence[Alongside] = (),
    leaving: Sequence[Leaving] = (),
    further: Further | None = None,
    key_files: Callable[[], Sequence[KeyFile]] = tuple,
) -> ASGIApp:
    """Return the host as an ASGI application; its lifespan closes the core.

    What is `alongside` is entered when the host starts to serve and left before the core is closed. Who keeps rows
    of a pod is `leaving` when it is removed; `further` is what layers above add to the archive of one, `key_files`
    the keys that they keep. Raises BadSetting if another machine on the same database has other keys.
    """
    base = core.settings.pod_url
    for observer in observers:
        core.store.observe(observer)
    pages = ResourcePages(base, apps=_origins(core.settings.consent_clients))
    authorizer = authorizer or Wac(base, RemoteGroups(core.http, clock=core.clock))
    pods = Pods(
        *(core.store, core.commits, authorizer),
        base_url=base,
        blobs=core.blobs,
        quota=Quota(core.settings.quota),
        clock=core.clock,
        pages=pages,
    )
    told = notifications(core, authorizer)
    resources = Resources(pods, core.verifier, base_url=base, max_body=core.settings.max_body, pages=pages)
    removal = removal_of(core, leaving)
    every_route = [
        *(*identity_routes(core, removal), *vocabulary_routes(base), *told.routes),
        *(*archive_routes(core, further), *routes, Route("/", _to_the_account)),
    ]
    sweeper = Sweeper(core.blobs, core.commits, core.clock)
    beside = (
        _sharing_the_interpreter,
        core.signatures.running,
        *alongside,
        removal.alongside,
        told.running,
        sweeper.alongside,
    )
    if core.settings.database:  # with SQLite the database lies beside its keys
        same = SameKeys(
            core.store,
            core.commits,
            lambda: [of_signing_keys(SIGNING_KEYS, core.keys), *key_files()],
            clock=core.clock,
        )
        same.require()
        beside = (*beside, same.alongside)
    manage = management(every_route, realm=base, close=core.aclose, alongside=beside)
    host = Host(resources, manage, realm=base, hosts=Hosts(base, core.settings.hosts))
    return HttpsOnly(host, base) if core.settings.https_only else host


def removal_of(core: Core, leaving: Sequence[Leaving] = ()) -> Removal:
    """Return what removes pods of this host; who keeps rows of a pod is `leaving`."""
    return Removal(
        core.store, core.commits, (AccountLeaving(), ChannelsLeaving(), *leaving), clock=core.clock
    )


def _origins(clients: Sequence[str]) -> tuple[str, ...]:
    """Return where the applications live that people manage their pods with, each once."""
    places = (urlsplit(client) for client in clients)
    return tuple(
        dict.fromkeys(
            f"{place.scheme}://{place.netloc}" for place in places if place.scheme in ("http", "https")
        )
    )


async def _to_the_account(_: Request) -> Response:
    return RedirectResponse("/.account/", 303)


@asynccontextmanager
async def _sharing_the_interpreter() -> AsyncIterator[None]:
    """Let a thread that comes back from the disk go on at once, while the host serves.

    Python lets it wait for 5 ms, as long as ten commits take: answers that are durable would stand behind requests
    that came later.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def create_app() -> ASGIApp:
    """Return a plain Solid server set up by PORTICO_* variables; what `uvicorn --factory` calls."""
    return application(open_core(read_settings(PodSettings, os.environ), time.time))
