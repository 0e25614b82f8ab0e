"""Composition of value-back: API, pages and the worker, below `/valueback` at the apps' origin."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from apps.database import Database
from apps.handover.links import Links
from apps.handover.links_sql import SCHEMA as HANDOVER
from apps.handover.routes import FOLDER as HANDOVER_FOLDER
from apps.handover.routes import Handover
from apps.ledger.model import LedgerError
from apps.ledger.schema_sql import SCHEMA as LEDGER
from apps.settings import AppSettings
from apps.site.frame import FOLDER as SITE_FOLDER
from apps.site.frame import refusals, site, unreachable
from apps.valueback.addresses import Addresses
from apps.valueback.api import Api
from apps.valueback.ballots import Ballots
from apps.valueback.host import HostKeys, service_client
from apps.valueback.keys import ballot_key
from apps.valueback.model import Missing, ValueBackError
from apps.valueback.pages.public import PublicPages
from apps.valueback.pages.staff import StaffPages
from apps.valueback.pages.till import TillPages
from apps.valueback.publishing import Publishing
from apps.valueback.runner import Runner
from apps.valueback.schema_sql import SCHEMA
from apps.valueback.service import ValueBack
from apps.valueback.till import Till
from apps.valueback.working import Worker
from consent.client import AccessRefused, ServiceClient
from pods.client import SolidError
from pods.model import Clock
from pods.settings import read_settings
from vocab.pages import Navigation, msg

NAME = "valueback"
PREFIX = f"/{NAME}"
FOLDER = Path(__file__).resolve().parent
HOST_SECONDS = 60.0  # the pod host reads a whole period of receipts for one claim
NAVIGATION = (
    Navigation(msg("Programmes"), f"{PREFIX}/", "programmes"),
    Navigation(msg("Till"), f"{PREFIX}/till", "till"),
    Navigation(msg("For cooperatives"), f"{PREFIX}/staff", "staff"),
)

TITLES = {
    403: msg("Not allowed"),
    404: msg("There is nothing at this address"),
    409: msg("This contradicts what is there"),
    422: msg("The request does not fit"),
    502: msg("The pod host did not do it"),
}


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return value-back. Its routes are full paths, so it is called by path and not mounted.

    `transport` reaches the pod host, which may then be in the same process.
    """
    frame = site(
        settings,
        clock,
        name=NAME,
        label="Portico value-back",
        tagline=msg("Value that members generate together comes back to them and to the town"),
        folders=[FOLDER, HANDOVER_FOLDER, SITE_FOLDER],
        navigation=NAVIGATION,
    )
    pods, origin = settings.pod_url.rstrip("/"), settings.apps_url.rstrip("/")
    addresses = Addresses(origin + PREFIX, pods, settings.wallet_url.rstrip("/"))
    database = Database(settings.data / "valueback.sqlite", [LEDGER, HANDOVER, SCHEMA])
    http = httpx.AsyncClient(transport=transport, timeout=HOST_SECONDS, trust_env=False)
    organisations = frame.organisations

    @lru_cache(maxsize=256)  # a client keeps its tokens
    def client(name: str) -> ServiceClient:
        found = organisations.named(name)
        if found is None:
            raise Missing(f"there is no organisation {name} here")
        return service_client(found, pods, http, clock=clock)

    ballots = Ballots(ballot_key(settings.data / "valueback-ballots.json"), addresses.base)
    runner = Runner(database, client, HostKeys(http, pods), ballots, addresses, clock=clock)
    publishing = Publishing(database, organisations, client, addresses, clock=clock)
    service = ValueBack(database, publishing, runner, ballots, clock=clock)
    links = Links(secrets.token_bytes)
    till = Till(database, links, clock=clock)
    handover = Handover(
        database, links, frame.pages, base=addresses.base, wallet=addresses.wallet, clock=clock
    )
    api = Api(service, till, handover, organisations, client, database, clock=clock)
    worker = Worker(database, runner, clock=clock)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        worker.start()
        yield
        await worker.stop()
        await http.aclose()
        await frame.close()
        database.close()

    app = FastAPI(
        title="Portico value-back",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/api/openapi.json",
        lifespan=lifespan,
        exception_handlers={
            **frame.exception_handlers(),
            ValueBackError: refusals(frame.pages, TITLES),
            LedgerError: refusals(frame.pages, TITLES),
            **{error: unreachable(frame.pages) for error in (SolidError, AccessRefused, httpx.HTTPError)},
        },
    )
    app.include_router(api.router(PREFIX))
    app.router.routes.extend(
        [
            *frame.routes(PREFIX),
            *handover.routes(PREFIX),
            *PublicPages(frame, service, addresses, clock=clock).routes(PREFIX),
            *TillPages(frame, till, handover, database, clock=clock).routes(PREFIX),
            *StaffPages(frame, service, worker, addresses, clock=clock).routes(PREFIX),
        ]
    )
    return app


def create_app() -> ASGIApp:
    """Return value-back from PORTICO_* settings (a factory for uvicorn)."""
    return application(read_settings(AppSettings, os.environ), time.time)
