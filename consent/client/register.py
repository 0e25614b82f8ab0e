"""The public register of one host, read without anybody's token: what is asked for, and by whom."""

from __future__ import annotations

from typing import Any

import httpx

from consent import wire
from consent.declarations import PURPOSES_PATH
from consent.model import Controller, ControllerState, PurposeDeclaration
from pods.client import refusal

Offer = tuple[PurposeDeclaration, Controller]


class Register:
    """Purposes that one pod host publishes, with the organisations that its operator approved.

    A wallet reads its own installation's and follows a link to no other: who published something elsewhere could
    call itself by any name.
    """

    def __init__(self, http: httpx.AsyncClient, pod_url: str) -> None:
        self._http = http
        self._origin = pod_url.rstrip("/")

    @property
    def host(self) -> str:
        """The origin of the host whose register this is."""
        return self._origin

    async def offers(self, at: float) -> list[Offer]:
        """Return the newest version of each purpose that has not ended, of organisations that were approved."""
        known = {
            one.iri: one
            for one in map(wire.controller_value, await self._get("/.consent/controllers"))
            if one.state is ControllerState.APPROVED
        }
        newest: dict[str, PurposeDeclaration] = {}
        for purpose in map(wire.purpose_value, await self._get(PURPOSES_PATH.rstrip("/"))):
            former = newest.get(purpose.identifier)
            if former is None or purpose.version > former.version:
                newest[purpose.identifier] = purpose
        return [
            (purpose, known[purpose.controller])
            for purpose in newest.values()
            if purpose.active(at) and purpose.controller in known
        ]

    async def offer(self, iri: str, at: float) -> Offer | None:
        """Return a purpose that may be answered now, with its organisation; the address itself is never fetched."""
        return next((found for found in await self.offers(at) if found[0].iri == iri), None)

    async def _get(self, place: str) -> Any:
        answer = await self._http.get(self._origin + place, headers={"accept": "application/json"})
        if answer.is_error:
            raise refusal(answer)
        return answer.json()
