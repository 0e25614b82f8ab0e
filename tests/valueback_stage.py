"""A cooperative with its value-back app beside a pod host: members with signed receipts, shops, projects."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from rdflib import Graph

from apps.organisations import Organisation, Organisations
from apps.settings import AppSettings
from apps.valueback.main import application
from consent.receipts import signing
from consent.receipts.derive import target, turtle
from consent.receipts.keys import IssuerKey
from consent.receipts.model import Instant, Notation, PurchaseLine, PurchaseReceipt
from tests.conftest import SettableClock
from tests.consent_host import Town, town
from tests.pod_host import ORIGIN
from vocab.claim_rules import ELIGIBLE_PURCHASES
from vocab.shapes import SHAPES

APPS = "http://localhost:8082"
BASE = f"{APPS}/valueback"
FORNO = IssuerKey.generate(f"{BASE}/shops/forno")
MARKET = IssuerKey.generate(f"{BASE}/shops/ospizio")
OCTOBER = {"first": "2017-10", "last": "2017-10"}
MEMBERS = ("bea", "carlo", "dina", "elio", "fosca", "gino")


def programme(name: str = "ristorno", **changes: Any) -> dict[str, Any]:
    """Return what a cooperative sends to publish a programme."""
    projects = [("orti", "Orti di quartiere"), ("ciclofficina", "Ciclofficina"), ("biblio", "Bibliobus")]
    document: dict[str, Any] = {
        "name": name,
        "title": {"it": "Ristorno di quartiere", "en": "Neighbourhood refund"},
        "text": {"it": "Il valore torna a chi lo crea.", "en": "Value returns to those who make it."},
        "rule": ELIGIBLE_PURCHASES.iri,
        "issuers": [FORNO.issuer, MARKET.issuer],
        "period": {"from": "2017-01", "to": "2017-12"},
        "rate": {"cents": 200, "per": 10_000},
        "member_bp": 6000,
        "budget": 1_000_00,
        "projects": [
            {"id": key, "title": {"it": title, "en": title}, "text": {"it": title, "en": title}}
            for key, title in projects
        ],
        "vote_days": 14,
        "valid_until": "2027-12-31",
    }
    return {**document, **changes}


def purchase_receipt(
    nonce: int, cents: int, day: str = "2017-10-03", key: IssuerKey = FORNO
) -> PurchaseReceipt:
    """Return a receipt of one loaf."""
    at = Instant(f"{day}T09:15:00Z")
    lines = (PurchaseLine(Notation("bakery"), 1, cents, "Pane di segale"),)
    return PurchaseReceipt(f"r{nonce}", key.issuer, f"{nonce:032x}", at, at, key.issuer, lines, cents)


def purchase(nonce: int, cents: int, day: str = "2017-10-03", key: IssuerKey = FORNO) -> bytes:
    """Return a signed receipt."""
    return signing.sign(purchase_receipt(nonce, cents, day, key), key)


class Stage:
    """A town, its cooperative, and the value-back app."""

    def __init__(self, town: Town, app: FastAPI, data: Path) -> None:
        self.town = town
        self.app = app
        self.data = data
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)
        self.coop = ("", "")

    def holds(self, name: str, *receipts: bytes) -> None:
        """Put receipts into a person's pod, as a wallet does."""
        self.town.person(name)
        known = {key.issuer: key.public() for key in (FORNO, MARKET)}
        for jws in receipts:
            receipt = signing.verify(jws, lambda issuer, _kid: known.get(issuer))
            folder, base = target(receipt)
            self.town.write(f"/{name}/{folder}{base}.jws", jws, signing.MEDIA_TYPE)
            self.town.write(f"/{name}/{folder}{base}.ttl", turtle(receipt, f"{base}.jws"))

    async def published(self, **changes: Any) -> dict[str, Any]:
        """Publish a programme and return what the API answers."""
        answer = await self.http.post("/api/programmes", json=programme(**changes), auth=self.coop)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def joined(self, shown: dict[str, Any], *names: str) -> None:
        """Let people consent to everything that a programme asks."""
        service = self.town.owner(names[0])
        purpose = await service.purpose(shown["purpose"])
        for name in names:
            await self.town.give(name, purpose)

    async def run(self, shown: dict[str, Any], period: dict[str, str] | None = None) -> dict[str, Any]:
        """Start a run over a period and take it to the vote."""
        place = shown["iri"].removeprefix(BASE)
        started = await self.http.post(f"/api{place}/runs", json=period or OCTOBER, auth=self.coop)
        assert started.status_code == 201, started.text
        answer = await self.http.post(f"/api/runs/{started.json()['id']}/advance", auth=self.coop)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def statements(self, name: str, programme_name: str = "ristorno") -> list[dict[str, str]]:
        """Return the value shares in a pod, by the property names of the shape."""
        with self.town.core.store.reading() as tx:
            entries = tx.children(_path(f"/{name}/value/{programme_name}/"))
            contents = [stored.content for one in entries if (stored := tx.get(one.path))]
        return [_facts(content) for content in contents]


def _path(text: str) -> Any:
    return text


def _facts(content: bytes) -> dict[str, str]:
    graph = Graph().parse(data=content, format="turtle", publicID="http://example.org/x")
    names = {item.path[0]: item.name for item in SHAPES["ValueShare"].properties}
    return {names[str(p)]: str(value) for _s, p, value in graph if str(p) in names}


@asynccontextmanager
async def stage(folder: Path, clock: SettableClock, members: Sequence[str] = MEMBERS) -> AsyncIterator[Stage]:
    """Open a town whose members each bought something at the baker's in October 2017."""
    async with town(folder / "pods", clock) as found:
        data = folder / "apps"
        organisation = await found.organisation("coop")
        client_id, secret = organisation.credentials._credentials
        files = Organisations(data)
        files.write(
            Organisation(
                name="coop",
                title="Cooperativa Valore Comune",
                webid=organisation.webid,
                issuer=f"{ORIGIN}/",
                client_id=client_id,
                client_secret=secret,
                purpose_jwk=organisation.key.private_jwk(),
                kind="cooperative",
            )
        )
        for name, key in (("forno", FORNO), ("ospizio", MARKET)):
            files.write(
                Organisation(
                    name=name,
                    title=name.title(),
                    client_id=f"{name}-till",
                    client_secret=f"{name}-secret",
                    receipt_issuer=key.issuer,
                    receipt_jwk=key.private_jwk(),
                    kind="shop",
                )
            )
        settings = AppSettings(data=data, pod_url=ORIGIN, apps_url=APPS)
        app = application(settings, clock, transport=httpx.ASGITransport(found.app))
        assert isinstance(app, FastAPI)
        scene = Stage(found, app, data)
        scene.coop = (client_id, secret)
        for number, name in enumerate(members, start=1):
            scene.holds(name, purchase(number, 1000 * number))
        try:
            yield scene
        finally:
            await scene.http.aclose()
