"""Who acts for whom, over HTTP: for the wallet of the person and that of the delegate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from consent import wire
from consent.declarations import items
from consent.delegation.model import DelegationState as DelegationState
from consent.delegation.model import Kind as Kind
from consent.delegation.model import Power as Power
from consent.model import DataItem
from pods.client import SolidClient, refusal


@dataclass(frozen=True, slots=True)
class Delegated:
    """A delegation as its two sides see it."""

    id: str
    person: str
    person_name: str
    """What the person's profile says, empty for a profile elsewhere; so is the delegate's."""
    storage: str
    delegate: str
    delegate_name: str
    kind: Kind
    powers: frozenset[Power]
    state: DelegationState
    starts: float
    ends: float | None
    exclusive: bool
    ended_by_person: bool
    prepares_only: bool
    flows: bool
    """Powers flow from it now."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Everything about delegation that concerns somebody."""

    delegates: tuple[Delegated, ...]
    people: tuple[Delegated, ...]
    review: tuple[str, ...]
    """Numbers of consents that a guardian gave, to look at again now that one decides oneself."""
    custodian: bool

    def names(self) -> dict[str, str]:
        """Return the names of everybody on the other sides, by WebID."""
        both = [(one.delegate, one.delegate_name) for one in self.delegates]
        both += [(one.person, one.person_name) for one in self.people]
        return {webid: name for webid, name in both if name}


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer that somebody, or a standing preference, prepared for the person. It permits nothing."""

    purpose: str
    items: tuple[DataItem, ...]
    expires_at: float
    prepared_by: str
    prepared_at: float


class PeopleClient:
    """Speaks for whoever logged in through a consent client; `host` is the origin of their pod host.

    Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str) -> None:
        self._solid = solid
        self._place = host.rstrip("/") + "/.consent/delegations"

    async def listed(self) -> Listed:
        """Return who may act for the caller, for whom the caller may act, and what to review."""
        plain = await self._answer("GET", "")
        return Listed(
            tuple(_delegated(one) for one in plain["delegates"]),
            tuple(_delegated(one) for one in plain["people"]),
            tuple(plain["review"]),
            bool(plain["custodian"]),
        )

    async def name_caregiver(
        self, delegate: str, powers: Iterable[Power], ends: float | None = None
    ) -> Delegated:
        """Let somebody care for the caller's consents, once they accept."""
        body: dict[str, Any] = {"delegate": delegate, "powers": sorted(power.value for power in powers)}
        if ends is not None:
            body["ends"] = wire.timestamp(ends)
        return _delegated(await self._answer("POST", "", body))

    async def accept(self, delegation_id: str) -> Delegated:
        """Accept to act for somebody."""
        return _delegated(await self._answer("POST", f"/{delegation_id}/acceptance"))

    async def end(self, delegation_id: str) -> None:
        """Decline, give up or end a delegation at once."""
        await self._answer("DELETE", f"/{delegation_id}")

    async def open_code(self, minutes: int) -> str:
        """Return a code that begins an assisted session of so many minutes, once."""
        opened: str = (await self._answer("POST", "/codes", {"minutes": minutes}))["code"]
        return opened

    async def begin(self, person: str, code: str) -> Delegated:
        """Begin an assisted session as a community custodian."""
        return _delegated(await self._answer("POST", "/sessions", {"person": person, "code": code}))

    async def drafts(self) -> list[Prepared]:
        """Return the answers that wait for the caller's own word, the newest first."""
        return [_prepared(one) for one in await self._answer("GET", "/drafts")]

    async def discard(self, purpose: str) -> None:
        """Throw away an answer that was prepared; the question stays."""
        await self._answer("DELETE", "/drafts?" + urlencode({"purpose": purpose}))

    async def _answer(self, method: str, place: str, body: Any = None) -> Any:
        headers = {"content-type": "application/json", "accept": "application/json"}
        content = orjson.dumps(body) if body is not None else None
        response = await self._solid.request(method, self._place + place, headers=headers, content=content)
        if response.is_error:
            raise refusal(response)
        return orjson.loads(response.content) if response.content else None


def _delegated(plain: Mapping[str, Any]) -> Delegated:
    return Delegated(
        id=plain["id"],
        person=plain["person"],
        person_name=plain["person_name"],
        storage=plain["storage"],
        delegate=plain["delegate"],
        delegate_name=plain["delegate_name"],
        kind=Kind(plain["kind"]),
        powers=frozenset(Power(power) for power in plain["powers"]),
        state=DelegationState(plain["state"]),
        starts=wire.seconds(plain["starts"]),
        ends=wire.seconds(plain["ends"]) if plain["ends"] is not None else None,
        exclusive=plain["exclusive"],
        ended_by_person=plain["ended_by_person"],
        prepares_only=plain["prepares_only"],
        flows=plain["flows"],
    )


def _prepared(plain: Mapping[str, Any]) -> Prepared:
    return Prepared(
        purpose=plain["purpose"],
        items=items(plain["items"]),
        expires_at=wire.seconds(plain["expires_at"]),
        prepared_by=plain["prepared_by"],
        prepared_at=wire.seconds(plain["prepared_at"]),
    )
