"""Composition of value-back: API, pages and the worker, below `/valueback` at the apps' origin."""

from __future__ import annotations

import secrets
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from apps.database import Database
from apps.handover.links import Links
from apps.handover.links_sql import SCHEMA as HANDOVER
from apps.handover.routes import FOLDER as HANDOVER_FOLDER
from apps.handover.routes import Handover
from apps.ledger.model import LedgerError
from apps.ledger.schema_sql import SCHEMA as LEDGER
from apps.settings import AppSettings
from apps.site.errors import Errors
from apps.site.frame import About, from_settings, site
from apps.valueback.addresses import Addresses
from apps.valueback.api import Api
from apps.valueback.ballots import Ballots
from apps.valueback.host import HostKeys
from apps.valueback.keys import ballot_key
from apps.valueback.pages.public import PublicPages
from apps.valueback.pages.staff import StaffPages
from apps.valueback.pages.till import TillPages
from apps.valueback.publishing import Publishing
from apps.valueback.runner import Runner
from apps.valueback.schema_sql import SCHEMA
from apps.valueback.service import ValueBack
from apps.valueback.till import Till
from apps.valueback.working import Worker
from pods.model import Clock
from vocab.pages import Navigation, msg

ABOUT = About(
    name="valueback",
    label="Portico value-back",
    tagline=msg("Value that members generate together comes back to them and to the town"),
    navigation=(
        Navigation(msg("Programmes"), "/valueback/", "programmes"),
        Navigation(msg("Till"), "/valueback/till", "till"),
        Navigation(msg("For cooperatives"), "/valueback/staff", "staff"),
    ),
    folders=(Path(__file__).resolve().parent, HANDOVER_FOLDER),
)


def application(
    settings: AppSettings, clock: Clock, *, transport: httpx.AsyncBaseTransport | None = None
) -> ASGIApp:
    """Return value-back; `transport` reaches the pod host."""
    frame = site(settings, clock, ABOUT, transport=transport)
    prefix, organisations = frame.prefix, frame.organisations
    http, pods, client = frame.clients.http, frame.clients.host, frame.clients.service
    addresses = Addresses(settings.apps_url.rstrip("/") + prefix, pods, settings.wallet_url.rstrip("/"))
    database = Database(settings.data / "valueback.sqlite", [LEDGER, HANDOVER, SCHEMA])
    ballots = Ballots(ballot_key(settings.data / "valueback-ballots.json"), addresses.base)
    runner = Runner(database, client, HostKeys(http, pods), ballots, addresses, clock=clock)
    publishing = Publishing(database, organisations, client, addresses, clock=clock)
    service = ValueBack(database, publishing, runner, ballots, clock=clock)
    links = Links(secrets.token_bytes)
    till = Till(database, links, clock=clock)
    handover = Handover(
        database, links, frame.pages, base=addresses.base, wallet=addresses.wallet, clock=clock
    )
    worker = Worker(database, runner, clock=clock)
    return frame.application(
        [
            *handover.routes(prefix),
            *PublicPages(frame, service, addresses, clock=clock).routes(prefix),
            *TillPages(frame, till, handover, database, clock=clock).routes(prefix),
            *StaffPages(frame, service, worker, addresses, clock=clock).routes(prefix),
        ],
        api=Api(service, till, handover, organisations, client, database, clock=clock).router(prefix),
        errors={LedgerError: Errors(frame.pages).refused},
        databases=[database],
        alongside=[worker.working],
    )


create_app = from_settings(application)
