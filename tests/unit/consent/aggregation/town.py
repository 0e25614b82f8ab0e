"""A small town in a real store: a controller, a purpose with a programme, people with signed receipts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from consent import grants_sql, issuers, registry_sql
from consent.aggregation.assembly import assemble
from consent.aggregation.engine import Engine, exact_cells
from consent.aggregation.fields import Fields
from consent.aggregation.programme import Programme, programme
from consent.declarations import declaration
from consent.issuers import IssuerDirectory
from consent.main import schemas
from consent.model import (
    Controller,
    ControllerState,
    DataItem,
    Grant,
    GrantId,
    GrantState,
    OutputMode,
    Pairwise,
    PurposeDeclaration,
)
from consent.receipts.derive import target
from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.model import Instant, Notation, ParticipationReceipt, PurchaseLine, PurchaseReceipt
from consent.receipts.nonce import fresh_nonce
from consent.receipts.signing import sign
from pods.identity.keys import SigningKeys
from pods.identity.schema_sql import IDENTITY
from pods.model import Agent, Clock, WebId
from pods.model import Path as ResourcePath
from pods.storage.base import Transaction
from pods.storage.opening import open_database
from tests.databases import database_of
from vocab.places import DISTRICT
from vocab.shapes import SHAPES
from vocab.trade import SHOP

ORIGIN = "http://localhost:8080"
COMUNE = WebId(f"{ORIGIN}/comune/profile/card#me")
SHOP_KEY = IssuerKey.generate("https://shops.example/forno")
MONTH_FIRST, MONTH_LAST = "2017-01", "2017-12"

TERMS: Mapping[str, Any] = {
    "dimensions": [
        "Profile.district",
        "Profile.ageClass",
        "Participation.kind",
        "Participation.startedAt",
        "Purchase.category",
        "Purchase.seller",
        "Purchase.orderedAt",
    ],
    "measures": [
        {"function": "people"},
        {"function": "count", "property": "Participation.kind", "upper": 5},
        {"function": "count", "property": "Purchase.orderedAt", "upper": 20},
        {"function": "count", "property": "Purchase.lineAmount", "upper": 4},
        {"function": "sum", "property": "Participation.minutes", "lower": 0, "upper": 600},
        {"function": "sum", "property": "Purchase.total", "lower": 0, "upper": 5000},
        {"function": "sum", "property": "Purchase.lineAmount", "lower": 0, "upper": 3000},
    ],
    "l0": 3,
    "rho_total": 1,
    "k_min": 3,
    "min_participants": 3,
    "period": {"from": MONTH_FIRST, "to": MONTH_LAST},
}
ITEMS = [
    {"shape": "Profile", "properties": ["district", "ageClass"], "mode": "aggregateOnly"},
    {"shape": "Participation", "properties": ["kind", "startedAt", "minutes"], "mode": "aggregateOnly"},
    {
        "shape": "Purchase",
        "properties": ["orderedAt", "seller", "category", "total", "lineAmount"],
        "mode": "aggregateOnly",
    },
]


def purpose(identifier: str = "town", terms: Mapping[str, Any] = TERMS) -> PurposeDeclaration:
    """Return a declaration with a programme."""
    text = {"it": "testo", "en": "text"}
    document = {
        "id": identifier,
        "version": 1,
        "title": text,
        "text": text,
        "consequence_of_refusal": text,
        "legal_basis": "gdpr:A6-1-a",
        "items": ITEMS,
        "recipients": [],
        "retention_days": 30,
        "valid_until": "2036-12-31",
        "programme": dict(terms),
    }
    return declaration(document, COMUNE, ORIGIN)


def terms(**changes: Any) -> Programme:
    """Return the programme of the town, with changed terms."""
    return programme("https://example/programme", {**TERMS, **changes}, Fields())


def question(programme_iri: str = "https://example/programme", **members: Any) -> dict[str, Any]:
    """Return a question about people by district, with changed members."""
    return {
        "programme": programme_iri,
        "measure": {"function": "people"},
        "group_by": ["Profile.district"],
        "where": [],
        "period": {"from": MONTH_FIRST, "to": MONTH_LAST},
        "rho": 0.05,
        **members,
    }


def line(category: str, amount: int) -> PurchaseLine:
    """Return a line of a receipt."""
    return PurchaseLine(Notation(category), 1, amount)


def purchase(number: int, day: str, *lines: PurchaseLine, nonce: str = "", shop: int = 0) -> PurchaseReceipt:
    """Return a receipt of a day."""
    moment = Instant(f"{day}T10:00:00Z")
    return PurchaseReceipt(
        id=f"b{number}",
        issuer=SHOP_KEY.issuer,
        nonce=nonce or fresh_nonce(),
        issued_at=moment,
        ordered_at=moment,
        seller=SHOP.codes[shop].iri,
        lines=lines,
        total=sum(one.amount for one in lines),
    )


def visit(number: int, day: str, kind: str = "attendance", minutes: int = 60) -> ParticipationReceipt:
    """Return a participation receipt of a day."""
    moment = Instant(f"{day}T10:00:00Z")
    theme = Notation(SHAPES["Participation"].by_name["theme"].codes.notations[0])  # type: ignore[union-attr]
    return ParticipationReceipt(
        f"v{number}", SHOP_KEY.issuer, fresh_nonce(), moment, Notation(kind), theme, moment, minutes
    )


def store_receipt(
    tx: Transaction, name: str, receipt: PurchaseReceipt | ParticipationReceipt
) -> ResourcePath:
    """Put a signed receipt where it belongs in a pod."""
    container, stem = target(receipt)
    path = ResourcePath(f"/{name}/{container}{stem}.jws")
    tx.write(path, "application/jose", sign(receipt, SHOP_KEY), 1.0)
    return path


def add_person(tx: Transaction, name: str, district: str, age: str = "35-44") -> int:
    """Create a pod with a profile."""
    owner = WebId(f"{ORIGIN}/{name}/profile/card#me")
    pod = tx.add_pod(name, owner, 1.0)
    known = SHAPES["Profile"].by_name
    age_class = known["ageClass"].codes
    assert age_class is not None
    turtle = (
        f"<{owner}> <{known['district'].path[0]}> <{DISTRICT.by_notation[district].iri}> ;"
        f" <{known['ageClass'].path[0]}> <{age_class.by_notation[age].iri}> ."
    )
    tx.write(ResourcePath(f"/{name}/profile/private.ttl"), "text/turtle", turtle.encode(), 1.0)
    return pod.key


def give(tx: Transaction, pod: int, to: PurposeDeclaration, items: Sequence[DataItem] | None = None) -> Grant:
    """Store a grant in force, as the consent service leaves it."""
    epoch = grants_sql.raise_epoch(tx, pod, to.controller)
    grant = Grant(
        id=GrantId(secrets.token_hex(16)),
        iri="",
        pod=pod,
        subject=WebId(f"{ORIGIN}/someone"),
        controller=to.controller,
        purpose=to.iri,
        items=tuple(items) if items is not None else to.items,
        state=GrantState.GIVEN,
        given_at=1.0,
        expires_at=4e9,
        epoch=epoch,
        pairwise=Pairwise("p"),
        digest=to.digest,
        notice_digest=to.notice_digest,
    )
    grants_sql.save(tx, grant, 1.0)
    return grant


def withdraw(tx: Transaction, grant: Grant) -> None:
    """Withdraw a grant, as the consent service does."""
    tx.execute("UPDATE grant_ SET state = ? WHERE id = ?", (GrantState.WITHDRAWN.value, grant.id))
    grants_sql.raise_epoch(tx, grant.pod, grant.controller)


def item(shape: str, *properties: str) -> DataItem:
    """Return an item for aggregate use."""
    return DataItem(shape, properties, OutputMode.AGGREGATE_ONLY)


class Town:
    """The store with everything that answers questions over it."""

    def __init__(
        self, folder: Path, clock: Clock, purpose: PurposeDeclaration, engine: Engine = exact_cells
    ) -> None:
        self._database = open_database(database_of(folder), folder, (*IDENTITY, *schemas()))
        self.store, self.commits = self._database.store, self._database.commits
        self.keys = SigningKeys.open(folder / "keys.json", clock=clock)
        self.clock = clock
        parts = assemble(self, origin=ORIGIN, data=folder, keys=IssuerDirectory(self.store), engine=engine)
        self.projector, self.aggregation = parts.projector, parts.aggregation
        self.purpose = purpose
        self.agent = Agent(COMUNE)
        with self.store.writing() as tx:
            if registry_sql.controller(tx, COMUNE) is None:
                controller = Controller(COMUNE, "Comune", "pa", "c", "d", {}, ControllerState.APPROVED, 1.0)
                registry_sql.save_controller(tx, controller)
                registry_sql.Purposes(ORIGIN).add(tx, purpose, 1.0)
                parts.programmes.published(tx, purpose, 1.0)
                issuers.admit(tx, SHOP_KEY.issuer, jwks([SHOP_KEY.public()]), 1.0)

    def settle(self, people: int, district: str = "a") -> list[Grant]:
        """Let so many people with a profile move in and opt in."""
        with self.store.writing() as tx:
            return [
                give(tx, add_person(tx, f"{district}{number}", district), self.purpose)
                for number in range(people)
            ]

    async def ask(self, **members: Any) -> Any:
        """Ask as the controller."""
        asked = question(str(self.purpose.programme), **members)
        return await self.aggregation.ask(self.agent, asked, self.purpose)

    async def close(self) -> None:
        """Close everything."""
        await self.commits.drain()
        self.commits.close()
        self._database.wakeups.close()
        await asyncio.to_thread(self.projector.close)
        self.store.close()


@asynccontextmanager
async def open_town(
    folder: Path,
    clock: Clock,
    declared: PurposeDeclaration | None = None,
    engine: Engine = exact_cells,
) -> AsyncIterator[Town]:
    """Open the town in a folder; the same folder again is the same town."""
    town = Town(folder, clock, declared or purpose(), engine)
    try:
        yield town
    finally:
        await town.close()
