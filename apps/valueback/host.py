"""The check of what the pod host signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from apps.valueback.model import ValueBackError
from consent.client import BadResult, verified_result
from pods.client import refusal
from pods.protocol import jose


class HostUnreliable(ValueBackError):
    """The pod host answered what it must not: an unsigned claim, or one of another grant."""

    status = 502
    code = "host"


class HostKeys:
    """The keys with which a pod host signs claims, fetched once and again when an unknown one appears."""

    def __init__(self, http: httpx.AsyncClient, host: str) -> None:
        self._http = http
        self._issuer = f"{host}/"
        self._address = f"{host}/.oidc/jwks"
        self._jwks: Mapping[str, Any] = {"keys": []}

    async def verified(self, unverified_result: str, expected: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a signed claim says; raise HostUnreliable if the host did not sign it, or not this."""
        try:
            kid = jose.parse(unverified_result).header.kid
            if not any(key.get("kid") == kid for key in self._jwks["keys"]):
                self._jwks = await self._fetched()
            return verified_result(unverified_result, self._jwks, issuer=self._issuer, expected=expected)
        except (jose.BadJose, BadResult) as error:
            raise HostUnreliable(f"the claim cannot be counted: {error}") from error

    async def _fetched(self) -> Mapping[str, Any]:
        answer = await self._http.get(self._address)
        if answer.is_error:
            raise refusal(answer)
        published: Mapping[str, Any] = answer.json()
        return published
