"""The demo town before its first visitor: organisations, people and their year, written through the store.

Everything here is what an operator does at the console of a new installation. What people decide (consent) is
not done here: they log in and decide, in `scenes`.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from apps.imports import completejourney
from apps.imports.source import CompleteJourney
from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from apps.town.events import Calendar
from apps.town.organisations import ISSUERS_OF_PARTICIPATION, ORGANISATIONS, SHOPS
from apps.town.organisations import Organisation as Invented
from apps.town.people import People
from consent import issuers
from consent.client import PurposeKey
from consent.receipts.keys import IssuerKey, jwks
from pods.identity.passwords import HashedPassword, hash_password
from pods.main import Core
from pods.provision import create_pod, webid_for
from pods.storage.base import Transaction

RECORD = "demo.json"
CITIZENS = {1: "giulia", 7: "marco"}
"""Households whose holders are the citizens that the demo introduces by name."""


@dataclass(slots=True)
class DemoRecord:
    """What the demo writes down about itself, readable to the operator only: `DATA/demo.json`."""

    pod_url: str
    wallet_url: str
    apps_url: str
    password: str
    secret: str
    people: list[str] = field(default_factory=list)
    """Pod names of everybody who lives in the demo town."""
    purposes: dict[str, str] = field(default_factory=dict)
    """The published purposes by a short name."""
    ready: bool = False
    """Whether the first start ran to its end."""

    def save(self, data: Path) -> None:
        """Replace the file; it holds the demo's password, so nobody else may read it."""
        draft = data / f".{RECORD}.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=2)
        draft.replace(data / RECORD)


def demo_record(settings: AppSettings) -> DemoRecord | None:
    """Return what an earlier start wrote down, or None before the first."""
    path = settings.data / RECORD
    return DemoRecord(**json.loads(path.read_text("utf-8"))) if path.exists() else None


def new_record(settings: AppSettings) -> DemoRecord:
    """Return the record of a new demo, with a password and a secret of its own."""
    return DemoRecord(
        pod_url=settings.pod_url,
        wallet_url=settings.wallet_url,
        apps_url=settings.apps_url,
        password=secrets.token_urlsafe(9),
        secret=secrets.token_hex(32),
    )


def settle_organisations(core: Core, settings: AppSettings, record: DemoRecord) -> None:
    """Give every organisation its pod, account and file of credentials and keys; what is there stays."""
    password = hash_password(record.password)
    files = Organisations(settings.data)
    for invented in ORGANISATIONS:
        if files.named(invented.id) is not None:
            continue
        with core.store.writing() as tx:
            made = _organisation(tx, core, settings, record, invented, password)
            key = made.receipt_key()
            if key is not None:
                # Receipts count in answers and shares only if the operator admitted their issuer.
                issuers.admit(tx, key.issuer, jwks([key.public()]), core.clock())
        files.write(made)


def _organisation(
    tx: Transaction,
    core: Core,
    settings: AppSettings,
    record: DemoRecord,
    invented: Invented,
    password: HashedPassword,
) -> Organisation:
    base = settings.pod_url
    webid = webid_for(base, invented.id)
    if tx.pod(invented.id) is None:
        create_pod(
            tx,
            invented.id,
            webid,
            base=base,
            issuer=f"{base}/",
            display_name=invented.name,
            at=core.clock(),
            kind="organisation",
        )
        core.accounts.create(tx, invented.id, password=password, webid=webid)
    client_id, client_secret = core.accounts.credentials(tx, webid, "demo")
    issuer = invented.issuer(settings.apps_url)
    return Organisation(
        name=invented.id,
        title=invented.name,
        webid=webid,
        storage=f"{base}/{invented.id}/",
        issuer=f"{base}/",
        client_id=client_id,
        client_secret=client_secret,
        purpose_jwk=PurposeKey.generate().private_jwk(),
        receipt_issuer=issuer,
        receipt_jwk=IssuerKey.derived(issuer, bytes.fromhex(record.secret)).private_jwk(),
        kind=invented.kind,
    )


def settle_people(
    core: Core,
    settings: AppSettings,
    record: DemoRecord,
    *,
    households: int | None,
    progress: completejourney.Progress | None = None,
) -> completejourney.Counts:
    """Load the households with their purchases and year; then give each person the demo's password."""
    people = People(aliases=CITIZENS)
    town = completejourney.Town(
        keys=issuer_keys(settings),
        secret=bytes.fromhex(record.secret),
        people=people,
        calendar=Calendar(people.seed),
    )
    host = completejourney.Host(core.store, core.accounts, settings.pod_url, core.clock)
    data = CompleteJourney()
    try:
        counts = completejourney.load(host, town, limit=households, progress=progress, source=data)
        record.people = [people.person(number).pod for number in data.households()[:households]]
    finally:
        data.close()
    password = hash_password(record.password)
    with core.store.writing() as tx:
        for name in record.people:
            account = core.accounts.by_login(tx, name)
            if account is not None and account.password is None:
                core.accounts.set_password(tx, account, password)
    return counts


def issuer_keys(settings: AppSettings) -> Mapping[str, IssuerKey]:
    """Return the keys of all shops and associations by their id in the town."""
    files = Organisations(settings.data)
    keys = {}
    for invented in (*SHOPS, *ISSUERS_OF_PARTICIPATION):
        written = files.named(invented.id)
        key = written.receipt_key() if written is not None else None
        if key is not None:
            keys[invented.id] = key
    return keys
