"""Standing preferences over HTTP, for the person's wallet: rules, what they would do, and what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from consent import wire
from consent.preferences.classes import CLASSES as CLASSES
from consent.preferences.classes import can_be_meant as can_be_meant
from consent.preferences.model import ANY as ANY
from consent.preferences.model import Choice as Choice
from consent.preferences.model import Rule as Rule
from pods.client import SolidClient, refusal


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one published purpose, now and under other rules."""

    purpose: str
    title: Mapping[str, str]
    controller_name: str
    before: Choice
    after: Choice


@dataclass(frozen=True, slots=True)
class RuleDecision:
    """What a rule refused (`never`) or prepared (`allow`)."""

    purpose: str
    title: Mapping[str, str]
    controller_name: str
    choice: Choice
    at: float
    state: str
    open: bool
    """The person can still decide otherwise."""


class PreferencesClient:
    """Speaks for the person who logged in through a consent client; `host` is the origin of their pod host.

    Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str) -> None:
        self._solid = solid
        self._place = host.rstrip("/") + "/.consent/preferences"

    async def rules(self) -> tuple[Rule, ...]:
        """Return the person's rules."""
        return tuple(_rule(plain) for plain in await self._answer("GET", ""))

    async def replace(self, rules: Sequence[Rule]) -> tuple[Rule, ...]:
        """Put rules in the place of all that were there."""
        return tuple(_rule(plain) for plain in await self._answer("PUT", "", [asdict(one) for one in rules]))

    async def preview(self, rules: Sequence[Rule]) -> list[Effect]:
        """Return what rules would make of everything that is published; nothing changes."""
        found = await self._answer("POST", "/preview", [asdict(one) for one in rules])
        return [
            Effect(
                purpose=plain["purpose"],
                title=plain["title"],
                controller_name=plain["controller_name"],
                before=Choice(plain["before"]),
                after=Choice(plain["after"]),
            )
            for plain in found
        ]

    async def decisions(self) -> list[RuleDecision]:
        """Return what the person's rules decided, the newest first."""
        return [
            RuleDecision(
                purpose=plain["purpose"],
                title=plain["title"],
                controller_name=plain["controller_name"],
                choice=Choice(plain["choice"]),
                at=wire.seconds(plain["at"]),
                state=plain["state"],
                open=plain["open"],
            )
            for plain in await self._answer("GET", "/decisions")
        ]

    async def _answer(self, method: str, place: str, body: Any = None) -> Any:
        headers = {"content-type": "application/json", "accept": "application/json"}
        content = orjson.dumps(body) if body is not None else None
        response = await self._solid.request(method, self._place + place, headers=headers, content=content)
        if response.is_error:
            raise refusal(response)
        return orjson.loads(response.content)


def _rule(plain: Mapping[str, str]) -> Rule:
    return Rule(
        Choice(plain["choice"]), plain["basis"], plain["mode"], plain["controller_kind"], plain["shape"]
    )
