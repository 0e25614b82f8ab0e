"""Routes of the register of breaches: public communications, and the handling by the organisation concerned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import people_sql, registry_sql, wire
from consent.http.callers import PRIVATE, json_answer, json_body
from consent.http.ground import Ground, Routes, routes_of
from consent.http.pages import RegisterPages
from consent.http.register import HTML, JSON, wanted
from consent.rights import breach_sql, breach_wire
from consent.rights.breach_extent import Suspect
from consent.rights.breach_report import draft
from consent.rights.breach_sql import Breach
from consent.rights.breach_steps import BreachStep
from consent.rights.breaches import BREACHES_PATH, Breaches, Description, suspect_of
from pods.errors import BadContent, Forbidden, NotFound
from pods.http.openapi import LIST, OBJECT, TEXT, described, named
from pods.model import WebId
from pods.storage.base import Transaction
from vocab.pages.language import language_of
from vocab.schemas import SchemaError, validate

MARKDOWN = "text/markdown"


class BreachRoutes(Routes):
    """`/.consent/breaches`: everybody reads what was made public; an organisation handles what concerns it.

    The operator handles the register with `portico breach`; a person reads what they were told of.
    """

    def __init__(self, ground: Ground, pages: RegisterPages) -> None:
        super().__init__(ground)
        self._pages = pages
        self._breaches = Breaches(ground.origin, ground.store)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent/breaches`."""
        return routes_of(
            "/.consent/breaches",
            "rights",
            ("GET", "", self.register, described(LIST, media_types=(JSON, HTML))),
            ("POST", "", self.open, described(OBJECT, status=201, body=named("breach"), token=True)),
            ("GET", "/{breach_id}", self.one, described(OBJECT, places=("breach_id",))),
            (
                "GET",
                "/{breach_id}/notification",
                self.notification,
                described(TEXT, media_types=(MARKDOWN,), places=("breach_id",), token=True),
            ),
            (
                "POST",
                "/{breach_id}/steps",
                self.step,
                described(OBJECT, body=named("breach-step"), places=("breach_id",), token=True),
            ),
        )

    async def register(self, request: Request) -> Response:
        """What was made public, the newest first; with an organisation's token also what concerns it, in full."""
        if wanted(request, (JSON, HTML)) == HTML:
            public = await self._store.read(self._public)
            return self._pages.breaches(request, public, self._clock())
        agent = await self._callers.agent(request)

        def job(tx: Transaction) -> list[dict[str, Any]]:
            at = self._clock()
            return [
                self._told(tx, breach, at)
                if agent.webid is not None and breach.concerns(agent.webid)
                else breach_wire.public_json(breach, self._names(tx, breach), at)
                for breach in breach_sql.every(tx)
                if breach.public_at is not None or (agent.webid is not None and breach.concerns(agent.webid))
            ]

        return json_answer(await self._store.read(job), headers={"vary": "accept, authorization"})

    async def one(self, request: Request) -> Response:
        """One entry: in full for the organisation, without numbers for the public and for who was told of it."""
        agent = await self._callers.agent(request)

        def job(tx: Transaction) -> dict[str, Any]:
            breach = breach_sql.one(tx, request.path_params["breach_id"])
            if breach is not None and agent.webid is not None and breach.concerns(agent.webid):
                return self._told(tx, breach, self._clock())
            if breach is None or (breach.public_at is None and not self._was_told(tx, breach, agent.webid)):
                raise NotFound("There is no such public entry; GET /.consent/breaches lists them.")
            return breach_wire.public_json(breach, self._names(tx, breach), self._clock())

        return json_answer(await self._store.read(job), headers={"vary": "authorization"})

    async def open(self, request: Request) -> Response:
        """Report a breach of what the caller's organisation was served; the host counts who is affected."""
        _, webid = await self._callers.known(request)
        body = _checked("breach", await json_body(request))
        await self._store.read(lambda tx: self._require_registered(tx, webid))
        suspect = Suspect(
            _time(body, "begins"),
            _time(body, "ends"),
            webid,
            body.get("client", ""),
            tuple(body.get("data", ())),
        )
        self._breaches.require_complete(suspect, body["nature"])
        # Counting reads every log: long enough to hold up others.
        extent = await asyncio.to_thread(self._breaches.extent, suspect)

        def job(tx: Transaction) -> dict[str, Any]:
            breach = self._breaches.opened(
                *(tx, suspect, body["nature"], len(extent.people), self._clock()),
                opened_by=webid,
                description=_description(body),
            )
            return self._told(tx, breach, self._clock())

        told = await self._commits.submit(job)
        return json_answer(told, 201, headers={"location": f"{self._origin}{BREACHES_PATH}{told['id']}"})

    async def notification(self, request: Request) -> Response:
        """The draft of what the organisation must tell the authority (GDPR art. 33(3)), in Italian or English."""
        _, webid = await self._callers.known(request)
        breach = await self._store.read(lambda tx: self._mine(tx, request, webid))
        extent = await asyncio.to_thread(self._breaches.extent, suspect_of(breach))

        def job(tx: Transaction) -> str:
            own = registry_sql.controller(tx, webid)
            return draft(
                *(breach, extent, breach_sql.entries(tx, breach.id), breach_sql.told(tx, breach.id)),
                self._clock(),
                controller=f"{own.name}, {own.contact}" if own is not None else "",
                language=language_of(request),
            )

        headers = {**PRIVATE, "vary": "authorization, accept-language"}
        return Response(await self._store.read(job), media_type=MARKDOWN, headers=headers)

    async def step(self, request: Request) -> Response:
        """Take an entry one step further: note, describe, report to the authority, tell people, publish, close."""
        _, webid = await self._callers.known(request)
        body = _checked("breach-step", await json_body(request))
        step = BreachStep(body["step"])
        if step is BreachStep.TELL:
            return json_answer(await self._tell(request, webid))

        def job(tx: Transaction) -> dict[str, Any]:
            after = self._breaches.step(
                *(tx, self._mine(tx, request, webid), step, self._clock()),
                text=body.get("text", ""),
                description=_description(body),
                actor=webid,
            )
            return self._told(tx, after, self._clock())

        return json_answer(await self._commits.submit(job))

    async def _tell(self, request: Request, webid: WebId) -> dict[str, Any]:
        count = 0
        after: int | None = 0
        while after is not None:
            start = after
            some, after = await self._commits.submit(
                lambda tx, start=start: self._breaches.tell_some(  # type: ignore[misc]  # a bound default
                    tx, self._mine(tx, request, webid), self._clock(), after=start
                ),
                long=True,
            )
            count += some

        def done(tx: Transaction) -> dict[str, Any]:
            at = self._clock()
            breach = self._breaches.all_told(tx, self._mine(tx, request, webid), count, at, actor=webid)
            return self._told(tx, breach, at)

        return await self._commits.submit(done)

    def _public(self, tx: Transaction) -> list[tuple[Breach, str]]:
        found = [breach for breach in breach_sql.every(tx) if breach.public_at is not None]
        return [(breach, next(iter(self._names(tx, breach).values()), "")) for breach in found]

    def _mine(self, tx: Transaction, request: Request, webid: WebId) -> Breach:
        found = breach_sql.one(tx, request.path_params["breach_id"])
        if found is None or not found.concerns(webid):
            raise NotFound("No breach of this name is yours to handle; GET /.consent/breaches lists yours.")
        return found

    def _require_registered(self, tx: Transaction, webid: WebId) -> None:
        # Approval may wait again because the keys were changed after the breach: it must be reported all the more.
        if registry_sql.controller(tx, webid) is None:
            raise Forbidden(
                "Only a registered organisation reports a breach here; tell the operator otherwise."
            )

    def _was_told(self, tx: Transaction, breach: Breach, webid: WebId | None) -> bool:
        pod = people_sql.own_pod(tx, webid) if webid is not None else None
        return pod is not None and breach_sql.was_told(tx, breach.id, pod.key)

    def _told(self, tx: Transaction, breach: Breach, at: float) -> dict[str, Any]:
        entries, told = breach_sql.entries(tx, breach.id), breach_sql.told(tx, breach.id)
        return breach_wire.breach_json(breach, self._names(tx, breach), entries, told, at)

    def _names(self, tx: Transaction, breach: Breach) -> Mapping[str, str]:
        return registry_sql.names(tx, {breach.agent or breach.opened_by})


def _description(body: Mapping[str, Any]) -> Description:
    return Description(body.get("consequences", ""), body.get("measures", ""), body.get("contact", ""))


def _time(body: Mapping[str, Any], name: str) -> float:
    try:
        return wire.seconds(body[name])
    except ValueError as error:
        raise BadContent(f"breach at /{name}: there is no such time.") from error


def _checked(name: str, body: Any) -> dict[str, Any]:
    try:
        validate(name, body)
    except SchemaError as error:
        raise BadContent(str(error)) from error
    found: dict[str, Any] = body
    return found
