"""The whole town in one data folder: every household of the package, with its purchases and its year."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from apps.imports import completejourney
from apps.imports.source import CompleteJourney
from apps.town.events import Calendar
from apps.town.organisations import ORGANISATIONS
from apps.town.people import People
from consent import issuers
from consent.main import schemas
from consent.receipts.keys import IssuerKey, jwks
from pods.identity.accounts import Accounts
from pods.identity.schema_sql import IDENTITY
from pods.model import Clock
from pods.storage.opening import SQLITE
from pods.storage.sqlite import SqliteStore

ORIGIN = "http://localhost:8080"
APPS = "http://localhost:8082"


@dataclass(frozen=True, slots=True)
class WholeTown:
    """Where the imported pods are, and what the import did. The issuers of the receipts are admitted."""

    folder: Path
    counts: completejourney.Counts
    seconds: float

    def store(self) -> SqliteStore:
        """Open the database; the caller closes it."""
        return SqliteStore(self.folder / SQLITE, (*IDENTITY, *schemas()))


def import_town(folder: Path, clock: Clock, *, limit: int | None = None) -> WholeTown:
    """Import the households of the package into a new data folder; all of them unless there is a limit."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_bytes(32)
    keys = {one.id: IssuerKey.derived(one.issuer(APPS), secret) for one in ORGANISATIONS if one.issuer(APPS)}
    people = People()
    store = SqliteStore(folder / SQLITE, (*IDENTITY, *schemas()))
    try:
        town = completejourney.Town(keys=keys, secret=secret, people=people, calendar=Calendar(people.seed))
        host = completejourney.Host(store, Accounts(clock=clock), ORIGIN, clock)
        started = time.perf_counter()
        with store.writing() as tx:
            for key in keys.values():
                issuers.admit(tx, key.issuer, jwks([key.public()]), clock())
        counts = completejourney.load(host, town, limit=limit, source=CompleteJourney())
        seconds = time.perf_counter() - started
    finally:
        store.close()
    return WholeTown(folder, counts, seconds)
