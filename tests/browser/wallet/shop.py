"""A shop in the tests' town: receipts, keys, one-time links, and the vote that its cooperative holds."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from consent.receipts.keys import IssuerKey, jwks
from consent.receipts.model import (
    Instant,
    Notation,
    ParticipationReceipt,
    PurchaseLine,
    PurchaseReceipt,
    Receipt,
    instant,
)
from consent.receipts.signing import MEDIA_TYPE, sign
from vocab.terms import CODES

BALLOT: dict[str, Any] = {
    "title": {"it": "Valore comune 2017", "en": "Common value 2017"},
    "amount": 91_250,
    "projects": [
        {
            "id": "orto",
            "title": {"it": "Orto della scuola", "en": "School garden"},
            "text": {"it": "Attrezzi e semi per due anni.", "en": "Tools and seeds for two years."},
        },
        {
            "id": "ciclofficina",
            "title": {"it": "Ciclofficina", "en": "Bicycle workshop"},
            "text": {"it": "Un banco e ricambi.", "en": "A bench and spare parts."},
        },
    ],
}
SHARE = """@prefix po: <https://w3id.org/portico/ns#> . @prefix schema: <http://schema.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<#it> a po:ValueShare ; po:programme <{shop}/programmes/valore/1> ; po:period "2017-10/2017-12" ;
  po:eligibleCount 12 ; po:eligibleAmount 143.20 ; schema:price 1.72 ; po:poolAmount 1.14 ; schema:priceCurrency "EUR" ;
  schema:dateIssued "2018-01-08T10:00:00Z"^^xsd:dateTime ; po:statement <{shop}/runs/r1> ; po:vote <{shop}/runs/r1/vote> ;
  po:ballot "a.credential.of-{name}" .
"""


@dataclass(slots=True)
class Shop:
    """A shop that publishes its keys, hands out each receipt once, and holds a vote of its cooperative."""

    origin: str
    key: IssuerKey
    waiting: dict[str, bytes] = field(default_factory=dict)
    votes: list[dict[str, str]] = field(default_factory=list)

    def offer(self, receipt: Receipt) -> str:
        """Return the one-time link of a receipt."""
        token = secrets.token_urlsafe(32)
        self.waiting[token] = sign(receipt, self.key)
        return f"{self.origin}/r/{token}"

    def app(self) -> Starlette:
        async def keys(_request: Request) -> Response:
            return JSONResponse(jwks([self.key.public()]))

        async def take(request: Request) -> Response:
            jws = self.waiting.pop(request.path_params["token"], None)
            return Response(jws, media_type=MEDIA_TYPE) if jws else Response(status_code=410)

        async def ballot(_request: Request) -> Response:
            return JSONResponse(BALLOT | {"closes_at": time.time() + 86_400})

        async def vote(request: Request) -> Response:
            cast = await request.json()
            if any(cast["ballot"] == earlier["ballot"] for earlier in self.votes):
                return JSONResponse(
                    {"title": "Voted", "status": 403, "detail": "this credential has voted"}, 403
                )
            self.votes.append(cast)
            return JSONResponse({"run": "r1"}, 201)

        return Starlette(
            routes=[
                Route("/shops/forno/jwks.json", keys),
                Route("/r/{token}", take),
                Route("/runs/r1/vote", ballot),
                Route("/api/votes", vote, methods=["POST"]),
            ]
        )


def purchase(shop: Shop, number: str, moment: str, *amounts: int) -> PurchaseReceipt:
    """Return a receipt of the baker, one line for each amount in cents."""
    names = ("Erbazzone", "Pane di segale", "Torta di riso", "Focaccia")
    lines = tuple(
        PurchaseLine(Notation("bakery"), 1, cents, names[index % len(names)])
        for index, cents in enumerate(amounts)
    )
    return PurchaseReceipt(
        id=number,
        issuer=shop.key.issuer,
        nonce=secrets.token_hex(16),
        issued_at=Instant(moment),
        ordered_at=Instant(moment),
        seller=f"{CODES}shop#forno",
        lines=lines,
        total=sum(amounts),
    )


def a_year(shop: Shop) -> list[Receipt]:
    attended = ParticipationReceipt(
        id="p-1",
        issuer=shop.key.issuer,
        nonce=secrets.token_hex(16),
        issued_at=Instant("2017-10-05T21:00:00Z"),
        kind=Notation("attendance"),
        theme=Notation("green"),
        started_at=Instant("2017-10-05T18:30:00Z"),
        minutes=90,
        title="Puliamo il Crostolo",
    )
    return [
        purchase(shop, "b-1", "2017-09-14T08:12:00Z", 450, 320),
        purchase(shop, "b-2", "2017-10-03T09:15:00Z", 240, 1000, 180),
        purchase(shop, "b-3", "2017-10-21T17:40:00Z", 690),
        attended,
    ]


def now_instant() -> Instant:
    """Return this moment as receipts write it."""
    return instant(time.time())
