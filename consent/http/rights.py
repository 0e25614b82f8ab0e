"""Routes of the person's rights: requests and their steps, the answer to art. 15, and the queues of recipients."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import registry_sql
from consent.delegation.acting import Acting
from consent.delegation.model import Power
from consent.http.callers import PRIVATE, json_answer, json_body
from consent.http.decisions import FOR
from consent.http.ground import Ground, Routes, routes_of
from consent.http.log import number
from consent.overview import Overview
from consent.rights import access, disclosures, outgoing_sql, rights_sql, wire
from consent.rights.access_formats import CSV, JSON_LD, json_ld, table
from consent.rights.disclosures import LongLog, Looked
from consent.rights.duties import Duties
from consent.rights.model import TAKEN_BY, Duty, Party, RequestEvent, RightKind, RightsRequest
from consent.rights.outgoing_sql import Outgoing
from consent.rights.requests import Asked, Rights
from pods.errors import BadContent, Forbidden, NotAcceptable
from pods.http.openapi import LIST, NUMBER, OBJECT, TEXT, described, named, record
from pods.model import Agent, WebId
from pods.protocol import negotiate
from pods.storage.base import Pod, Transaction
from vocab.pages.language import language_of
from vocab.schemas import SchemaError, validate

MOST_WORDS = 4_000  # characters of a statement; a page and a half
_STATEMENT = record({"statement": TEXT})
_FOR = {FOR: TEXT}
T = TypeVar("T")


class RightsRoutes(Routes):
    """`/.consent/rights`: what it shows depends on who asks, and nobody sees what is somebody else's.

    A registered organisation sees what was sent to it; anybody else is a person and sees what they sent. With
    `?for=WEBID` a delegate who holds the power `rights` acts for a person, as the log of both says.
    """

    def __init__(self, ground: Ground, rights: Rights, acting: Acting, overview: Overview) -> None:
        super().__init__(ground)
        self._rights = rights
        self._acting = acting
        self._overview = overview
        self._duties = Duties(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/rights`."""
        return routes_of(
            "/.consent/rights",
            "rights",
            ("GET", "", self.requests, described(LIST, query=_FOR, token=True)),
            (
                "POST",
                "",
                self.ask,
                described(OBJECT, status=201, body=named("rights-request"), query=_FOR, token=True),
            ),
            (
                "GET",
                "/access",
                self.access,
                described(OBJECT, media_types=(JSON_LD, CSV), query={"most": NUMBER, **_FOR}, token=True),
            ),
            (
                "GET",
                "/{request_id}",
                self.one,
                described(OBJECT, places=("request_id",), query=_FOR, token=True),
            ),
            (
                "POST",
                "/{request_id}/steps",
                self.step,
                described(OBJECT, body=named("rights-step"), places=("request_id",), query=_FOR, token=True),
            ),
        )

    async def requests(self, request: Request) -> Response:
        """The caller's requests, or those that were sent to the caller's organisation; the newest first."""
        agent, webid = await self._callers.known(request)
        whose = request.query_params.get(FOR)

        def job(tx: Transaction) -> list[dict[str, Any]]:
            if self._party(tx, agent, webid, whose) is Party.CONTROLLER:
                return [self._told(tx, one, webid) for one in rights_sql.of_controller(tx, webid)]
            pod = self._pod(tx, agent, request)
            return [self._told(tx, one, None) for one in rights_sql.of_pod(tx, pod.key)]

        return json_answer(await self._seen(whose, job))

    async def ask(self, request: Request) -> Response:
        """Exercise a right towards an organisation, or towards the host under the name of its origin."""
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        body = _checked("rights-request", await json_body(request))
        asked = Asked(
            RightKind(body["kind"]),
            body["controller"],
            body["text"],
            tuple(body.get("grants", ())),
            body.get("resource", ""),
        )

        def job(tx: Transaction, looked: Looked | None) -> dict[str, Any]:
            pod = self._pod(tx, agent, request)
            taken = self._rights.ask(tx, pod, agent, asked, self._clock(), looked=looked)
            return self._told(tx, taken, None)

        told = await self._done(job)
        return json_answer(told, 201, headers={"location": f"{self._origin}/.consent/rights/{told['id']}"})

    async def one(self, request: Request) -> Response:
        """One request with its steps; for the person also what every recipient did."""
        agent, webid = await self._callers.known(request)

        def job(tx: Transaction) -> dict[str, Any]:
            found, reader = self._mine(tx, agent, webid, request)
            return self._told(tx, found, reader)

        return json_answer(await self._seen(request.query_params.get(FOR), job))

    async def step(self, request: Request) -> Response:
        """Take a request one step further: the organisation acknowledges, extends, answers or refuses, the person closes."""
        agent, webid = await self._callers.known(request)
        body = _checked("rights-step", await json_body(request))
        event = RequestEvent(body["step"])

        def job(tx: Transaction, looked: Looked | None) -> dict[str, Any]:
            found, reader = self._mine(tx, agent, webid, request)
            party = Party.PERSON if reader is None else Party.CONTROLLER
            if TAKEN_BY[event] is not party:
                raise Forbidden(f"To {event.value} is the {TAKEN_BY[event].value}'s step, not yours.")
            after = self._rights.step(
                tx,
                found,
                event,
                self._clock(),
                text=body.get("text", ""),
                attachments=body.get("attachments", ()),
                agent=agent,
                looked=looked,
            )
            return self._told(tx, after, reader)

        return json_answer(await self._done(job))

    async def access(self, request: Request) -> Response:
        """Who may use the caller's data, who did, and what left (GDPR art. 15), as JSON-LD or CSV.

        With `most`, so many of each kind are told, and in JSON-LD how many there are.
        """
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        most = number(request, "most", 0) or None
        wanted = negotiate.preferred(request.headers.get("accept", "*/*"), (JSON_LD, CSV))
        if wanted is None:
            raise NotAcceptable(f"This can be read as {JSON_LD} or {CSV}.")

        pod = await self._seen(request.query_params.get(FOR), lambda tx: self._pod(tx, agent, request))

        def written() -> str | bytes:
            report = access.report(self._store, self._overview, self._origin, pod, self._clock(), most=most)
            return table(report, language_of(request)) if wanted == CSV else orjson.dumps(json_ld(report))

        # A log of years takes seconds to open.
        content = await asyncio.to_thread(written)
        headers = {**PRIVATE, "vary": "accept, accept-language"}
        return Response(content, media_type=wanted, headers=headers)

    async def _done(self, job: Callable[[Transaction, Looked | None], T]) -> T:
        """Do what may concern everybody who was served.

        They stand in the whole log, which is no work for a commit: it is looked through before, and the commit
        reads what was written meanwhile.
        """
        looked: Looked | None = None
        while True:
            try:
                return await self._commits.submit(lambda tx, found=looked: job(tx, found), long=True)  # type: ignore[misc]  # bound default
            except LongLog as long:
                looked = await asyncio.to_thread(disclosures.look, self._store, long, looked)

    async def _seen(self, whose: str | None, job: Callable[[Transaction], T]) -> T:
        """Do what only reads; what a delegate sees is noted in the log, and so it is a write."""
        return await (self._commits.submit(job) if whose is not None else self._store.read(job))

    def _pod(self, tx: Transaction, agent: Agent, request: Request) -> Pod:
        """Return the pod whose owner's rights are used: the caller's, or that of whom they act for."""
        whose, path = request.query_params.get(FOR), request.url.path
        return self._acting.seen(tx, agent, whose, path, self._clock(), power=Power.RIGHTS)

    def _party(self, tx: Transaction, agent: Agent, webid: WebId, whose: str | None) -> Party:
        """Say as what somebody comes: a registered organisation, or a person, who must come through the wallet."""
        if whose is None and registry_sql.controller(tx, webid) is not None:
            return Party.CONTROLLER
        self._callers.require_consent_client(agent)
        return Party.PERSON

    def _mine(
        self, tx: Transaction, agent: Agent, webid: WebId, request: Request
    ) -> tuple[RightsRequest, str | None]:
        request_id: str = request.path_params["request_id"]
        if self._party(tx, agent, webid, request.query_params.get(FOR)) is Party.CONTROLLER:
            return self._rights.of_controller(tx, webid, request_id), webid
        return self._rights.of_person(tx, self._pod(tx, agent, request), request_id), None

    def _told(self, tx: Transaction, request: RightsRequest, reader: str | None) -> dict[str, Any]:
        """Return a request as its reader sees it: a controller, or None for the person."""
        duties: Sequence[Duty] = () if reader else rights_sql.duties_of_request(tx, request.id)
        names = registry_sql.names(tx, {request.controller, *(duty.recipient for duty in duties)})
        person = self._rights.pseudonym(tx, request.pod, reader) if reader else ""
        notices: dict[str, Outgoing] = {
            duty.id: sent for duty in duties if (sent := outgoing_sql.one(tx, f"rights-{duty.id}"))
        }
        told = wire.Told(rights_sql.steps(tx, request.id), duties, names, person, notices)
        return wire.request_json(request, told, self._clock())


def _checked(name: str, body: Any) -> dict[str, Any]:
    try:
        validate(name, body)
    except SchemaError as error:
        raise BadContent(str(error)) from error
    found: dict[str, Any] = body
    return found
