"""The person's side of consent, for a wallet: see requests, decide, withdraw, read the log, take everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import orjson

from consent import wire
from consent.changes import changes_value
from consent.client.log import LogCheck, LogPage, verify_log
from consent.grant_filter import EVERY_GRANT, MOST_IDS, GrantFilter, Totals, totals_value
from consent.log_filter import EVERYTHING, LogFilter
from consent.model import (
    Change,
    ConsentRequest,
    DataItem,
    LogLine,
    OwnGrant,
    PurposeDeclaration,
)
from consent.results import LeftResult, left_value
from pods.client import SolidClient, SolidError, refusal

GRANTS_PAGE = 200
LOG_PAGE = 50  # lines of one page; a screenful on a phone is about ten
_JSON = {"content-type": "application/json", "accept": "application/json"}


@dataclass(frozen=True, slots=True)
class GrantsPage:
    """Some decisions, and where the next page begins; None after the last."""

    grants: list[OwnGrant]
    further: str | None


class OwnerClient:
    """Speaks for the person who logged in through a consent client; `host` is the origin of their pod host.

    With `whose`, a WebID, requests, decisions and the log are those of the person for whom the caller acts as a
    delegate; the rest stays the caller's own. Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str, *, whose: str = "") -> None:
        self._solid = solid
        self._consent = host.rstrip("/") + "/.consent"
        self._for = {"for": whose} if whose else {}

    async def requests(self) -> list[ConsentRequest]:
        """Return the requests that wait for an answer, the newest first."""
        return [wire.request_value(plain) for plain in await self._get(self._named("/requests"))]

    async def grants(self) -> list[OwnGrant]:
        """Return every decision in any state, the latest change first."""
        found: list[OwnGrant] = []
        further: str | None = ""
        while further is not None:
            page = await self.grants_page(after=further)
            found += page.grants
            further = page.further
        return found

    async def grants_page(
        self, wanted: GrantFilter = EVERY_GRANT, *, after: str = "", limit: int = GRANTS_PAGE
    ) -> GrantsPage:
        """Return some decisions that are wanted, the latest change first; `after` is where the page before ends.

        Where words are looked for a page may be short, even empty, and still have a next one.
        """
        more = {**({"after": after} if after else {}), **wanted.query()}
        response = await self._solid.request(
            "GET", self._consent + self._named("/grants", limit=limit, **more), headers=_JSON
        )
        if response.is_error:
            raise refusal(response)
        grants = [wire.own_grant_value(plain) for plain in orjson.loads(response.content)]
        return GrantsPage(grants, _following(response))

    async def grants_by_number(self, numbers: Iterable[str]) -> dict[str, OwnGrant]:
        """Return decisions by their numbers, those of them that are the person's own."""
        wanted = [number for number in dict.fromkeys(numbers) if number]
        found: list[OwnGrant] = []
        for start in range(0, len(wanted), MOST_IDS):
            some = GrantFilter(ids=tuple(wanted[start : start + MOST_IDS]))
            found += (await self.grants_page(some)).grants
        return {grant.id: grant for grant in found}

    async def totals(self) -> Totals:
        """Return how many decisions there are, by state and by organisation, without asking for any of them."""
        return totals_value(await self._get(self._named("/totals")))

    async def grant(self, grant_id: str) -> OwnGrant | None:
        """Return one decision; None if there is none of this name."""
        response = await self._solid.request(
            "GET", self._consent + self._named(f"/grants/{quote(grant_id, safe='')}"), headers=_JSON
        )
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        if response.is_error:
            raise refusal(response)
        return wire.own_grant_value(orjson.loads(response.content))

    async def purpose(self, iri: str) -> PurposeDeclaration:
        """Return a published declaration, which anyone may read."""
        return wire.purpose_value(await self._answer("GET", iri))

    async def changes(self, purpose: PurposeDeclaration) -> tuple[Change, ...]:
        """Return what changed in a version since the one before it; nothing for a first version."""
        if purpose.version == 1:
            return ()
        return changes_value(await self._answer("GET", purpose.iri + "/changes"))

    async def give(
        self, purpose: str, items: Sequence[DataItem], expires_at: float, *, language: str = ""
    ) -> OwnGrant:
        """Give consent to all or a part of what a purpose asks, until a time; the same again changes nothing.

        Raises SolidError where the caller may only prepare it: it is prepared then.
        """
        given = await self.answer(purpose, items, expires_at, language=language)
        if given is None:
            raise SolidError(202, "Prepared", "This waits for the person's own word.")
        return given

    async def answer(
        self, purpose: str, items: Sequence[DataItem], expires_at: float, *, language: str = ""
    ) -> OwnGrant | None:
        """Give consent like `give`; None where the caller may only prepare it, which is done then.

        `language` is the one in which the notice was shown; the record keeps it.
        """
        body: dict[str, Any] = {
            "purpose": purpose,
            "items": wire.items_json(items),
            "expires_at": wire.timestamp(expires_at),
            **({"language": language} if language else {}),
        }
        plain = await self._post(self._named("/grants"), body)
        return None if plain["state"] == "prepared" else wire.own_grant_value(plain)

    async def refuse(self, purpose: str) -> None:
        """Say no. Nobody asks again for this programme within the cool-down."""
        await self._post(self._named("/refusals"), {"purpose": purpose})

    async def defer(self, purpose: str) -> None:
        """Say "later": the question comes back once, after some days."""
        await self._post(self._named("/deferrals"), {"purpose": purpose})

    async def deferred(self) -> list[tuple[ConsentRequest, float]]:
        """Return what was put off, each with the time at which the question comes back."""
        found = await self._get(self._named("/deferrals"))
        return [(wire.request_value(one["request"]), wire.seconds(one["until"])) for one in found]

    async def offer(self, purpose: str) -> ConsentRequest:
        """Return a purpose that a link led to as a request, whether or not the person was asked."""
        return wire.request_value(await self._get(self._named("/offers", purpose=purpose)))

    async def withdraw(self, grant_id: str) -> None:
        """Withdraw a grant: when this returns, no read under it can happen any more on the host."""
        await self._answer("DELETE", self._consent + self._named(f"/grants/{grant_id}"))

    async def log(self, *, after: int | None = None, limit: int = LOG_PAGE) -> list[LogLine]:
        """Return lines of the access log, newest first; `after` is the `seq` of the last line seen so far."""
        return (await self.log_page(after=after, limit=limit)).lines

    async def log_page(
        self, wanted: LogFilter = EVERYTHING, *, after: int | None = None, limit: int = LOG_PAGE
    ) -> LogPage:
        """Return lines that are wanted, newest first; a page may be short, even empty, and still have a next one."""
        more = {"after": after} if after is not None else {}
        place = self._named("/log", limit=limit, **more, **wanted.query())
        response = await self._solid.request("GET", self._consent + place, headers=_JSON)
        if response.is_error:
            raise refusal(response)
        following = _following(response)
        further = int(following) if following is not None else None
        return LogPage([wire.log_line_value(plain) for plain in orjson.loads(response.content)], further)

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

    def _named(self, place: str, **query: str | int) -> str:
        """Return a place with its query, and for whom the caller acts."""
        asked = {**query, **self._for}
        return f"{place}?{urlencode(asked)}" if asked else place

    async def _get(self, place: str) -> Any:
        return await self._answer("GET", self._consent + place)

    async def _post(self, place: str, body: Any) -> Any:
        return await self._answer("POST", self._consent + place, orjson.dumps(body))

    async def _answer(self, method: str, url: str, content: bytes | None = None) -> Any:
        response = await self._solid.request(method, url, headers=_JSON, content=content)
        if response.is_error:
            raise refusal(response)
        return orjson.loads(response.content) if response.content else None


def _following(response: httpx.Response) -> str | None:
    """Return where the link to the next page (RFC 8288) begins, if there is one."""
    url = response.links.get("next", {}).get("url", "")
    after: str | None = httpx.QueryParams(urlsplit(url).query).get("after")
    return after
