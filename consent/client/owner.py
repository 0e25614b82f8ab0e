"""The person's side of consent, for a wallet: see requests, decide, withdraw, read the log, take everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson

from consent import wire
from consent.changes import changes_value
from consent.client.log import LogCheck, verify_log
from consent.model import Change, ConsentRequest, DataItem, LogLine, OwnGrant, PurposeDeclaration
from consent.results import LeftResult, left_value
from pods.client import SolidClient, refusal

LOG_PAGE = 50  # lines of one page; a screenful on a phone is about ten
_JSON = {"content-type": "application/json", "accept": "application/json"}


class OwnerClient:
    """Speaks for the person who logged in through a consent client; `host` is the origin of their pod host.

    Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str) -> None:
        self._solid = solid
        self._consent = host.rstrip("/") + "/.consent"

    async def requests(self) -> list[ConsentRequest]:
        """Return the requests that wait for an answer, the newest first."""
        return [wire.request_value(plain) for plain in await self._get("/requests")]

    async def grants(self) -> list[OwnGrant]:
        """Return every decision in any state, the latest change first."""
        return [wire.own_grant_value(plain) for plain in await self._get("/grants")]

    async def purpose(self, iri: str) -> PurposeDeclaration:
        """Return a published declaration, which anyone may read."""
        return wire.purpose_value(await self._answer("GET", iri))

    async def changes(self, purpose: PurposeDeclaration) -> tuple[Change, ...]:
        """Return what changed in a version since the one before it; nothing for a first version."""
        if purpose.version == 1:
            return ()
        return changes_value(await self._answer("GET", purpose.iri + "/changes"))

    async def give(self, purpose: str, items: Sequence[DataItem], expires_at: float) -> OwnGrant:
        """Give consent to all or a part of what a purpose asks, until a time; the same again changes nothing."""
        body = {
            "purpose": purpose,
            "items": wire.items_json(items),
            "expires_at": wire.timestamp(expires_at),
        }
        return wire.own_grant_value(await self._post("/grants", body))

    async def refuse(self, purpose: str) -> None:
        """Say no. Nobody asks again for this programme within the cool-down."""
        await self._post("/refusals", {"purpose": purpose})

    async def defer(self, purpose: str) -> None:
        """Say "later": the question comes back once, after some days."""
        await self._post("/deferrals", {"purpose": purpose})

    async def offer(self, purpose: str) -> ConsentRequest:
        """Return a purpose that a link led to as a request, whether or not the person was asked."""
        return wire.request_value(await self._get("/offers?" + urlencode({"purpose": purpose})))

    async def withdraw(self, grant_id: str) -> None:
        """Withdraw a grant: when this returns, no read under it can happen any more on the host."""
        await self._answer("DELETE", f"{self._consent}/grants/{grant_id}")

    async def log(self, *, after: int | None = None, limit: int = LOG_PAGE) -> list[LogLine]:
        """Return lines of the access log, newest first; `after` is the `seq` of the last line seen so far."""
        place = f"/log?limit={limit}" + (f"&after={after}" if after is not None else "")
        return [wire.log_line_value(plain) for plain in await self._get(place)]

    async def results(self, *, after: int | None = None, limit: int = LOG_PAGE) -> list[LeftResult]:
        """Return results that left the pod, newest first; `after` is the `number` of the last one seen so far."""
        place = f"/results?limit={limit}" + (f"&after={after}" if after is not None else "")
        return [left_value(plain) for plain in await self._get(place)]

    async def preview(self, purpose: str, claim: Mapping[str, Any]) -> dict[str, Any]:
        """Return what would leave of a claim under a purpose, computed now; nothing leaves and nothing is spent."""
        answer: dict[str, Any] = await self._post("/results/preview", {**claim, "purpose": purpose})
        return answer

    async def verify_log(self, seen: str = "") -> LogCheck:
        """Check the whole log against the host's signed checkpoint, and against what the last check `seen` kept."""
        return await verify_log(self._get, seen)

    async def export(self) -> bytes:
        """Return the whole pod as one zip archive."""
        response = await self._solid.request("GET", self._consent + "/export")
        if response.is_error:
            raise refusal(response)
        return response.content

    async def _get(self, place: str) -> Any:
        return await self._answer("GET", self._consent + place)

    async def _post(self, place: str, body: Any) -> Any:
        return await self._answer("POST", self._consent + place, orjson.dumps(body))

    async def _answer(self, method: str, url: str, content: bytes | None = None) -> Any:
        response = await self._solid.request(method, url, headers=_JSON, content=content)
        if response.is_error:
            raise refusal(response)
        return orjson.loads(response.content) if response.content else None
