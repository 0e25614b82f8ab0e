"""Routes of what the host attests: its keys, grants, records and receipts as credentials, and status lists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent.credentials import proofs, recorded, status
from consent.credentials.granted import CREDENTIALS_PATH
from consent.credentials.issuing import Issuing
from consent.credentials.keys import ISSUER_PATH, AssertionKeys
from consent.http.callers import PRIVATE
from consent.http.ground import Ground, Routes
from pods.errors import NotFound
from pods.http.openapi import OBJECT, described

VC = "application/vc"  # VC Data Model 2.0, 6.2
CID = "application/cid"  # Controlled Identifiers 1.0, 5.1
# Whoever works without asking asks again after so long at most; a rotation is published for longer than this.
FRESH = {"cache-control": f"public, max-age={int(status.TTL_SECONDS)}"}
# A list is as it is at the moment of the answer: a withdrawal that was confirmed is in it.
CHECKED = {"cache-control": "no-cache"}
_LONGEST_NUMBER = 9


class CredentialRoutes(Routes):
    """Signs in a thread: a proof takes some milliseconds."""

    def __init__(self, ground: Ground, issuing: Issuing, keys: AssertionKeys) -> None:
        super().__init__(ground)
        self._issuing = issuing
        self._keys = keys

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(tags=["credentials"])
        place = CREDENTIALS_PATH + "{grant_id}"
        router.add_api_route(
            ISSUER_PATH, self.issuer, methods=["GET"], **described(OBJECT, media_types=(CID,))
        )
        router.add_api_route(
            status.STATUS_PATH + "{number}",
            self.status,
            methods=["GET"],
            **described(OBJECT, media_types=(VC,), places=("number",)),
        )
        router.add_api_route(
            place,
            self.grant,
            methods=["GET"],
            **described(OBJECT, media_types=(VC,), places=("grant_id",), token=True),
        )
        for kind in (recorded.RECORD, recorded.RECEIPT):
            router.add_api_route(
                f"{place}/{kind}",
                self.record if kind == recorded.RECORD else self.receipt,
                methods=["GET"],
                **described(OBJECT, media_types=(VC,), places=("grant_id",), token=True),
            )
        return list(router.routes)

    async def issuer(self, request: Request) -> Response:
        """Who attests, and the keys that do or did: a controlled identifier document."""
        return Response(orjson.dumps(self._keys.document()), media_type=CID, headers=FRESH)

    async def status(self, request: Request) -> Response:
        """Which grants ended, or rest, for verifiers that do not ask about each: a signed list of bits."""
        number: str = request.path_params["number"]
        if not number.isascii() or not number.isdecimal() or len(number) > _LONGEST_NUMBER:
            raise NotFound("There is no status list of this number.")
        at = self._clock()
        found = await self._store.read(lambda tx: self._issuing.status_list(tx, int(number), at))
        return await self._signed(found, at, CHECKED)

    async def grant(self, request: Request) -> Response:
        """A grant in force: all of it for who gave it, and for the grantee what it may know."""
        _, webid = await self._callers.known(request)
        grant_id: str = request.path_params["grant_id"]
        at = self._clock()
        # The first time, the grant gets its place in the status lists.
        found = await self._commits.submit(lambda tx: self._issuing.grant(tx, webid, grant_id, at))
        return await self._signed(found, at, PRIVATE)

    async def record(self, request: Request) -> Response:
        """The caller's consent record (ISO/IEC TS 27560) with a proof."""
        return await self._told(request, recorded.RECORD)

    async def receipt(self, request: Request) -> Response:
        """The caller's consent receipt, with record and agreement, and a proof."""
        return await self._told(request, recorded.RECEIPT)

    async def _told(self, request: Request, kind: str) -> Response:
        _, webid = await self._callers.known(request)
        grant_id: str = request.path_params["grant_id"]
        at = self._clock()
        found = await self._store.read(lambda tx: self._issuing.record(tx, webid, grant_id, kind, at))
        return await self._signed(found.document, at, PRIVATE)

    async def _signed(self, document: dict[str, Any], at: float, headers: Mapping[str, str]) -> Response:
        signer = self._keys.signer()
        proved = await asyncio.to_thread(proofs.secured, document, signer, at)
        return Response(orjson.dumps(proved), media_type=VC, headers=dict(headers))
