"""Breaches over HTTP: what an organisation reports to the host's register, and does about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from consent.rights.breach_steps import BreachState as BreachState
from consent.rights.breach_steps import BreachStep as BreachStep
from pods.client import SolidClient, refusal


class BreachClient:
    """Speaks for a registered organisation; `host` is the origin of the pod host.

    Every method raises SolidError with the host's explanation if it is refused.
    """

    def __init__(self, solid: SolidClient, host: str) -> None:
        self._solid = solid
        self._breaches = host.rstrip("/") + "/.consent/breaches"

    async def own(self) -> list[dict[str, Any]]:
        """Return the entries that the organisation handles, the newest first; what is only public is not among them."""
        listed: list[dict[str, Any]] = orjson.loads(await self._answer("GET", ""))
        return [one for one in listed if "affected" in one]

    async def one(self, breach_id: str) -> dict[str, Any]:
        """Return one entry."""
        found: dict[str, Any] = orjson.loads(await self._answer("GET", f"/{breach_id}"))
        return found

    async def report(self, breach: Mapping[str, Any]) -> dict[str, Any]:
        """Open an entry (schema `breach`); the host counts who is affected by its log, and tells nobody yet."""
        found: dict[str, Any] = orjson.loads(await self._answer("POST", "", breach))
        return found

    async def step(self, breach_id: str, step: BreachStep, **more: str) -> dict[str, Any]:
        """Take a step: `text`, or for a description `consequences`, `measures` and `contact`."""
        body = {"step": step.value, **more}
        found: dict[str, Any] = orjson.loads(await self._answer("POST", f"/{breach_id}/steps", body))
        return found

    async def notification(self, breach_id: str, language: str = "it") -> bytes:
        """Return the draft of the notification to the authority, as Markdown."""
        headers = {"accept": "text/markdown", "accept-language": language}
        return await self._answer("GET", f"/{breach_id}/notification", headers=headers)

    async def _answer(
        self, method: str, place: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> bytes:
        fields = dict(headers or {"accept": "application/json"})
        content = orjson.dumps(body) if body is not None else None
        if content is not None:
            fields["content-type"] = "application/json"
        response = await self._solid.request(method, self._breaches + place, headers=fields, content=content)
        if response.is_error:
            raise refusal(response)
        return response.content
