"""Routes of decisions: requests, grants, refusals and invitations."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import wire
from consent.decisions import Consents
from consent.declarations import items
from consent.http.callers import PRIVATE, Callers, json_answer, json_body, member, own_pod
from consent.invitations import Invitations
from consent.model import OwnGrant
from consent.overview import Overview
from pods.errors import BadContent, NotFound
from pods.http.openapi import LIST, OBJECT, TEXT, described, named, record
from pods.model import Agent, Clock, WebId
from pods.storage.base import Commits, Store, Transaction
from vocab.schemas import SchemaError, validate

TAG = "consent"
_PURPOSE = record({"purpose": TEXT})


class DecisionRoutes:
    """The person's and the controller's side of grants."""

    def __init__(
        self,
        callers: Callers,
        consents: Consents,
        invitations: Invitations,
        overview: Overview,
        *,
        store: Store,
        commits: Commits,
        clock: Clock,
    ) -> None:
        self._callers = callers
        self._consents = consents
        self._invitations = invitations
        self._overview = overview
        self._store = store
        self._commits = commits
        self._clock = clock

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        router = APIRouter(prefix="/.consent", tags=[TAG])
        router.add_api_route("/requests", self.requests, methods=["GET"], **described(LIST, token=True))
        router.add_api_route(
            "/grants",
            self.grants,
            methods=["GET"],
            **described(LIST, query={"purpose": TEXT}, token=True),
        )
        router.add_api_route(
            "/grants",
            self.give,
            methods=["POST"],
            **described(OBJECT, status=201, also=(200,), body=named("grant-request"), token=True),
        )
        router.add_api_route(
            "/grants/{grant_id}",
            self.withdraw,
            methods=["DELETE"],
            **described(status=204, places=("grant_id",), token=True),
        )
        router.add_api_route(
            "/refusals", self.refuse, methods=["POST"], **described(status=204, body=_PURPOSE, token=True)
        )
        router.add_api_route(
            "/invitations",
            self.invite,
            methods=["POST"],
            **described(status=202, body=_PURPOSE, token=True),
        )
        return list(router.routes)

    async def requests(self, request: Request) -> Response:
        """Requests that wait for the caller's answer."""
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        found = await self._store.read(
            lambda tx: self._overview.requests(tx, own_pod(tx, webid), self._clock())
        )
        return json_answer([wire.request_json(item) for item in found])

    async def grants(self, request: Request) -> Response:
        """The caller's own decisions; with `?purpose=IRI`, a controller's grants in force, told opaquely."""
        _, webid = await self._callers.known(request)
        purpose = request.query_params.get("purpose")
        if purpose is not None:
            # Thousands of grants take long enough to hold up others.
            return json_answer(await asyncio.to_thread(self._opaque, webid, purpose))
        own = await self._store.read(lambda tx: self._overview.own(tx, own_pod(tx, webid), self._clock()))
        return json_answer([wire.own_grant_json(item) for item in own])

    def _opaque(self, webid: WebId, purpose: str) -> list[dict[str, Any]]:
        with self._store.reading() as tx:
            found = self._overview.of_controller(tx, webid, purpose, self._clock())
        return [wire.service_grant_json(item) for item in found]

    async def give(self, request: Request) -> Response:
        """Give consent: all or a part of what a purpose asks, until a time."""
        agent, webid = await self._deciding(request)
        body = _grant_request(await json_body(request))

        def job(tx: Transaction) -> tuple[OwnGrant | None, bool]:
            pod, at = own_pod(tx, webid), self._clock()
            end = wire.seconds(body["expires_at"])
            grant, changed = self._consents.give(
                tx, pod, agent, body["purpose"], items(body["items"]), end, at
            )
            return self._overview.of(tx, pod, grant, at), changed

        given, changed = await self._commits.submit(job)
        if given is None:
            raise NotFound("The purpose is not published here any more.")
        location = {"location": given.record}
        return json_answer(wire.own_grant_json(given), 201 if changed else 200, headers=location)

    async def refuse(self, request: Request) -> Response:
        """Say no; nobody asks again for this purpose within the cool-down."""
        agent, webid = await self._deciding(request)
        purpose = member(await json_body(request), "purpose")
        await self._commits.submit(
            lambda tx: self._consents.refuse(tx, own_pod(tx, webid), agent, purpose, self._clock())
        )
        return Response(status_code=204, headers=PRIVATE)

    async def withdraw(self, request: Request) -> Response:
        """Withdraw a grant; it is without effect for every read that is decided after this answer, and before."""
        agent, webid = await self._deciding(request)
        grant_id: str = request.path_params["grant_id"]
        await self._commits.submit(
            lambda tx: self._consents.withdraw(tx, own_pod(tx, webid), agent, grant_id, self._clock())
        )
        return Response(status_code=204, headers=PRIVATE)

    async def invite(self, request: Request) -> Response:
        """Ask everybody who may be asked. The answer is the same whoever that is."""
        _, webid = await self._callers.known(request)
        purpose = member(await json_body(request), "purpose")
        after: int | None = 0
        while after is not None:
            start = after
            after = await self._commits.submit(
                lambda tx, start=start: self._invitations.ask_some(  # type: ignore[misc]  # a bound default
                    tx, webid, purpose, self._clock(), after=start
                ),
                long=True,
            )
        return Response(status_code=202, headers=PRIVATE)

    async def _deciding(self, request: Request) -> tuple[Agent, WebId]:
        agent, webid = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        return agent, webid


def _grant_request(body: Any) -> dict[str, Any]:
    try:
        validate("grant-request", body)
        wire.seconds(body["expires_at"])
    except SchemaError as error:
        raise BadContent(str(error)) from error
    except ValueError as error:
        raise BadContent("grant-request at /expires_at: there is no such day.") from error
    found: dict[str, Any] = body
    return found
