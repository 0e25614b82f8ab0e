"""The pod host as the administration uses it: the public register, and questions in an organisation's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from apps.organisations import Organisation
from apps.site.clients import HostClients
from consent.model import PurposeDeclaration
from pods.client import refusal


def _segment(name: str) -> str:
    """Return what somebody typed as one segment of a path; whether there is such a name is for the host to say."""
    return quote(name, safe="")


class Host:
    """Reads what everybody may read, and acts for organisations with the credentials in their files."""

    def __init__(self, clients: HostClients) -> None:
        self._http = clients.http
        self._consent = f"{clients.host}/.consent"
        self._client = clients.service

    async def programmes(self) -> list[dict[str, Any]]:
        """Return all programmes of the register, the newest first."""
        found: list[dict[str, Any]] = await self._get("/programmes")
        return found

    async def programme(self, name: str) -> dict[str, Any]:
        """Return a programme with its ledger."""
        found: dict[str, Any] = await self._get(f"/programmes/{_segment(name)}")
        return found

    async def questions(self, name: str) -> list[dict[str, Any]]:
        """Return the questions of a programme, the newest first."""
        found: list[dict[str, Any]] = await self._get(f"/programmes/{_segment(name)}/questions")
        return found

    async def release(self, name: str) -> dict[str, Any]:
        """Return a released document."""
        found: dict[str, Any] = await self._get(f"/releases/{_segment(name)}")
        return found

    async def written(self, name: str, media_type: str) -> bytes:
        """Return a release in another format."""
        answer = await self._http.get(
            f"{self._consent}/releases/{_segment(name)}", headers={"accept": media_type}
        )
        if answer.is_error:
            raise refusal(answer)
        return answer.content

    async def version(self, identifier: str) -> int:
        """Return the number that the next version of a purpose has."""
        number = 1
        while True:
            place = f"{self._consent}/purposes/{_segment(identifier)}/{number}"
            answer = await self._http.get(place, headers={"accept": "application/json"})
            if answer.status_code == httpx.codes.NOT_FOUND:
                return number
            if answer.is_error:
                raise refusal(answer)
            number += 1

    async def publish(self, own: Organisation, declaration: Mapping[str, Any]) -> PurposeDeclaration:
        """Publish a programme with its purpose."""
        return await self._client(own.name).publish(declaration)

    async def invite(self, own: Organisation, purpose: str) -> None:
        """Let the host ask everybody who may be asked."""
        await self._client(own.name).invite(purpose)

    async def participants(self, own: Organisation, purpose: str) -> dict[str, Any]:
        """Return the noisy number of people who opted in."""
        return await self._client(own.name).participants(purpose)

    async def ask(self, own: Organisation, query: Mapping[str, Any], purpose: str) -> dict[str, Any]:
        """Ask a question; raise SolidError with the host's reason if it is refused."""
        return await self._client(own.name).query(query, purpose)

    async def _get(self, place: str) -> Any:
        answer = await self._http.get(f"{self._consent}{place}", headers={"accept": "application/json"})
        if answer.is_error:
            raise refusal(answer)
        return answer.json()
