"""Rights over HTTP: for the person's wallet, and for an organisation that answers and acknowledges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from consent.rights.access_formats import CSV, JSON_LD
from consent.rights.model import RequestEvent
from consent.rights.model import RequestState as RequestState
from consent.rights.model import RightKind as RightKind
from consent.rights.wire import OwnRequest as OwnRequest
from consent.rights.wire import moment as moment
from consent.rights.wire import request_value
from pods.client import SolidClient, refusal


class RightsClient:
    """Speaks for a person through a consent client, or for an organisation; `host` is the origin of the pod host.

    With `whose`, a WebID, the rights are those of the person for whom the caller acts as a delegate. Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str, *, whose: str = "") -> None:
        self._solid = solid
        self._for = {"for": whose} if whose else {}
        self.host = host.rstrip("/") + "/"
        """What to name as the controller, to ask the host itself."""
        self._rights = self.host + ".consent/rights"

    async def own(self) -> list[OwnRequest]:
        """Return the person's requests, the newest first."""
        return [request_value(plain) for plain in await self._json("GET", "")]

    async def one(self, request_id: str) -> OwnRequest:
        """Return one of the person's requests, with what every recipient did."""
        return request_value(await self._json("GET", f"/{request_id}"))

    async def ask(
        self,
        kind: RightKind,
        controller: str,
        text: str,
        *,
        grants: Sequence[str] = (),
        resource: str = "",
    ) -> OwnRequest:
        """Exercise a right towards an organisation or the host."""
        body: dict[str, Any] = {"kind": kind.value, "controller": controller, "text": text}
        if grants:
            body["grants"] = list(grants)
        if resource:
            body["resource"] = resource
        return request_value(await self._json("POST", "", body))

    async def close(self, request_id: str) -> OwnRequest:
        """Close a request of one's own; a restriction is lifted by it."""
        body = {"step": RequestEvent.CLOSE.value}
        return request_value(await self._json("POST", f"/{request_id}/steps", body))

    async def access(self, *, table: bool = False, most: int | None = None) -> bytes:
        """Return who may use the person's data, who did, and what left: as JSON-LD, or as a table (CSV).

        `most` is how many of each kind to tell; how many there are stands beside them then.
        """
        return await self._answer(
            "GET",
            "/access",
            accept=CSV if table else JSON_LD,
            more={"most": most} if most is not None else {},
        )

    async def received(self) -> list[dict[str, Any]]:
        """Return the requests that were sent to the organisation, the newest first."""
        found: list[dict[str, Any]] = await self._json("GET", "")
        return found

    async def step(
        self, request_id: str, event: RequestEvent, text: str = "", attachments: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Take a request that was sent to the organisation one step further."""
        body = {"step": event.value, "text": text, "attachments": list(attachments)}
        found: dict[str, Any] = await self._json("POST", f"/{request_id}/steps", body)
        return found

    async def duties(self) -> list[dict[str, Any]]:
        """Return what must be done with data that was served, the earliest deadline first."""
        found: list[dict[str, Any]] = await self._json("GET", "/duties")
        return found

    async def duty(self, duty_id: str) -> dict[str, Any]:
        """Return one of them."""
        found: dict[str, Any] = await self._json("GET", f"/duties/{duty_id}")
        return found

    async def acknowledge(self, duty_id: str, statement: str) -> dict[str, Any]:
        """Say what was done with the data."""
        body = {"statement": statement}
        found: dict[str, Any] = await self._json("POST", f"/duties/{duty_id}", body)
        return found

    async def _json(self, method: str, place: str, body: Any = None) -> Any:
        content = orjson.dumps(body) if body is not None else None
        return orjson.loads(await self._answer(method, place, content=content))

    async def _answer(
        self,
        method: str,
        place: str,
        *,
        content: bytes | None = None,
        accept: str = "application/json",
        more: Mapping[str, int] | None = None,
    ) -> bytes:
        headers = {"accept": accept}
        if content is not None:
            headers["content-type"] = "application/json"
        query = {**(more or {}), **self._for}
        response = await self._solid.request(
            method,
            self._rights + place + (f"?{urlencode(query)}" if query else ""),
            headers=headers,
            content=content,
        )
        if response.is_error:
            raise refusal(response)
        return response.content
