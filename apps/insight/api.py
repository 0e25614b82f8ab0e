"""The API of insight: publish a programme, invite, count participants, ask; in an organisation's name."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from apps.credentials import calling_organisation
from apps.insight.host import Host
from apps.organisations import Organisation, Organisations


class Strict(BaseModel):
    """A body without unknown members."""

    model_config = ConfigDict(extra="forbid")


class QuestionIn(Strict):
    """A closed query (schema `query`) under a purpose."""

    purpose: str = Field(examples=["http://localhost:8080/.consent/purposes/town/1"])
    query: dict[str, Any]


class PurposeIn(Strict):
    """The IRI of a purpose declaration of the caller's."""

    purpose: str


class Api:
    """The routes below `/api`; callers send the organisation's client id and secret (HTTP Basic)."""

    def __init__(self, host: Host, organisations: Organisations) -> None:
        self._host = host
        self._organisations = organisations

    def router(self, prefix: str) -> APIRouter:
        """Return the routes with their documentation."""
        router = APIRouter(prefix=f"{prefix}/api", tags=["insight"])
        router.add_api_route("/programmes", self._programmes, methods=["GET"], summary="All programmes")
        router.add_api_route(
            "/programmes", self._publish, methods=["POST"], status_code=201, summary="Publish a programme"
        )
        router.add_api_route(
            "/invitations", self._invite, methods=["POST"], status_code=202, summary="Invite people"
        )
        router.add_api_route(
            "/participants", self._participants, methods=["POST"], summary="Noisy number of participants"
        )
        router.add_api_route("/questions", self._ask, methods=["POST"], summary="Ask a question")
        return router

    async def _programmes(self) -> list[dict[str, Any]]:
        return await self._host.programmes()

    async def _publish(self, request: Request, declaration: dict[str, Any]) -> dict[str, str | None]:
        published = await self._host.publish(self._caller(request), declaration)
        return {"purpose": published.iri, "programme": published.programme}

    async def _invite(self, request: Request, body: PurposeIn) -> dict[str, str]:
        await self._host.invite(self._caller(request), body.purpose)
        return {"purpose": body.purpose}

    async def _participants(self, request: Request, body: PurposeIn) -> dict[str, Any]:
        return await self._host.participants(self._caller(request), body.purpose)

    async def _ask(self, request: Request, body: QuestionIn) -> dict[str, Any]:
        return await self._host.ask(self._caller(request), body.query, body.purpose)

    def _caller(self, request: Request) -> Organisation:
        return calling_organisation(request, self._organisations)
