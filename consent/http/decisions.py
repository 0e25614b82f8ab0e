"""Routes of decisions: requests, grants, refusals and invitations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import wire
from consent.decided_sql import Place, place
from consent.declarations import items
from consent.delegation.acting import Acting
from consent.grant_filter import GrantFilter, grant_filter
from consent.http.callers import PRIVATE, json_answer, json_body, member
from consent.http.ground import Ground, Routes, routes_of
from consent.http.log import number
from consent.invitations import Invitations
from consent.model import OwnGrant
from consent.overview import Overview, Page
from pods.errors import BadContent, BadRequest, NotFound
from pods.http.openapi import LIST, NUMBER, OBJECT, TEXT, described, named, record
from pods.model import Agent, WebId
from pods.storage.base import Pod, Transaction
from vocab.schemas import SchemaError, validate

TAG = "consent"
FOR = "for"
"""The parameter with the WebID of the person for whom a delegate acts."""
_FOR = {FOR: TEXT}
_FILTER = dict.fromkeys(("state", "controller", "programme", "words", "since", "ending", "ids"), TEXT)
MOST_GRANTS = 200  # of one page; each carries its declaration
T = TypeVar("T")
_PURPOSE = record({"purpose": TEXT})


class DecisionRoutes(Routes):
    """The person's and the controller's side of grants."""

    def __init__(self, ground: Ground, acting: Acting, invitations: Invitations, overview: Overview) -> None:
        super().__init__(ground)
        self._acting = acting
        self._invitations = invitations
        self._overview = overview

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        return routes_of(
            "/.consent",
            TAG,
            ("GET", "/requests", self.requests, described(LIST, query=_FOR, token=True)),
            (
                "GET",
                "/grants",
                self.grants,
                described(
                    LIST,
                    query={"purpose": TEXT, "limit": NUMBER, "after": TEXT, **_FILTER, **_FOR},
                    token=True,
                ),
            ),
            (
                "GET",
                "/grants/{grant_id}",
                self.grant,
                described(OBJECT, places=("grant_id",), query=_FOR, token=True),
            ),
            (
                "POST",
                "/grants",
                self.give,
                described(
                    OBJECT, status=201, also=(200, 202), body=named("grant-request"), query=_FOR, token=True
                ),
            ),
            (
                "DELETE",
                "/grants/{grant_id}",
                self.withdraw,
                described(status=204, places=("grant_id",), query=_FOR, token=True),
            ),
            ("POST", "/refusals", self.refuse, described(status=204, body=_PURPOSE, query=_FOR, token=True)),
            ("POST", "/invitations", self.invite, described(status=202, body=_PURPOSE, token=True)),
        )

    async def requests(self, request: Request) -> Response:
        """Requests that wait for an answer: the caller's, or with `?for=WEBID` that of whom they act for."""
        agent = await self._deciding(request)
        found = await self._seen(request, agent, self._overview.requests)
        return json_answer([wire.request_json(item) for item in found])

    async def grants(self, request: Request) -> Response:
        """The caller's own decisions; with `?purpose=IRI`, a controller's grants in force, told opaquely.

        A `Link` with `rel="next"` leads to the decisions that follow, the latest change first. The other parameters
        narrow the list; where `words` are looked for a page may be short, even empty, and still have a next one.
        """
        agent, webid = await self._callers.known(request)
        purpose = request.query_params.get("purpose")
        if purpose is not None:
            # Thousands of grants take long enough to hold up others.
            return json_answer(await asyncio.to_thread(self._opaque, webid, purpose))
        limit, after = min(number(request, "limit", MOST_GRANTS) or MOST_GRANTS, MOST_GRANTS), _after(request)
        wanted = _wanted(request)

        def listed(tx: Transaction, pod: Pod, at: float) -> Page:
            return self._overview.page(tx, pod, at, after=after, limit=limit, wanted=wanted)

        page = await self._seen(request, agent, listed)
        return json_answer([wire.own_grant_json(item) for item in page.grants], headers=_next(request, page))

    async def grant(self, request: Request) -> Response:
        """One decision of the caller's own."""
        agent, _ = await self._callers.known(request)
        name: str = request.path_params["grant_id"]
        own = await self._seen(request, agent, lambda tx, pod, at: self._overview.one(tx, pod, name, at))
        return json_answer(wire.own_grant_json(own))

    async def _seen(
        self, request: Request, agent: Agent, listed: Callable[[Transaction, Pod, float], T]
    ) -> T:
        whose, path = request.query_params.get(FOR), request.url.path

        def job(tx: Transaction) -> T:
            at = self._clock()
            return listed(tx, self._acting.seen(tx, agent, whose, path, at), at)

        # What a delegate sees is noted in the log, and so it is a write.
        return await (self._commits.submit(job) if whose is not None else self._store.read(job))

    def _opaque(self, webid: WebId, purpose: str) -> list[dict[str, Any]]:
        with self._store.reading() as tx:
            found = self._overview.of_controller(tx, webid, purpose, self._clock())
        return [wire.service_grant_json(item) for item in found]

    async def give(self, request: Request) -> Response:
        """Give consent: all or a part of what a purpose asks, until a time."""
        agent = await self._deciding(request)
        body = _grant_request(await json_body(request))
        whose = request.query_params.get(FOR)

        def job(tx: Transaction) -> tuple[OwnGrant | None, bool, bool]:
            at, end = self._clock(), wire.seconds(body["expires_at"])
            wanted, language = items(body["items"]), body.get("language", "")
            answer = self._acting.give(tx, agent, whose, body["purpose"], wanted, end, at, language=language)
            if answer.grant is None:
                return None, True, True
            return self._overview.of(tx, answer.pod, answer.grant, at), answer.changed, False

        given, changed, prepared = await self._commits.submit(job)
        if prepared:  # it waits for the person's own word
            return json_answer({"state": "prepared", "purpose": body["purpose"]}, 202)
        if given is None:
            raise NotFound("The purpose is not published here any more.")
        location = {"location": given.record}
        return json_answer(wire.own_grant_json(given), 201 if changed else 200, headers=location)

    async def refuse(self, request: Request) -> Response:
        """Say no; nobody asks again for this purpose within the cool-down."""
        agent, whose = await self._deciding(request), request.query_params.get(FOR)
        purpose = member(await json_body(request), "purpose")
        await self._commits.submit(lambda tx: self._acting.refuse(tx, agent, whose, purpose, self._clock()))
        return Response(status_code=204, headers=PRIVATE)

    async def withdraw(self, request: Request) -> Response:
        """Withdraw a grant; it is without effect for every read that is decided after this answer, and before."""
        agent, whose = await self._deciding(request), request.query_params.get(FOR)
        grant_id: str = request.path_params["grant_id"]
        await self._commits.submit(
            lambda tx: self._acting.withdraw(tx, agent, whose, grant_id, self._clock())
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

    async def _deciding(self, request: Request) -> Agent:
        agent, _ = await self._callers.known(request)
        self._callers.require_consent_client(agent)
        return agent


def _after(request: Request) -> Place | None:
    after = request.query_params.get("after")
    try:
        return place(after) if after is not None else None
    except ValueError as error:
        raise BadRequest(f"?after= is what the link to the next page says: {error}.") from error


def _wanted(request: Request) -> GrantFilter:
    try:
        return grant_filter(request.query_params)
    except ValueError as error:
        raise BadRequest(f"{error}.") from error


def _next(request: Request, page: Page) -> dict[str, str]:
    """Return the header that leads to the next decisions (RFC 8288), if there are more."""
    if page.further is None:
        return {}
    query = urlencode({**request.query_params, "after": page.further.text()})
    return {"link": f'<?{query}>; rel="next"'}


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
