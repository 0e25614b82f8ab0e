"""Routes of the public register: controllers and purposes, for people, programs and linked data."""

from __future__ import annotations

import re
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from consent import controllers, declarations, registry_sql, wire
from consent.bases import Handling, handling
from consent.changes import changes, changes_json
from consent.http.callers import json_answer, json_body
from consent.http.ground import Ground, Routes, routes_of
from consent.http.pages import RegisterPages
from consent.invitations import Invitations
from consent.linked import controllers_jsonld, purpose_jsonld
from consent.model import Controller, PurposeDeclaration
from consent.purposes import Publisher
from consent.registry_sql import Purposes
from consent.versions import Versions
from pods.errors import NotAcceptable, NotFound
from pods.http.openapi import LIST, OBJECT, described, named
from pods.model import WebId
from pods.protocol import negotiate
from pods.storage.base import Transaction

_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
JSON, JSON_LD, HTML = "application/json", "application/ld+json", "text/html"


class RegisterRoutes(Routes):
    """Who asks for data, and for what: readable by everybody."""

    def __init__(
        self,
        ground: Ground,
        publisher: Publisher,
        versions: Versions,
        invitations: Invitations,
        pages: RegisterPages,
    ) -> None:
        super().__init__(ground)
        self._publisher = publisher
        self._versions = versions
        self._invitations = invitations
        self._pages = pages
        self._purposes = Purposes(ground.origin)

    def routes(self) -> list[BaseRoute]:
        """Return the routes below `/.consent`."""
        return routes_of(
            "/.consent",
            "register",
            (
                "POST",
                "/controllers",
                self.register,
                described(OBJECT, status=201, body=named("controller"), token=True),
            ),
            ("GET", "/controllers", self.controllers, described(LIST, media_types=(JSON, JSON_LD, HTML))),
            (
                "POST",
                "/purposes",
                self.publish,
                described(OBJECT, status=201, also=(200,), body=named("purpose-declaration"), token=True),
            ),
            ("GET", "/purposes", self.purposes, described(LIST, media_types=(JSON, HTML))),
            (
                "GET",
                "/purposes/{identifier}/{version}",
                self.purpose,
                described(OBJECT, media_types=(JSON, JSON_LD, HTML), places=("identifier", "version")),
            ),
            (
                "GET",
                "/purposes/{identifier}/{version}/changes",
                self.changes,
                described(OBJECT, places=("identifier", "version")),
            ),
        )

    async def register(self, request: Request) -> Response:
        """Register the caller's organisation; it may publish once the operator approved it."""
        _, webid = await self._callers.known(request)
        body = await json_body(request)
        value = await self._commits.submit(lambda tx: controllers.register(tx, webid, body, self._clock()))
        return json_answer(wire.controller_json(value), 201)

    async def controllers(self, request: Request) -> Response:
        """All registered organisations, with what the operator verified and, as a page, all that they published."""
        found, verified, published = await self._store.read(
            lambda tx: (registry_sql.controllers(tx), registry_sql.verifications(tx), self._purposes.all(tx))
        )
        kind = wanted(request, (JSON, JSON_LD, HTML))
        if kind == HTML:
            return self._pages.controllers(request, found, verified, published)
        if kind == JSON_LD:
            return Response(
                orjson.dumps(controllers_jsonld(found, verified, published)),
                media_type=JSON_LD,
                headers={"vary": "accept"},
            )
        return json_answer(
            [
                {
                    **wire.controller_json(value),
                    "verification": wire.verification_json(verified.get(value.iri)),
                }
                for value in found
            ],
            headers={"vary": "accept"},
        )

    async def publish(self, request: Request) -> Response:
        """Publish a version of a purpose; it never changes afterwards."""
        _, webid = await self._callers.known(request)
        body = await json_body(request)
        await self._stop_former(webid, body)
        purpose, new = await self._commits.submit(
            lambda tx: self._publisher.publish(tx, webid, body, self._clock()), long=True
        )
        await self._carry_over(purpose)
        await self._ask_again(purpose)
        return json_answer(wire.purpose_json(purpose), 201 if new else 200, headers={"location": purpose.iri})

    async def _carry_over(self, purpose: PurposeDeclaration) -> None:
        after: str | None = ""
        while after is not None:
            start = after
            after = await self._commits.submit(
                lambda tx, start=start: self._versions.carry_some(  # type: ignore[misc]  # a bound default
                    tx, purpose, self._clock(), after=start
                ),
                long=True,
            )

    async def _ask_again(self, purpose: PurposeDeclaration) -> None:
        """Ask those whose consent rests; who publishes the same again after a crash asks who was not asked yet."""
        after: int | None = 0
        while after is not None:
            start = after
            after = await self._commits.submit(
                lambda tx, start=start: self._invitations.ask_again(  # type: ignore[misc]  # a bound default
                    tx, purpose, self._clock(), after=start
                ),
                long=True,
            )

    async def _stop_former(self, webid: WebId, document: Any) -> None:
        """Stop grants of the version before in batches; the last ones stop in the transaction that publishes."""

        def some(tx: Transaction) -> bool:
            purpose = self._publisher.announced(tx, webid, document, self._clock())
            return purpose is not None and self._versions.stop_some(tx, purpose, self._clock())

        while await self._commits.submit(some, long=True):
            pass

    async def changes(self, request: Request) -> Response:
        """What changed in a version, compared with the one before it."""
        identifier, version = request.path_params["identifier"], request.path_params["version"]
        start = f"{self._origin}{declarations.PURPOSES_PATH}{identifier}/"
        former = str(int(version) - 1) if _VERSION.fullmatch(version) else ""
        before, after = await self._store.read(
            lambda tx: (self._purposes.by_iri(tx, start + former), self._purposes.by_iri(tx, start + version))
        )
        if before is None or after is None:
            raise NotFound("There is no such version with one before it; GET /.consent/purposes lists them.")
        return json_answer(changes_json(before, after, changes(before, after)))

    async def purposes(self, request: Request) -> Response:
        """All published purposes, the newest first."""
        found, asking = await self._store.read(
            lambda tx: (self._purposes.all(tx), registry_sql.controllers(tx))
        )
        if wanted(request, (JSON, HTML)) == HTML:
            return self._pages.purposes(request, found, asking)
        return json_answer([wire.purpose_json(value) for value in found])

    async def purpose(self, request: Request) -> Response:
        """One version of a purpose as JSON, JSON-LD or a page."""
        parameters: dict[str, Any] = request.path_params
        iri = f"{self._origin}{declarations.PURPOSES_PATH}{parameters['identifier']}/{parameters['version']}"

        def with_its_controller(tx: Transaction) -> tuple[PurposeDeclaration | None, Controller | None, bool]:
            found = self._purposes.by_iri(tx, iri)
            if found is None:
                return None, None, False
            latest = self._purposes.latest(tx, found.identifier)
            newest = latest is not None and latest.iri == iri
            return found, registry_sql.controller(tx, found.controller), newest

        found, controller, newest = await self._store.read(with_its_controller)
        if found is None or controller is None:
            raise NotFound("There is no such version of a purpose; GET /.consent/purposes lists them.")
        kind = wanted(request, (JSON, JSON_LD, HTML))
        if kind == HTML:
            told = handling(found.legal_basis) is Handling.INFORMATION
            asks = newest and found.active(self._clock()) and not told
            ask = f"{self._origin}/.consent/ask/{found.identifier}" if asks else ""
            return self._pages.purpose(request, found, controller, ask=ask)
        if kind == JSON_LD:
            return Response(
                orjson.dumps(purpose_jsonld(found)),
                media_type=JSON_LD,
                headers={"vary": "accept", "etag": f'"{found.digest}"'},
            )
        return json_answer(wire.purpose_json(found), headers={"vary": "accept"})


def wanted(request: Request, offers: tuple[str, ...]) -> str:
    """Return the media type of a page or document that the reader wants; raise NotAcceptable."""
    found = negotiate.preferred(request.headers.get("accept", "*/*"), offers)
    if found is None:
        raise NotAcceptable(f"This can be read as {', '.join(offers)}.")
    return found
