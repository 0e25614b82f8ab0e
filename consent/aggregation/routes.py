"""HTTP routes of aggregation: ask a question, count participants, read the public register."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from consent import spent_sql
from consent.aggregation.asking import Answer
from consent.aggregation.assembly import AggregationParts, Ground
from consent.aggregation.csv_table import csv_table
from consent.aggregation.data_cube import data_cube
from consent.aggregation.errors import QueryRefused
from consent.aggregation.register import QUESTIONS, Register, budget_json
from consent.controllers import approved
from consent.declarations import canonical_json
from consent.model import PurposeDeclaration
from consent.purpose_claim import BadClaim, bound_hash, check_claim
from consent.registry_sql import Purposes
from consent.wire import seconds
from pods.authn.verifier import Verifier
from pods.errors import BadContent, Forbidden, NotAcceptable, Unauthenticated
from pods.http.callers import limited_body
from pods.http.openapi import LIST, OBJECT, TEXT, Schema, described, named, record
from pods.http.routing import management
from pods.model import Agent, WebId
from pods.storage.base import Transaction

MAX_BODY = 32 * 1024  # a question with all codes of three fields takes a few kilobytes
WAIT_SECONDS = 10.0  # a question that takes longer is answered at its own address
RETRY_SECONDS = "5"
JSON, CSV, TURTLE = "application/json", "text/csv", "text/turtle"
WRITERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    JSON: lambda document: orjson.dumps(document).decode(),
    CSV: csv_table,
    TURTLE: data_cube,
}


class Host(Ground, Protocol):
    """What the routes need of a pod host."""

    @property
    def verifier(self) -> Verifier: ...


class AggregationRoutes:
    """Routes below `/.consent/`, and what answers beside them for workers that do not have the projection."""

    def __init__(self, host: Host, parts: AggregationParts) -> None:
        self._host = host
        self._parts = parts
        self._register = Register(parts.origin)
        self._purposes = Purposes(parts.origin)
        self._running: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    def routes(self) -> list[BaseRoute]:
        """Return the table of routes."""
        router = APIRouter(prefix="/.consent", tags=["aggregation"])
        add = router.add_api_route
        add(
            "/queries",
            self.ask,
            methods=["POST"],
            **described(
                OBJECT,
                also=(202,),
                body=record({"query": named("query"), "purpose_claim": TEXT}),
                media_types=tuple(WRITERS),
                token=True,
            ),
        )
        counting = record({"participants": OBJECT, "purpose_claim": TEXT})
        add(
            "/participants",
            self.participants,
            methods=["POST"],
            **described(OBJECT, body=counting, token=True),
        )
        add("/programmes", self.programmes, methods=["GET"], **described(LIST))
        add("/programmes/{name}", self.programme, methods=["GET"], **_of_name())
        add(
            "/programmes/{name}/questions",
            self.questions,
            methods=["GET"],
            **_of_name(LIST, query={"before": TEXT}),
        )
        add("/questions/{name}", self.question, methods=["GET"], **_of_name())
        add("/releases/{name}", self.release, methods=["GET"], **_of_name(media_types=tuple(WRITERS)))
        return list(router.routes)

    def alongside(self) -> AbstractAsyncContextManager[None]:
        """Keep the projection in step while the host serves, and answer what other workers hand over."""
        handed = Route("/.consent/queries", self._answer, methods=["POST"])
        return self._parts.keeping_up(management([handed], realm=self._parts.origin, close=_nothing))

    async def ask(self, request: Request) -> Response:
        """Answer a question of a controller's service: the release, or where it will be."""
        body = await limited_body(request, MAX_BODY)
        elsewhere = await self._parts.relay.answered(request, body)
        return elsewhere or await self._answered(request, body)

    async def _answer(self, request: Request) -> Response:
        return await self._answered(request, await limited_body(request, MAX_BODY))

    async def _answered(self, request: Request, body: bytes) -> Response:
        agent, query, purpose = await self._authorised(request, body, "query")
        writer = _writer(request)
        # The task is kept, so that a client that goes away does not lose an answer that is paid for; asking
        # the same again, as a client does after a 202, waits for it and pays nothing.
        key = (str(purpose.iri), bound_hash(canonical_json(query)))
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._parts.aggregation.ask(agent, query, purpose))
            self._running[key] = task
            task.add_done_callback(lambda _done: self._running.pop(key, None))
        done, _ = await asyncio.wait([task], timeout=WAIT_SECONDS)
        if self._parts.projector.owned():
            await self._parts.relay.listen()
        if not done:
            register = f"{purpose.programme}/questions"
            return Response(status_code=202, headers={"location": register, "retry-after": RETRY_SECONDS})
        answer = task.result()
        document = {
            **answer.document,
            "question": self._parts.origin + QUESTIONS + answer.question,
            "cached": answer.cached,
            "budget": budget_json(answer.budget),
        }
        return _written(writer, document, {"content-location": document["id"]})

    async def participants(self, request: Request) -> Response:
        """Give a controller the noisy number of people who take part, at most one new number a day."""
        _, _, purpose = await self._authorised(request, await limited_body(request, MAX_BODY), "participants")
        terms = self._parts.programmes.terms(purpose)
        counted = await self._host.commits.submit(lambda tx: self._parts.counts.today(tx, terms, purpose))
        return _json(counted)

    async def programmes(self, request: Request) -> Response:
        """List all programmes."""
        return _json(await self._read(self._register.programmes))

    async def programme(self, request: Request) -> Response:
        """Show a programme: its terms, its budget and its ledger."""
        name = request.path_params["name"]
        return _json(await self._read(lambda tx: self._register.programme(tx, name)))

    async def questions(self, request: Request) -> Response:
        """List the questions of a programme, answered and refused."""
        name, before = request.path_params["name"], request.query_params.get("before")
        try:
            until = seconds(before) if before else float("inf")
        except ValueError as error:
            raise BadContent("before: give a time such as 2026-11-22T00:00:00Z") from error
        return _json(await self._read(lambda tx: self._register.questions(tx, name, until)))

    async def question(self, request: Request) -> Response:
        """Show one question and what came of it."""
        name = request.path_params["name"]
        return _json(await self._read(lambda tx: self._register.question(tx, name)))

    async def release(self, request: Request) -> Response:
        """Show a release as JSON, CSV or RDF Data Cube."""
        name = request.path_params["name"]
        writer = _writer(request)
        document = await self._read(lambda tx: self._register.release(tx, name))
        if "cells" not in document:
            return _json(document)
        return _written(writer, document, {"cache-control": "public, max-age=86400, immutable"})

    async def _read(self, read: Callable[[Transaction], Any]) -> Any:
        return await self._host.store.read(read)

    async def _authorised(
        self, request: Request, body: bytes, member: str
    ) -> tuple[Agent, Any, PurposeDeclaration]:
        """Return who asks, the question, and the purpose that its signed claim names."""
        url = self._parts.origin + request.url.path
        agent = await self._host.verifier.agent_async(request.method, url, request.scope["headers"])
        if agent.webid is None:
            raise Unauthenticated("Questions are asked by a registered organisation: send an access token.")
        try:
            plain = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise BadContent(f"The body is not JSON: {error}.") from error
        if not isinstance(plain, dict) or set(plain) != {member, "purpose_claim"}:
            raise BadContent(f"Send an object with exactly the members {member} and purpose_claim.")
        webid, claim = agent.webid, str(plain["purpose_claim"])
        bound = bound_hash(canonical_json(plain[member]))
        purpose = await self._host.commits.submit(lambda tx: self._claimed(tx, agent, webid, claim, bound))
        return agent, plain[member], purpose

    def _claimed(
        self, tx: Transaction, agent: Agent, webid: WebId, claim: str, bound: str
    ) -> PurposeDeclaration:
        now = self._host.clock()
        controller = approved(tx, webid)
        try:
            checked = check_claim(
                claim,
                controller.jwks,
                client_id=agent.client_id,
                webid=webid,
                audience=self._parts.origin + "/",
                at=now,
                bound=("request_hash", bound),
            )
        except BadClaim as error:
            raise Forbidden(
                f"{error}. Sign a new claim for this request with your registered key."
            ) from error
        if not spent_sql.spend_claim(tx, controller.iri, checked.jti, checked.expires_at, now):
            raise Forbidden("The purpose claim was used before; sign a new one for each request.")
        purpose = self._purposes.by_iri(tx, checked.purpose)
        if purpose is None or purpose.controller != controller.iri:
            raise Forbidden(
                "The purpose in the claim is none of yours; name the IRI of a declaration you published."
            )
        if not purpose.active(now):
            raise QueryRefused(
                "/programme", "the declaration has ended; publish a new version and ask for consent"
            )
        return purpose


async def _nothing() -> None:
    """The host itself closes what it opened."""


def _of_name(answer: Schema = OBJECT, **further: Any) -> dict[str, Any]:
    """Return the description of a route of the public register, whose entries have names."""
    return described(answer, places=("name",), **further)


def _writer(request: Request) -> str:
    """Return the media type to write: the first that we have among those the client accepts."""
    for part in request.headers.get("accept", "*/*").split(","):
        wanted = part.partition(";")[0].strip().lower()
        if wanted in WRITERS:
            return wanted
        if wanted in ("*/*", "application/*", ""):
            return JSON
    raise NotAcceptable(f"A release is written as one of {', '.join(WRITERS)}; accept one of them.")


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)


def _written(media_type: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    fields = {"vary": "accept", **headers}
    return Response(WRITERS[media_type](document), media_type=media_type, headers=fields)
